"""The fact tables that every figure is computed from: each column's name, type, unit and meaning.

One row of `declarations` is a declaration as it stood at the export's instant; the other tables hang on it or on the
ledger. Instants are whole microseconds since 1970-01-01T00:00:00Z, so that the difference of two is exact in every
engine that reads them; days are days of the country's calendar. Text that is not known is "", a figure, day or
instant that is not known is null: nothing unknown is ever 0.

Money follows the ledger's sign: debits positive, credits negative. Money received stands at plus in TREASURY, money
paid out again at minus.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from ..ledger.journal import LARGEST_MINOR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

EARLIEST_INSTANT: Final = -2_208_988_800_000_000
"""1900-01-01T00:00:00Z. Between this and LATEST_INSTANT the difference of two instants fits an int64 with room."""

LATEST_INSTANT: Final = 7_258_118_400_000_000
"""2200-01-01T00:00:00Z."""


class Kind(enum.StrEnum):
    """What a column holds, and with it its type in memory and in Parquet."""

    TEXT = "text"
    """String."""
    COUNT = "count"
    """Int64, a whole number ≥ 0."""
    MONEY = "money"
    """Int64, minor units of the currency in the column's unit, |amount| ≤ the ledger's LARGEST_MINOR."""
    MILLIONTHS = "millionths"
    """Int64, millionths of the unit."""
    DAY = "day"
    """Date."""
    INSTANT = "instant"
    """Int64, microseconds since 1970-01-01T00:00:00Z."""
    FLAG = "flag"
    """Boolean."""


@dataclass(frozen=True, slots=True)
class Column:
    """name: as in Parquet. unit: "" where it has none. optional: whether null is allowed."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """A fact table. key: the columns that name a row. day: the column whose month says which partition a row is in,
    "" for a table that is kept whole."""

    name: str
    key: tuple[str, ...]
    day: str
    columns: tuple[Column, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}


def _text(name: str, meaning: str) -> Column:
    return Column(name, Kind.TEXT, meaning)


def _at(name: str, meaning: str) -> Column:
    return Column(name, Kind.INSTANT, meaning, "µs", optional=True)


DECLARATIONS: Final = Table(
    "declarations",
    ("number",),
    "legal_day",
    (
        _text("number", "Declaration number, unique."),
        _text("office", "Code of the customs office of registration."),
        _text("department", "Code of the department that the office belongs to."),
        _text("flow", "IMPORT or EXPORT, or the pack's own word for another flow."),
        _text("type_code", "Code of the customs regime (loại hình)."),
        _text("trader", "Tax code of the trader; joins to traders.trader."),
        _text(
            "origin_main", 'Origin of the goods of the greatest value, ISO 3166 two letters; "" where none.'
        ),
        Column("legal_day", Kind.DAY, "Day by which the declaration is counted: the day of registration."),
        _at("registered_at", "First registration; null while only lodged."),
        _at("arrived_at", "Arrival of the goods."),
        _at("selected_at", "Selection of the channel."),
        Column("channel", Kind.COUNT, "1 green, 2 yellow, 3 red; null until selected.", optional=True),
        _at("documents_checked_at", "End of the check of documents; null where there was none."),
        _at("inspected_at", "End of the inspection of the goods; null where there was none."),
        Column(
            "inspection_found",
            Kind.FLAG,
            "Whether the inspection found other than declared; null without one.",
            optional=True,
        ),
        _at("paid_at", "All duty due was paid or secured."),
        _at("released_at", "First decision that let the goods go: release or clearance, the earlier."),
        _at("cleared_at", "First clearance."),
        _at("passed_at", "The goods left customs supervision."),
        _at("cancelled_at", "Cancellation; null for a declaration that counts."),
        Column(
            "value_vnd_minor",
            Kind.MONEY,
            "Customs value in the currency of the books; null where it is not known in full.",
            "minor",
            optional=True,
        ),
        Column(
            "value_usd_cents",
            Kind.MONEY,
            "The same in US dollars at the rate of legal_day; null without one.",
            "US cent",
            optional=True,
        ),
        Column("lines", Kind.COUNT, "Goods items."),
        Column("national_count", Kind.COUNT, "How many declarations the nation counts it as."),
        Column("electronic", Kind.FLAG, "Whether it was lodged electronically."),
        Column("simplified", Kind.FLAG, "Whether it is of a simplified procedure."),
        _text("state", "State in the lifecycle."),
        Column("version", Kind.COUNT, "Version of its text: 1, and one more for each amendment."),
        _text("head", "Hash of its last event: another head, another row."),
    ),
)

LINES: Final = Table(
    "lines",
    ("number", "item"),
    "legal_day",
    (
        _text("number", "Declaration number."),
        Column("item", Kind.COUNT, "Goods item, from 1."),
        Column("legal_day", Kind.DAY, "The declaration's."),
        _text("office", "The declaration's."),
        _text("department", "The declaration's."),
        _text("flow", "The declaration's."),
        _text("hs", "Commodity code, digits only."),
        _text("chapter", "Its first two digits."),
        _text("origin", 'Origin, ISO 3166 two letters; "" where none.'),
        _text("preference", 'Preference claimed; "" for none.'),
        Column(
            "value_vnd_minor",
            Kind.MONEY,
            "Customs value in the currency of the books; null where it is not known in full.",
            "minor",
            optional=True,
        ),
        Column(
            "value_usd_cents",
            Kind.MONEY,
            "The same in US dollars; null without a rate.",
            "US cent",
            optional=True,
        ),
        Column("net_mass_millionths", Kind.MILLIONTHS, "Net mass; null unknown.", "10⁻⁶ kg", optional=True),
    ),
)

AMOUNTS: Final = Table(
    "amounts",
    ("number", "item", "tax"),
    "day",
    (
        _text("number", "Declaration number."),
        Column("item", Kind.COUNT, "Goods item, from 1; 0 for an amount of the whole declaration."),
        _text("tax", "Code of the tax."),
        _text("office", "The declaration's."),
        _text("department", "The declaration's."),
        Column("assessed_minor", Kind.MONEY, "Assessed by the law in force.", "minor"),
        Column("payable_minor", Kind.MONEY, "Payable after exemption, reduction and suspension.", "minor"),
        Column("day", Kind.DAY, "Day of the assessment."),
    ),
)

ENTRIES: Final = Table(
    "entries",
    ("entry",),
    "posted_day",
    (
        _text("entry", "Id of the ledger line, unique."),
        _text("journal", "Reference of its journal."),
        _text("subject", "Declaration number, or what else the journal is about."),
        _text("account", "Kind of account: DEBTOR, REVENUE, TREASURY, … of the ledger's chart."),
        _text("tax", 'Tax; of a TREASURY line the tax that the money settled, "" while unallocated.'),
        _text("payer", "Tax code of the payer."),
        _text("office", "Collecting office."),
        _text("department", "Its department."),
        _text("chapter", "Budget chapter (chương)."),
        _text("sub_item", "Budget sub-item (tiểu mục)."),
        _text("treasury", "Treasury or bank account that took the money."),
        _text("budget_or_deposit", 'BUDGET or DEPOSIT of money at the Treasury; "" of other accounts.'),
        _text("method", 'How it was paid: ELECTRONIC, COUNTER; "" of what was not paid.'),
        Column("posted_day", Kind.DAY, "Recognition day: the day that the books count it on."),
        Column("recorded_at", Kind.INSTANT, "When our books learnt of it.", "µs"),
        Column("amount_minor", Kind.MONEY, "Debit positive, credit negative.", "minor"),
        _text("reverses", 'Reference of the journal that this one takes back; "" for none.'),
    ),
)

DEBTS: Final = Table(
    "debts",
    ("movement",),
    "day",
    (
        _text("movement", "Id of the movement, unique."),
        _text("debt", "The liability: declaration and tax."),
        _text("payer", "Tax code of who owes."),
        _text("tax", "Code of the tax."),
        _text("office", "Office that manages the debt."),
        _text("department", "Its department."),
        Column("due_day", Kind.DAY, "Last day of payment; the debt is overdue from the day after."),
        Column("day", Kind.DAY, "Day that the movement counts on."),
        _text("movement_kind", "CHARGED (also less, by an amendment), COLLECTED or WRITTEN_OFF."),
        Column("amount_minor", Kind.MONEY, "Charged positive; collected and written off negative.", "minor"),
    ),
)

REFUNDS: Final = Table(
    "refunds",
    ("refund",),
    "paid_day",
    (
        _text("refund", "Id of the refund, unique."),
        _text("payer", "Tax code of who gets it."),
        _text("tax", "Code of the tax."),
        _text("office", "Office that decided."),
        _text("department", "Its department."),
        Column("limit_day", Kind.DAY, "Last day of the legal time."),
        Column("paid_day", Kind.DAY, "Day of payment; a refund not yet paid has no row."),
        Column("in_time", Kind.FLAG, "Whether paid_day ≤ limit_day."),
        Column("amount_minor", Kind.MONEY, "Paid out, positive.", "minor"),
    ),
)

TRADERS: Final = Table(
    "traders",
    ("trader",),
    "",
    (
        _text("trader", "Tax code."),
        _text("name", "Name by the register."),
        Column(
            "province_inside", Kind.FLAG, "Seated in the department's province; null unknown.", optional=True
        ),
        _text("compliance", 'Compliance class as the pack names it; "" while none is given.'),
        Column(
            "first_day",
            Kind.DAY,
            "First day ever that it registered a declaration, before the lake's first too; null unknown.",
            optional=True,
        ),
    ),
)

TABLES: Final[Mapping[str, Table]] = {
    table.name: table for table in (DECLARATIONS, LINES, AMOUNTS, ENTRIES, DEBTS, REFUNDS, TRADERS)
}


def microseconds(at: datetime) -> int:
    """An instant as the fact tables hold it. ValueError for a time without its zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no zone")
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant(count: int) -> datetime:
    """A fact table's instant as a time in UTC."""
    return _EPOCH + timedelta(microseconds=count)


def bounds(kind: Kind) -> tuple[int, int] | None:
    """The least and the greatest value of a column of whole numbers; None for other kinds."""
    return {
        Kind.COUNT: (0, LARGEST_MINOR),
        Kind.MONEY: (-LARGEST_MINOR, LARGEST_MINOR),
        Kind.MILLIONTHS: (0, 2**63 - 1),
        Kind.INSTANT: (EARLIEST_INSTANT, LATEST_INSTANT),
    }.get(kind)
