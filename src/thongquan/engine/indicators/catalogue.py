"""The indicators whose records exist, each declared once.

What a country decides enters as data (`Terms`): what counts as revenue against plan, which compliance classes are
authorised traders. The same terms make the same catalogue, and a figure carries the version of its definition.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .expression import Expression, First, Given, col
from .indicator import (
    Activity,
    Amount,
    Card,
    Count,
    Derived,
    Direction,
    Distinct,
    Enterprises,
    Formula,
    Indicator,
    Part,
    Ratio,
    Spread,
    Total,
    Unit,
    When,
)

GREEN: Final = 1
YELLOW: Final = 2
RED: Final = 3


class Netted(enum.StrEnum):
    """Which refunds are taken off what was collected."""

    NONE = "NONE"
    ALL = "ALL"
    LISTED = "LISTED"
    """Those of the taxes in `refunded_taxes`: a refund that another fund bears is not taken off."""


@dataclass(frozen=True, slots=True)
class RevenueRule:
    """What counts as revenue against plan. It is data, because ministries and years differ.

    Money counts that stands in an account of the budget at the Treasury on its recognition day. Deposits do not.
    taxes, sub_items: only these; () for all. A reversal is no refund: it takes back what never was, and always counts.
    """

    netted: Netted = Netted.NONE
    refunded_taxes: tuple[str, ...] = ()
    taxes: tuple[str, ...] = ()
    sub_items: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.refunded_taxes) != (self.netted is Netted.LISTED):
            raise ValueError("refunded_taxes are told with LISTED, and only with it")

    def among(self) -> Expression:
        """The ledger lines that count."""
        received: Expression = col("account").is_("TREASURY") & col("budget_or_deposit").is_("BUDGET")
        if self.taxes:
            received &= col("tax").in_(*self.taxes)
        if self.sub_items:
            received &= col("sub_item").in_(*self.sub_items)
        if self.netted is Netted.NONE:
            return received & ~REFUND
        if self.netted is Netted.LISTED:
            return received & (~REFUND | col("tax").in_(*self.refunded_taxes))
        return received


REFUND: Final[Expression] = (col("amount_minor") < 0) & col("reverses").is_("")
"""Of the lines of the Treasury: money paid out again that was rightly received."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a country, or a year, decides about its figures. authorised: compliance classes of authorised traders."""

    revenue: RevenueRule = RevenueRule()
    authorised: tuple[str, ...] = ()


COUNTS: Final[Expression] = col("registered_at").present & ~col("cancelled_at").present
"""A declaration that counts: registered and not cancelled."""

BY_PLACE: Final = ("department", "office", "flow", "type_code", "channel")
BY_MONEY: Final = ("department", "office", "tax", "chapter", "sub_item", "treasury", "payer")
BY_DEBT: Final = ("department", "office", "tax", "payer")

_HALF_YEARLY: Final = "HALF_YEARLY"


def catalogue(terms: Terms = Terms()) -> dict[str, Indicator]:
    """Every indicator by its code, in the order that a review shows them."""
    made = [
        *_revenue(terms.revenue),
        *_debts(),
        *_refunds(),
        *_declarations(),
        *_times(),
        *_enterprises(),
        *_authorised(terms.authorised),
    ]
    found = {indicator.code: indicator for indicator in made}
    if len(found) != len(made):
        raise ValueError("an indicator is declared twice")
    return found


def share(among: Expression, hits: Expression) -> Ratio:
    """How many of the rows of `among` are `hits` too."""
    return Ratio(Count(among & hits), Count(among))


def _money(
    code: str, unit: Unit, better: Direction, formula: Formula, owner: str = "REVENUE", law: str = "BUDGET"
) -> Indicator:
    return Indicator(
        code=code,
        unit=unit,
        better=better,
        formula=formula,
        card=Card(owner, law, "FINANCE", _HALF_YEARLY),
        table="entries",
        counted_on="posted_day",
        splits=BY_MONEY,
    )


def _derived(
    code: str, unit: Unit, better: Direction, rule: str, *of: str, owner: str, law: str
) -> Indicator:
    return Indicator(
        code=code,
        unit=unit,
        better=better,
        formula=Derived(rule, of),
        card=Card(owner, law, "STATISTICS", _HALF_YEARLY),
    )


