"""The house's own table of rates: one row a rate, any country, read and written.

A CSV (or XLSX) with these headings; those in brackets may be missing:

    commodity    code; empty for the whole nomenclature
    tax          the pack's code of the tax; empty in a row that only describes a commodity
    [schedule]   import or export; empty: as the import says
    [preference] empty: the general rate
    [origins]    countries it is for, "CN JP"; "except ID MY" for all others; empty: all
    rate         "6.5", "6.5 %", "13.8 % MIN 13 EUR/DTN MAX 15 EUR/DTN", "Free", "*" (no preference),
                 "150 % of general", "150 % of ACFTA"; with unit and currency a bare number: money per unit
    [unit] [currency]   a unit code of units.py, an ISO currency
    [first_day] [last_day]   ISO days, the last included; empty: as the import says
    [act] [at]   the legal source; empty: as the import says
    [kind]       duty, suspension, quota, trade_defence; empty: quota with a quota_order_id, else duty
    [quota_order_id] [additional_code] [text] [verified]     verified: yes or no; empty: as the import says
    [description_vi] [description_en] …, [level] [units] [between_vi] …    of a row that describes a commodity

Write codes as text: a spreadsheet that takes them for numbers drops their first zero.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ..dated import Period, day_of
from ..findings import Finding, LegalRef, Severity
from ..money import MILLIONTHS, BadNumber, decimal_text, millionths_of
from .loaded import Loaded
from .measures import Duty, Given, Measure, MeasureKind, Schedule, Share, Term
from .nomenclature import Commodity, Nomenclature
from .rate_text import NOT_SUBJECT, PLAIN_WORDS, QUOTED, RateReader, collapsed, duty_text
from .tables import Table, cell_text, is_number
from .tariff import GENERAL, Edition
from .units import UNITS

COLUMNS: Final = (
    "commodity", "tax", "schedule", "preference", "origins", "rate", "unit", "currency", "first_day", "last_day",
    "act", "at", "kind", "quota_order_id", "additional_code", "text", "verified", "level", "units",
)  # fmt: skip

_LANGUAGE = re.compile(r"(description|between)_([a-z]{2})")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODE = re.compile(r"[0-9A-Z]{0,22}")
_SHARE = re.compile(r"(\d{1,6}(?:\.\d{1,4})?) ?% of (.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RateList:
    """The layout of the house's own table; it has no settings."""

    name: str = "rate-list"
    required: tuple[frozenset[str], ...] = (frozenset({"commodity"}), frozenset({"tax"}), frozenset({"rate"}))


RATE_LIST: Final = RateList()


class _Bad(Exception):
    """A row that cannot be read: the finding's name, the column to look at, and the facts."""

    def __init__(self, finding: str, column: str, **says: str) -> None:
        super().__init__(finding)
        self.finding = finding
        self.column = column
        self.says = {"column": column, **says} if finding == "TARIFF_ROW_MALFORMED" else says


def load_rate_list(
    table: Table, top: int, act: str, period: Period, schedule: Schedule, verified: bool
) -> Loaded:
    """Read a table of rates; called by `load_sheet`. A row that cannot be read is a finding and no rate.

    Findings: as the grammar of rates, and TARIFF_ROW_MALFORMED (says column and text), RATE_NOT_GIVEN,
    COMMODITY_ROWS_DIFFER, COMMODITY_REPEATED, TARIFF_COLUMN_NOT_READ.
    """
    return _Rows(table, top, act, period, schedule, verified).load()


