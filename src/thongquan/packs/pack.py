"""What a country must supply, and the one way in which its parts are put together.

A country is a folder of this package: `pack.toml` and tables under `data/`, worked cases under `cases/`, and a small
module whose `PACK` says what no table can. The class below answers everything from the tables; a country overrides
only what its law does differently. A pack imports the engine and no other pack.
"""

from __future__ import annotations

import enum
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from ..engine.assessment.taxes import Charge, Tax
from ..engine.codes import CodeList
from ..engine.dated import Period
from ..engine.declaration import Declaration, GoodsItem
from ..engine.findings import Finding, LegalRef

IMPORT = "import"
EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Act:
    """One legal act that rows may cite (acts.csv).

    number: as the gazette prints it. issued: when signed. in_force: when it takes effect. applies_from: the first day
    that its rows may speak of, which a late act sets before in_force. last_day: included, None while it stands.
    """

    number: str
    title: str
    issued: date
    in_force: date
    applies_from: date
    last_day: date | None = None

    @property
    def life(self) -> Period:
        """The days that a row of this act may cover."""
        return Period(self.applies_from, self.last_day)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a message is, read from its function and type codes by the pack's table.

    act: the lifecycle act it asks for (lodge, amend, cancel, arrive). flow: "import" or "export", "" where the
    message does not say (a follow-up takes its declaration's). simplified: the reduced low-value data set.
    prelodged: before the goods are there. supplementary: completes a simplified declaration or an entry in records.
    """

    act: str
    flow: str = ""
    simplified: bool = False
    prelodged: bool = False
    supplementary: bool = False


class Terms(enum.Enum):
    """When the money of a tax line is due, by the method of payment that was declared for it."""

    NOW = "now"
    """Before the goods are cleared."""
    DEFERRED = "deferred"
    """On a deferment account: cleared against the account's own security."""
    POSTPONED = "postponed"
    """Accounted for on the trader's own tax return: nothing is paid to customs."""
    SECURED = "secured"
    """Covered by a guarantee while the liability is open."""
    SUSPENDED = "suspended"
    """Not due while the procedure lasts."""


@dataclass(frozen=True, slots=True)
class Payment:
    """How one tax of one line is paid: the declared code, its terms, the rule that gives them."""

    method: str
    terms: Terms
    law: LegalRef


@dataclass(frozen=True, slots=True)
class Form:
    """The numbered form of a legal act. names: language → its title."""

    number: str
    names: Mapping[str, str]
    law: LegalRef


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time that the law gives: amount of `unit` ("day", "working_day", "hour", "working_hour")."""

    amount: int
    unit: str
    law: LegalRef


@dataclass(frozen=True, kw_only=True)
class Pack:
    """One country. Fields are its data, methods its decisions; all of them pure.

    version: SHA-256 over its data files; every assessment names it. names: language → name of the country.
    decimals: of `currency`. zone: IANA name of the zone that turns an instant into a legal day. taxes: in levying
    order. acts: by official number. forms: lifecycle act → form. deadlines: by name.
    external_references: whether a follow-up may name a declaration by another system's number; only a
    demonstration that replays that system's messages turns it on.
    """

    code: str
    version: str
    names: Mapping[str, str]
    currency: str
    decimals: int
    zone: str
    taxes: tuple[Tax, ...]
    acts: Mapping[str, Act]
    code_lists: Mapping[str, CodeList]
    forms: Mapping[str, Form] = field(default_factory=dict)
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    random_share_ppm: int = 0
    external_references: bool = False

    def legal_day(self, instant: datetime) -> date:
        """The day of the law at an instant (aware; a naive one has no day)."""
        if instant.tzinfo is None:
            raise ValueError("an instant without a zone has no legal day")
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def kind_of(self, declaration: Declaration, day: date) -> Kind | None:
        """What the message is, None when the pack's table does not know its type code on that day."""
        raise NotImplementedError

    def trader_of(self, declaration: Declaration) -> str:
        """Whose reference the functional reference is: with it, the natural key of an original."""
        return declaration.declarant_id

    def number(self, office: str, year: int, sequence: int, kind: Kind | None = None) -> str:
        """The customs number of the sequence-th declaration of an office and year, check character last."""
        raise NotImplementedError

    def is_number(self, text: str) -> bool:
        """Whether a text has the form and the check character of this pack's customs numbers."""
        raise NotImplementedError

    def payment_of(self, declaration: Declaration, item: GoodsItem, tax: str, day: date) -> Payment:
        """How a tax of a line is paid."""
        raise NotImplementedError

    def charges_for(
        self, declaration: Declaration, item: GoodsItem, index: int, day: date
    ) -> tuple[tuple[Charge, ...], tuple[Finding, ...]]:
        """The duties due on a line of that day; an unknown rate is a finding."""
        raise NotImplementedError

    def deadline(self, name: str, start: datetime) -> datetime | None:
        """Days and hours of a deadline added to an instant; None where the pack sets none by that name."""
        found = self.deadlines.get(name)
        if found is None:
            return None
        return start + (timedelta(hours=found.amount) if "hour" in found.unit else timedelta(days=found.amount))


def names() -> list[str]:
    """The packs that are installed: folders beside this file with a pack.toml, sorted."""
    return sorted(entry.name for entry in files(__package__).iterdir() if (entry / "pack.toml").is_file())


def load(name: str) -> Pack:
    """The pack of a name. LookupError, with the names there are, for any other text: no path is ever made of it."""
    if name not in names():
        raise LookupError(f"no pack {name!r}; there are {', '.join(names())}")
    pack = importlib.import_module(f"{__package__}.{name}").PACK
    if not isinstance(pack, Pack):
        raise TypeError(f"{name}.PACK is not a Pack")
    return pack