def _revenue(rule: RevenueRule) -> list[Indicator]:
    received = RevenueRule(taxes=rule.taxes, sub_items=rule.sub_items)
    whole = RevenueRule(Netted.ALL, (), rule.taxes, rule.sub_items).among()
    revenue = Total("amount_minor", rule.among())
    gross = Total("amount_minor", received.among())
    return [
        _money("REV", Unit.MONEY_MINOR, Direction.HIGHER, Amount(revenue)),
        _derived("REV_EXEC", Unit.SHARE, Direction.HIGHER, "execution", "REV", owner="REVENUE", law="BUDGET"),
        _derived("REV_YOY", Unit.SHARE, Direction.HIGHER, "compare", "REV", owner="REVENUE", law="BUDGET"),
        _derived("REV_SCN", Unit.SHARE, Direction.HIGHER, "progress", "REV", owner="REVENUE", law="SCENARIO"),
        _derived(
            "REV_RANK", Unit.PLACE, Direction.LOWER, "place_of", "REV_EXEC", owner="REVENUE", law="BUDGET"
        ),
        _derived(
            "REV_NEED",
            Unit.MONEY_MINOR_A_MONTH,
            Direction.NEITHER,
            "needed",
            "REV",
            owner="REVENUE",
            law="BUDGET",
        ),
        _money("REV_GROSS", Unit.MONEY_MINOR, Direction.NEITHER, Amount(gross)),
        _money(
            "REV_REFUNDED",
            Unit.MONEY_MINOR,
            Direction.NEITHER,
            Amount(Total("amount_minor", whole & REFUND, negated=True)),
        ),
        _money("REV_NET", Unit.MONEY_MINOR, Direction.NEITHER, Amount(Total("amount_minor", whole))),
        _money(
            "EPAY",
            Unit.SHARE,
            Direction.HIGHER,
            Ratio(Total("amount_minor", received.among() & col("method").is_("ELECTRONIC")), gross),
            law="E_PAYMENT",
        ),
    ]


def _debt(code: str, unit: Unit, better: Direction, formula: Formula) -> Indicator:
    return Indicator(
        code=code,
        unit=unit,
        better=better,
        formula=formula,
        card=Card("DEBTS", "TAX_ADMINISTRATION", "FINANCE", _HALF_YEARLY),
        table="debts",
        counted_on="day",
        splits=BY_DEBT,
    )


def _debts() -> list[Indicator]:
    # Overdue from the day after the due day: on the due day itself one may still pay.
    overdue = col("due_day") < Given("last_day")
    was_overdue = col("due_day") < Given("first_day")
    kind = col("movement_kind")

    def moved(name: str, among: Expression) -> Amount:
        return Amount(Total("amount_minor", among, negated=name != "CHARGED"))

    money, informs = Unit.MONEY_MINOR, Direction.NEITHER
    return [
        _debt("DEBT", money, Direction.LOWER, Amount(Total("amount_minor", overdue, When.BY_END))),
        _debt(
            "DEBT_REC",
            Unit.SHARE,
            Direction.HIGHER,
            Ratio(
                Total("amount_minor", kind.is_("COLLECTED") & was_overdue, negated=True),
                Total("amount_minor", was_overdue, When.BEFORE),
            ),
        ),
        # The whole of what is owed, due or not, so that its movements add up.
        _debt("DEBT_OPEN", money, informs, Amount(Total("amount_minor", when=When.BEFORE))),
        _debt("DEBT_CHARGED", money, informs, moved("CHARGED", kind.is_("CHARGED"))),
        _debt("DEBT_COLLECTED", money, informs, moved("COLLECTED", kind.is_("COLLECTED"))),
        _debt("DEBT_WRITTEN_OFF", money, informs, moved("WRITTEN_OFF", kind.is_("WRITTEN_OFF"))),
        _debt("DEBT_CLOSE", money, informs, Amount(Total("amount_minor", when=When.BY_END))),
    ]


def _refunds() -> list[Indicator]:
    def refund(code: str, unit: Unit, better: Direction, formula: Formula) -> Indicator:
        return Indicator(
            code=code,
            unit=unit,
            better=better,
            formula=formula,
            card=Card("REVENUE", "TAX_ADMINISTRATION", "FINANCE", _HALF_YEARLY),
            table="refunds",
            counted_on="paid_day",
            splits=BY_DEBT,
        )

    everything: Expression = col("refund").present
    return [
        refund("REFUND", Unit.MONEY_MINOR, Direction.HIGHER, Amount(Total("amount_minor"))),
        refund("REFUND_N", Unit.REFUNDS, Direction.NEITHER, Amount(Count())),
        refund("REFUND_IN_TIME", Unit.SHARE, Direction.WHOLE, share(everything, col("in_time").is_(True))),
    ]


def _declared(
    code: str, unit: Unit, better: Direction, formula: Formula, law: str, owner: str = "SUPERVISION"
) -> Indicator:
    return Indicator(
        code=code,
        unit=unit,
        better=better,
        formula=formula,
        card=Card(owner, law, "STATISTICS", _HALF_YEARLY),
        table="declarations",
        counted_on="legal_day",
        splits=BY_PLACE,
    )


