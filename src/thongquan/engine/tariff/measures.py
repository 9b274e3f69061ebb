"""What a tariff says of a commodity: measures, and the duty that each expresses.

A duty is a sum of terms with, where the law sets them, a floor and a ceiling that are sums of terms themselves:

    duty = min(max(base, at_least), at_most)

A term is a share of the tax base (`rate_ppm`) or money per unit (`specific_millionths` of one unit of `currency`
per one `unit`), added or taken away. That is every form that tariffs print: "12 %", "3.5 EUR/100 kg",
"13.8 % MIN 13 EUR/100 kg MAX 15 EUR/100 kg − 7 EUR/100 kg", "4.2 ¢/kg + 1.9 %".
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from ..dated import Period
from ..findings import LegalRef


class Schedule(enum.Enum):
    """The annex that a rate stands in: the same code may carry different rates in each."""

    IMPORT = "import"
    EXPORT = "export"


class Given(enum.Enum):
    """What a cell can say, never to be mixed up: a rate (0 is one), a share of another rate ("150 % of the MFN
    rate"), that the goods are not subject to the tax (its row holds a free duty, so that the amount, 0, has its law),
    no preference (`*`), nothing."""

    RATE = "rate"
    DERIVED = "derived"
    NOT_SUBJECT = "not_subject"
    NO_PREFERENCE = "no_preference"
    NOT_GIVEN = "not_given"


class MeasureKind(enum.Enum):
    DUTY = "duty"
    SUSPENSION = "suspension"
    QUOTA = "quota"
    TRADE_DEFENCE = "trade_defence"


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a duty: either rate_ppm of the tax base, or specific_millionths of `currency` per `unit`.

    sign: 1 added, -1 taken away. unit: a code of the unit table (DTN = 100 kg), "" for ad valorem.
    """

    rate_ppm: int = 0
    specific_millionths: int = 0
    currency: str = ""
    unit: str = ""
    sign: int = 1

    def __post_init__(self) -> None:
        if bool(self.unit) != bool(self.currency) or (self.unit and self.rate_ppm):
            raise ValueError("a term is ad valorem, or money in a currency per a unit")
        if self.rate_ppm < 0 or self.specific_millionths < 0 or self.sign not in (1, -1):
            raise ValueError("a term's figures are not negative; its sign says whether it is added")


@dataclass(frozen=True, slots=True)
class Duty:
    """min(max(base, at_least), at_most); an empty floor or ceiling does not bind. Free is one term of 0 ppm.

    share_ppm: the rate, where the duty is only a share of the base, the form of nearly every line of nearly every
    tariff; None for every other form. Worked out once, because every assessment asks.
    """

    base: tuple[Term, ...]
    at_least: tuple[Term, ...] = ()
    at_most: tuple[Term, ...] = ()
    share_ppm: int | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        share = None
        if len(self.base) == 1 and not self.base[0].unit and not self.at_least and not self.at_most:
            share = self.base[0].sign * self.base[0].rate_ppm
        object.__setattr__(self, "share_ppm", share)

    @property
    def is_ad_valorem(self) -> bool:
        """Only one share of the base."""
        return self.share_ppm is not None

    @property
    def units(self) -> tuple[str, ...]:
        """The units in which a quantity is needed, each once, in the order of their terms."""
        terms = (*self.base, *self.at_least, *self.at_most)
        return tuple(dict.fromkeys(term.unit for term in terms if term.unit))

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies of its specific terms, the country's own among them."""
        terms = (*self.base, *self.at_least, *self.at_most)
        return frozenset(term.currency for term in terms if term.currency)


FREE = Duty((Term(),))


def ad_valorem(rate_ppm: int) -> Duty:
    return Duty((Term(rate_ppm=rate_ppm),))


@dataclass(frozen=True, slots=True)
class Share:
    """A rate that the law writes as a share of another: `ppm` of the rate that stands for `preference` ("" general)
    on the same code, tax and schedule."""

    ppm: int
    preference: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of tariff law.

    commodity: the code it is written for; codes below inherit it unless they have a row of their own.
    tax: the pack's code of the tax. preference: "" the general rate, else the scheme ("ACFTA", "ordinary", "300").
    origins: countries it is for, () all; excluded_origins: countries it is not for.
    quota_order_id: the quota whose in-quota rate this is, "" outside. additional_code: maker or end-use code that
    the line must carry, "" none. duty: None unless given is RATE, or NOT_SUBJECT, which is FREE. text: as printed.
    verified: False when nobody checked the row against the act; amounts that rest on it say so. derived: None unless
    given is DERIVED.
    """

    commodity: str
    tax: str
    schedule: Schedule
    period: Period
    law: LegalRef
    given: Given
    duty: Duty | None = None
    kind: MeasureKind = MeasureKind.DUTY
    preference: str = ""
    origins: tuple[str, ...] = ()
    excluded_origins: tuple[str, ...] = ()
    quota_order_id: str = ""
    additional_code: str = ""
    text: str = ""
    verified: bool = True
    derived: Share | None = None

    def __post_init__(self) -> None:
        if (self.duty is not None) != (self.given in (Given.RATE, Given.NOT_SUBJECT)):
            raise ValueError(
                f"{self.commodity} {self.tax}: a duty stands in a row that gives a rate, and only there"
            )
        if self.given is Given.NOT_SUBJECT and self.duty != FREE:
            raise ValueError(f"{self.commodity} {self.tax}: what is not subject to a tax has no other duty")
        if (self.derived is not None) != (self.given is Given.DERIVED):
            raise ValueError(f"{self.commodity} {self.tax}: a share stands in a derived row, and only there")

    def is_for(self, origin: str) -> bool:
        return (not self.origins or origin in self.origins) and origin not in self.excluded_origins