class _Rows:
    def __init__(
        self, table: Table, top: int, act: str, period: Period, schedule: Schedule, verified: bool
    ) -> None:
        self.table = table
        self.top = top
        self.act = act
        self.period = period
        self.schedule = schedule
        self.verified = verified
        self.reader = RateReader(PLAIN_WORDS)
        self.findings: list[Finding] = []
        self.unread: Counter[str] = Counter()
        self.columns: dict[str, int] = {}
        for column, title in enumerate(table.headings(top)):
            if title in COLUMNS or _LANGUAGE.fullmatch(title):
                self.columns.setdefault(title, column)
            elif title:
                place = table.place(top, column)
                self.findings.append(
                    Finding("TARIFF_COLUMN_NOT_READ", place, {"heading": title}, severity=Severity.NOTE)
                )

    def load(self) -> Loaded:
        measures: dict[tuple[object, ...], tuple[Measure, int]] = {}
        commodities: dict[tuple[str, Period], Commodity] = {}
        rate_texts = 0
        for row in range(self.top + 1, len(self.table.rows)):
            cells = self._cells(row)
            if not any(cells.values()):
                continue
            try:
                described = self._commodity(cells)
                if described is not None:
                    commodities[described.code, described.period] = described
                if not cells["tax"]:
                    if cells["rate"]:
                        raise _Bad("TARIFF_ROW_MALFORMED", "tax", text="")
                    continue
                rate_texts += bool(cells["rate"])
                self._add(row, self._measure(row, cells), measures)
            except _Bad as why:
                place = self.table.place(row, self.columns.get(why.column))
                self.findings.append(Finding(why.finding, place, why.says, severity=Severity.WARNING))
                if cells["rate"]:
                    self.unread[cells["rate"]] += 1
        rows = tuple(measure for measure, _ in measures.values())
        edition = Edition(self.act, self.period, rows, Nomenclature(commodities.values()))
        counts = {
            "rows": len(self.table.rows) - self.top - 1,
            "commodities": len(edition.nomenclature),
            "codes": len({measure.commodity for measure in rows}),
            "rate_texts": rate_texts,
            "measures": len(rows),
            **Counter(measure.given.value for measure in rows),
            **Counter(finding.code for finding in self.findings),
        }
        return Loaded(edition, tuple(self.findings), counts, dict(self.unread))

    def _cells(self, row: int) -> dict[str, str]:
        cells = self.table.rows[row]
        found = dict.fromkeys(COLUMNS, "")
        for name, column in self.columns.items():
            if column < len(cells):
                text = cell_text(cells[column])
                found[name] = text.strip() if name.startswith("between_") else collapsed(text)
        return found

    def _add(
        self, row: int, measure: Measure, measures: dict[tuple[object, ...], tuple[Measure, int]]
    ) -> None:
        """Take a rate; of two that say different things under one key and the same days, neither is taken."""
        key = (
            measure.commodity, measure.tax, measure.schedule, measure.period, measure.kind, measure.preference,
            measure.origins, measure.excluded_origins, measure.quota_order_id, measure.additional_code,
            measure.law if measure.kind is MeasureKind.TRADE_DEFENCE else None,
        )  # fmt: skip
        if key not in measures:
            measures[key] = measure, row
            return
        other, stood = measures[key]
        if (other.given, other.duty, other.derived, other.law) == (
            measure.given, measure.duty, measure.derived, measure.law,
        ):  # fmt: skip
            says = {"code": measure.commodity, "other_at": self.table.place(stood)}
            place = self.table.place(row)
            self.findings.append(Finding("COMMODITY_REPEATED", place, says, severity=Severity.NOTE))
            return
        # The row met first stays a mark that the key is in doubt: it gives nothing any more.
        if other.given is not Given.NOT_GIVEN:
            self.unread[other.text] += 1
        measures[key] = _without_rate(other), stood
        raise _Bad(
            "COMMODITY_ROWS_DIFFER",
            "rate",
            code=measure.commodity,
            preference=measure.preference or GENERAL,
            text=measure.text,
            other_text=other.text,
            other_at=self.table.place(stood, self.columns["rate"]),
        )

    def _commodity(self, cells: Mapping[str, str]) -> Commodity | None:
        """The commodity that a row describes, None when it describes none."""
        names: dict[str, str] = {}
        between: dict[str, tuple[str, ...]] = {}
        for name, text in cells.items():
            matched = _LANGUAGE.fullmatch(name)
            if matched is not None and text:
                if matched[1] == "description":
                    names[matched[2]] = text
                else:
                    between[matched[2]] = tuple(text.split("\n"))
        if cells["tax"] and not names:
            return None
        level = cells["level"]
        if level and not (level.isascii() and level.isdigit() and len(level) < 3):
            raise _Bad("TARIFF_ROW_MALFORMED", "level", text=level[:QUOTED])
        period = self._period(cells) if not cells["tax"] else self.period
        units = tuple(cells["units"].split())
        return Commodity(self._code(cells), period, names, int(level) if level else None, units, between)

    def _measure(self, row: int, cells: Mapping[str, str]) -> Measure:
        origins, excluded = _origins(cells["origins"])
        given, duty, derived = self._rate(row, cells)
        code, preference = self._code(cells), cells["preference"]
        if given is Given.NOT_GIVEN:
            place = self.table.place(row, self.columns.get("rate"))
            says = {"code": code, "preference": preference or GENERAL}
            self.findings.append(Finding("RATE_NOT_GIVEN", place, says, severity=Severity.WARNING))
        kind = cells["kind"] or ("quota" if cells["quota_order_id"] else "duty")
        return Measure(
            commodity=code,
            tax=cells["tax"],
            schedule=_one_of(Schedule, "schedule", cells["schedule"] or self.schedule.value),
            period=self._period(cells),
            law=LegalRef(cells["act"] or self.act, cells["at"]),
            given=given,
            duty=duty,
            kind=_one_of(MeasureKind, "kind", kind),
            preference=preference,
            origins=origins,
            excluded_origins=excluded,
            quota_order_id=cells["quota_order_id"],
            additional_code=cells["additional_code"],
            text=cells["text"] or cells["rate"],
            verified=_yes(cells["verified"], self.verified),
            derived=derived,
        )

    def _code(self, cells: Mapping[str, str]) -> str:
        code = cells["commodity"].replace(".", "").replace(" ", "")
        if not _CODE.fullmatch(code):
            raise _Bad("TARIFF_ROW_MALFORMED", "commodity", text=cells["commodity"][:QUOTED])
        return code

    def _rate(self, row: int, cells: Mapping[str, str]) -> tuple[Given, Duty | None, Share | None]:
        text = cells["rate"]
        raw = self.table.rows[row]
        column = self.columns["rate"]
        if self.table.percent_formats and column < len(raw) and is_number(raw[column]):
            raise _Bad("RATE_SCALE_UNCLEAR", "rate", text=text)
        if not text:
            return Given.NOT_GIVEN, None, None
        if cells["unit"] or cells["currency"]:
            return Given.RATE, _specific(text, cells["unit"], cells["currency"]), None
        share = _SHARE.fullmatch(text)
        if share is not None:
            preference = "" if share[2].casefold() == GENERAL else share[2]
            return Given.DERIVED, None, Share(millionths_of(share[1]) // 100, preference)
        reading = self.reader.read(text)
        if reading.problem:
            raise _Bad(reading.problem, "rate", **reading.says)
        (part,) = reading.parts
        if part.excluded_origins:
            raise _Bad("TARIFF_ROW_MALFORMED", "rate", text=text[:QUOTED])
        return part.given, part.duty, part.derived

    def _period(self, cells: Mapping[str, str]) -> Period:
        if not cells["first_day"] and not cells["last_day"]:
            return self.period
        first = _day(cells, "first_day") or self.period.first_day
        last = _day(cells, "last_day")
        if last is not None and last < first:
            raise _Bad("TARIFF_ROW_MALFORMED", "last_day", text=cells["last_day"])
        return Period(first, last)


def _without_rate(measure: Measure) -> Measure:
    return replace(measure, given=Given.NOT_GIVEN, duty=None, derived=None)


def _specific(text: str, unit: str, currency: str) -> Duty:
    if unit not in UNITS:
        raise _Bad("TARIFF_UNIT_UNKNOWN", "unit", unit=unit[:60], text=text[:QUOTED])
    if not _CURRENCY.fullmatch(currency):
        raise _Bad("TARIFF_ROW_MALFORMED", "currency", text=currency[:QUOTED])
    try:
        amount = millionths_of(text)
    except BadNumber:
        raise _Bad("TARIFF_ROW_MALFORMED", "rate", text=text[:QUOTED]) from None
    if not 0 <= amount <= 10**9 * MILLIONTHS:
        raise _Bad("TARIFF_ROW_MALFORMED", "rate", text=text[:QUOTED])
    return Duty((Term(specific_millionths=amount, currency=currency, unit=unit),))


def _origins(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    listed, _, excepted = text.partition("except")
    both = tuple(tuple(sorted(set(side.replace(",", " ").split()))) for side in (listed, excepted))
    if not all(_COUNTRY.fullmatch(country) for side in both for country in side):
        raise _Bad("TARIFF_ROW_MALFORMED", "origins", text=text[:QUOTED])
    return both[0], both[1]


def _day(cells: Mapping[str, str], column: str) -> date | None:
    text = cells[column]
    try:
        return day_of(text[:10]) if text else None
    except ValueError:
        raise _Bad("TARIFF_ROW_MALFORMED", column, text=text[:QUOTED]) from None


def _one_of[Kind: (Schedule, MeasureKind)](kinds: type[Kind], column: str, text: str) -> Kind:
    try:
        return kinds(text)
    except ValueError:
        raise _Bad("TARIFF_ROW_MALFORMED", column, text=text[:QUOTED]) from None


def _yes(text: str, otherwise: bool) -> bool:
    known = {"yes": True, "no": False, "true": True, "false": False, "": otherwise}
    if text.casefold() not in known:
        raise _Bad("TARIFF_ROW_MALFORMED", "verified", text=text[:QUOTED])
    return known[text.casefold()]


def rate_list_lines(edition: Edition) -> Iterator[str]:
    """An edition as the lines of a rate list in CSV, headings first: commodities by code, then rates in their order.

    Reading them back under the same act and days gives an edition of the same hash.
    """
    spoken = sorted({language for row in edition.nomenclature for language in {*row.names, *row.between}})
    titles = [*COLUMNS, *(f"{kind}_{language}" for kind in ("description", "between") for language in spoken)]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, titles, restval="", lineterminator="\n")
    writer.writeheader()
    yield _taken(buffer)
    for commodity in edition.nomenclature:
        writer.writerow(_commodity_cells(commodity))
        yield _taken(buffer)
    for measure in edition.measures:
        writer.writerow(_measure_cells(measure))
        yield _taken(buffer)


def _commodity_cells(row: Commodity) -> dict[str, str]:
    return {
        "commodity": row.code,
        **_period_cells(row.period),
        "level": "" if row.level is None else str(row.level),
        "units": " ".join(row.units),
        **{f"description_{language}": name for language, name in row.names.items()},
        **{f"between_{language}": "\n".join(lines) for language, lines in row.between.items()},
    }


def _measure_cells(row: Measure) -> dict[str, str]:
    excepted = f"except {' '.join(row.excluded_origins)}" if row.excluded_origins else ""
    return {
        "commodity": row.commodity,
        "tax": row.tax,
        "schedule": row.schedule.value,
        "preference": row.preference,
        "origins": " ".join(filter(None, (*row.origins, excepted))),
        "rate": _rate_cell(row),
        **_period_cells(row.period),
        "act": row.law.act,
        "at": row.law.at,
        "kind": row.kind.value,
        "quota_order_id": row.quota_order_id,
        "additional_code": row.additional_code,
        "text": row.text,
        "verified": "yes" if row.verified else "no",
    }


def _rate_cell(row: Measure) -> str:
    if row.given is Given.NOT_SUBJECT:
        return NOT_SUBJECT
    if row.duty is not None:
        return duty_text(row.duty)
    if row.derived is not None:
        return f"{decimal_text(row.derived.ppm, 4)} % of {row.derived.preference or GENERAL}"
    return "*" if row.given is Given.NO_PREFERENCE else ""


def _period_cells(period: Period) -> dict[str, str]:
    last = period.last_day.isoformat() if period.last_day else ""
    return {"first_day": period.first_day.isoformat(), "last_day": last}


def _taken(buffer: io.StringIO) -> str:
    line = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return line