def _declarations() -> list[Indicator]:
    higher, lower, informs = Direction.HIGHER, Direction.LOWER, Direction.NEITHER
    selected = COUNTS & col("channel").present

    def channel(code: str, number: int) -> Indicator:
        return _declared(
            code, Unit.SHARE, informs, share(selected, col("channel").is_(number)), "CHANNELS", "RISK"
        )

    def total(column: str) -> Part:
        return Total(column, COUNTS)

    inspected = COUNTS & col("inspected_at").present
    return [
        _declared("DECL", Unit.DECLARATIONS, higher, Amount(Count(COUNTS)), "STATISTICS"),
        _declared("DECL_NATIONAL", Unit.DECLARATIONS, higher, Amount(total("national_count")), "STATISTICS"),
        _declared("TURN", Unit.USD_CENTS, higher, Amount(total("value_usd_cents")), "STATISTICS"),
        _declared("TURN_BOOKS", Unit.MONEY_MINOR, higher, Amount(total("value_vnd_minor")), "STATISTICS"),
        _declared("EDECL", Unit.SHARE, higher, share(COUNTS, col("electronic").is_(True)), "E_CUSTOMS"),
        channel("CH_G", GREEN),
        channel("CH_Y", YELLOW),
        channel("CH_R", RED),
        _declared(
            "DOCCHK",
            Unit.SHARE,
            lower,
            share(COUNTS, col("documents_checked_at").present),
            "STRATEGY",
            "RISK",
        ),
        _declared("PHYS", Unit.SHARE, lower, share(COUNTS, col("inspected_at").present), "STRATEGY", "RISK"),
        _declared(
            "HIT", Unit.SHARE, higher, share(inspected, col("inspection_found").is_(True)), "TFA_RISK", "RISK"
        ),
    ]


def _times() -> list[Indicator]:
    arrived = First((col("arrived_at"), col("registered_at")))
    return [
        _declared(
            "CLR_MED",
            Unit.MICROSECONDS,
            Direction.LOWER,
            Spread(col("registered_at"), col("cleared_at"), COUNTS),
            "TFA_TIMES",
        ),
        _declared(
            "REL_TRS",
            Unit.MICROSECONDS,
            Direction.LOWER,
            Spread(arrived, col("released_at"), COUNTS),
            "WCO_TRS",
        ),
        _derived(
            "REL_DELTA",
            Unit.SHARE,
            Direction.HIGHER,
            "reduction",
            "REL_TRS",
            owner="SUPERVISION",
            law="WCO_TRS",
        ),
    ]


_ACTIVITIES: Final = (
    ("ENT_ACT", Activity.ACTIVE, Direction.HIGHER),
    ("ENT_ACT_BEFORE", Activity.ACTIVE_BEFORE, Direction.NEITHER),
    ("ENT_NEW", Activity.NEW, Direction.HIGHER),
    ("ENT_KEPT", Activity.KEPT, Direction.HIGHER),
    ("ENT_RETURNED", Activity.RETURNED, Direction.HIGHER),
    ("ENT_LOST", Activity.LOST, Direction.LOWER),
)


def _enterprises() -> list[Indicator]:
    counted = [
        Indicator(
            code=code,
            unit=Unit.ENTERPRISES,
            better=better,
            formula=Enterprises(activity, "trader", COUNTS),
            card=Card("SUPERVISION", "ENTERPRISE_RULE", "STATISTICS", _HALF_YEARLY),
            table="declarations",
            counted_on="legal_day",
            splits=("department", "office", "flow", "traders.province_inside"),
        )
        for code, activity, better in _ACTIVITIES
    ]
    return [
        *counted,
        _derived(
            "ENT_KEPT_RATE",
            Unit.SHARE,
            Direction.HIGHER,
            "execution",
            "ENT_KEPT",
            "ENT_ACT_BEFORE",
            owner="SUPERVISION",
            law="ENTERPRISE_RULE",
        ),
        _declared(
            "ENT_DECLARED",
            Unit.ENTERPRISES,
            Direction.HIGHER,
            Amount(Distinct("trader", COUNTS)),
            "STATISTICS",
        ),
    ]


def _authorised(classes: tuple[str, ...]) -> list[Indicator]:
    """The share of authorised traders exists only where the country says which classes they are."""
    if not classes:
        return []
    by_authorised = COUNTS & col("traders.compliance").in_(*classes)
    return [
        _declared(
            "AEO_SHR",
            Unit.SHARE,
            Direction.HIGHER,
            Ratio(Total("value_usd_cents", by_authorised), Total("value_usd_cents", COUNTS)),
            "AEO",
        )
    ]


def key_indicators(found: Mapping[str, Indicator]) -> list[str]:
    """Those with a direction, which targets may be set for, in the catalogue's order."""
    return [code for code, indicator in found.items() if indicator.better is not Direction.NEITHER]
