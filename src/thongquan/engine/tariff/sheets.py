"""Tariff sheets as they are published and passed around: one row a code, one column a rate → an edition.

What a sheet looks like is a `Layout`: data that a country's pack supplies. Reading finds the headings wherever they
stand, keeps blank, `*` and 0 apart, merges identical repetitions, and says of every cell that did not become a
measure where it stands, what it says and why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from ..dated import Period
from ..findings import Finding, LegalRef, Severity
from .loaded import Loaded
from .measures import Measure, MeasureKind, Schedule
from .nomenclature import Commodity, Nomenclature
from .rate_list import RateList, load_rate_list
from .rate_text import RateReader, RateWords, Reading, collapsed, repaired
from .tables import Table, cell_text, find_headings, heading, is_number, read_tables
from .tariff import GENERAL, Edition

PREFERENCE: Final = "{preference}"

_NO_PREFERENCES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a kind of tariff sheet looks like. Headings are compared without letter case and double spaces; where a
    tuple stands, any one of them will do.

    name: for people who choose among layouts. tax: the pack's code of the tax that the rates are of.
    rates: heading → preference of its rates ("" general). A heading may hold "{preference}": then every heading of
    that form is a column, named by what stands there, or by preference_names where that is misspelt.
    words: how its rates are printed. descriptions: heading → language. level: heading of the indentation.
    units: heading of the supplementary units. code_lengths: digits that a code may have. leaf_lengths: those at which
    a blank rate is missing rather than shown below. quota_order_id: identity of the quota of an in-quota rate, where
    "{heading}" stands for the first four digits. unread: headings that are known to say nothing for a tariff.
    """

    name: str
    tax: str
    code: tuple[str, ...]
    rates: Mapping[str, str]
    words: RateWords
    code_lengths: tuple[int, ...]
    leaf_lengths: tuple[int, ...]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    level: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    preference_names: Mapping[str, str] = field(default_factory=lambda: _NO_PREFERENCES)
    quota_order_id: str = ""
    unread: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[frozenset[str], ...]:
        """Groups of headings of which a sheet must have one each: the code, and the general rate."""
        general = [
            title for title, preference in self.rates.items() if not preference and PREFERENCE not in title
        ]
        return frozenset(map(heading, self.code)), frozenset(map(heading, general))

    def preference_of(self, title: str) -> str | None:
        """The preference of a column by its heading, None when it is no rate."""
        for known, preference in self.rates.items():
            if PREFERENCE not in known:
                if heading(known) == heading(title):
                    return preference
                continue
            before, _, behind = known.partition(PREFERENCE)
            pattern = rf"{re.escape(heading(before))}\s*(.+?)\s*{re.escape(heading(behind))}"
            matched = re.fullmatch(pattern, collapsed(title), re.IGNORECASE)
            if matched is not None:
                return self.preference_names.get(matched[1].upper(), matched[1].upper())
        return None


def load_sheet(
    source: Path | bytes | list[Table],
    layout: Layout | RateList,
    act: str,
    first_day: date,
    last_day: date | None = None,
    schedule: Schedule = Schedule.IMPORT,
    verified: bool = False,
) -> Loaded:
    """Read a tariff sheet as an edition of `act` for the days from first_day to last_day (included; None: open).

    source: a file, or its tables where they have been read before (to find the layout). verified: whether somebody
    compared the sheet with the act; what is not verified says so wherever it is used.

    Findings that keep a cell out: RATE_ALTERNATIVES ("5/10"), RATE_IN_WORDS, RATE_MARK_UNKNOWN, RATE_UNREADABLE,
    RATE_TOO_PRECISE, RATE_NUMBER_AMBIGUOUS, RATE_SCALE_UNCLEAR, TARIFF_UNIT_UNKNOWN, COMMODITY_ROWS_DIFFER,
    COMMODITY_MALFORMED, RATE_WITHOUT_CODE; a blank at a code that needs a rate: RATE_NOT_GIVEN.
    Two columns of one rate, neither of which is read: TARIFF_COLUMN_REPEATED. Notes: TARIFF_TEXT_REPAIRED,
    RATE_MARK_KEPT, COMMODITY_CODE_CLEANED, COMMODITY_REPEATED, TARIFF_COLUMN_NOT_READ, TARIFF_COLUMN_MISSING.
    Of the file: TARIFF_FILE_…, XLSX_…, TARIFF_LAYOUT_MISMATCH; then there is no edition.
    """
    tables = source if isinstance(source, list) else read_tables(source)
    if isinstance(tables, Finding):
        return Loaded.refused(tables)
    found = find_headings(tables, layout.required)
    if found is None:
        return Loaded.refused(Finding("TARIFF_LAYOUT_MISMATCH", says={"layout": layout.name}))
    period = Period(first_day, last_day)
    if not isinstance(layout, Layout):
        return load_rate_list(*found, act, period, schedule, verified)
    return _Sheet(*found, layout).load(act, period, schedule, verified)


class _Sheet:
    """One reading of one sheet."""

    def __init__(self, table: Table, top: int, layout: Layout) -> None:
        self.table = table
        self.top = top
        self.layout = layout
        self.reader = RateReader(layout.words)
        self.findings: list[Finding] = []
        self.unread: Counter[str] = Counter()
        self.rate_texts = 0
        titles = [cell_text(cell) for cell in table.rows[top]]
        self.code = _column(titles, layout.code)
        self.level = _column(titles, layout.level)
        self.units = _column(titles, layout.units)
        self.descriptions = {
            column: language
            for title, language in layout.descriptions.items()
            if (column := _column(titles, (title,))) is not None
        }
        self.rates: list[tuple[int, str]] = []
        for column, title in enumerate(titles):
            preference = layout.preference_of(title)
            if preference is not None:
                self.rates.append((column, preference))
        self._note_columns(titles)

    def _note_columns(self, titles: list[str]) -> None:
        """Say which columns nobody reads and which are missing; refuse to choose between two of one preference."""
        read = {self.code, self.level, self.units, *self.descriptions, *(column for column, _ in self.rates)}
        known = {heading(title) for title in self.layout.unread}
        for column, title in enumerate(titles):
            if column not in read and heading(title) and heading(title) not in known:
                self._note(
                    "TARIFF_COLUMN_NOT_READ",
                    self.table.place(self.top, column),
                    {"heading": collapsed(title)},
                )
        counted = Counter(preference for _, preference in self.rates)
        for column, preference in self.rates:
            if counted[preference] > 1:
                place = self.table.place(self.top, column)
                self.findings.append(
                    Finding("TARIFF_COLUMN_REPEATED", place, {"heading": collapsed(titles[column])})
                )
        self.rates = [(column, preference) for column, preference in self.rates if counted[preference] == 1]
        for title, preference in self.layout.rates.items():
            if PREFERENCE not in title and preference not in counted:
                self._note("TARIFF_COLUMN_MISSING", self.table.place(self.top), {"heading": title})
                counted[preference] = 1

    def load(self, act: str, period: Period, schedule: Schedule, verified: bool) -> Loaded:
        cells: dict[str, list[Reading | None]] = {}
        stood: dict[str, int] = {}
        commodities: dict[str, Commodity] = {}
        above: list[tuple[int, str, Mapping[str, str]]] = []
        rows = self.table.rows
        for row in range(self.top + 1, len(rows)):
            code = self._code_of(row)
            commodity = self._commodity(row, code, period, above)
            texts = [rows[row][column] if column < len(rows[row]) else "" for column, _ in self.rates]
            if code is None:
                continue
            if code == "":
                if any(collapsed(cell_text(text)) for text in texts):
                    self.findings.append(self._warning("RATE_WITHOUT_CODE", self.table.place(row), {}))
                continue
            readings = [self._read(cell) for cell in texts]
            if code in cells:
                self._repeated(row, code, cells[code], readings, stood[code])
                continue
            self._report(row, code, readings, cells)
            stood[code] = row
            cells[code] = readings
            commodities[code] = commodity
        measures = self._measures(cells, act, period, schedule, verified)
        edition = Edition(act, period, tuple(measures), Nomenclature(commodities.values()))
        return self._loaded(edition, len(rows) - self.top - 1, cells)

    def _loaded(self, edition: Edition, rows: int, cells: Mapping[str, list[Reading | None]]) -> Loaded:
        given = Counter(measure.given.value for measure in edition.measures)
        rated = sum(1 for readings in cells.values() if any(map(_says, readings)))
        counts = {
            "rows": rows,
            "commodities": len(edition.nomenclature),
            "codes": rated,
            "rate_texts": self.rate_texts,
            "measures": len(edition.measures),
            **given,
            **Counter(finding.code for finding in self.findings),
        }
        return Loaded(edition, tuple(self.findings), counts, dict(self.unread))

    def _code_of(self, row: int) -> str | None:
        """The code of a row, "" where it has none, None where it is no code (said as a finding)."""
        cells = self.table.rows[row]
        raw = cell_text(cells[self.code]) if self.code is not None and self.code < len(cells) else ""
        if not raw:
            return ""
        kept = "".join(character for character in raw if character.isprintable() and not character.isspace())
        code = kept.replace(".", "")
        if code == "":
            return ""
        place = self.table.place(row, self.code)
        if any(not (c.isprintable() or c in "\r\n\t") or c == "\u00a0" for c in raw):
            self._note("COMMODITY_CODE_CLEANED", place, {"code": code})
        if not (code.isascii() and code.isdigit()) or len(code) not in self.layout.code_lengths:
            lengths = ", ".join(map(str, self.layout.code_lengths))
            self.findings.append(
                self._warning("COMMODITY_MALFORMED", place, {"code": kept[:40], "lengths": lengths})
            )
            return None
        return code

    def _commodity(
        self, row: int, code: str | None, period: Period, above: list[tuple[int, str, Mapping[str, str]]]
    ) -> Commodity:
        """The row as a commodity; `above` holds the lines it stands under and is brought up to date."""
        cells = self.table.rows[row]
        names: dict[str, str] = {}
        for column, language in self.descriptions.items():
            text = collapsed(cell_text(cells[column])) if column < len(cells) else ""
            if self.layout.words.mojibake and not text.isascii():
                mended = repaired(text)
                if mended != text:
                    self._note(
                        "TARIFF_TEXT_REPAIRED", self.table.place(row, column), {"was": text, "read": mended}
                    )
                    text = mended
            text = text.lstrip("-–− ")
            if text:
                names[language] = text
        level = self._level_of(cells)
        between: dict[str, tuple[str, ...]] = {}
        if level is not None:
            while above and above[-1][0] >= level:
                above.pop()
            uncoded: list[Mapping[str, str]] = []
            for _, coded, lines in reversed(above):
                if coded:
                    break
                uncoded.insert(0, lines)
            for language in self.descriptions.values():
                lines_of = tuple(lines[language] for lines in uncoded if language in lines)
                if lines_of:
                    between[language] = lines_of
            above.append((level, code or "", names))
        units = cell_text(cells[self.units]) if self.units is not None and self.units < len(cells) else ""
        return Commodity(code or "", period, names, level, tuple(units.split()), between)

    def _level_of(self, cells: list[object]) -> int | None:
        if self.level is None or self.level >= len(cells):
            return None
        text = collapsed(cell_text(cells[self.level]))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None

    def _read(self, cell: object) -> Reading | None:
        """What a rate cell says; None for a number that may be shown as per cent or not."""
        if isinstance(cell, str):
            return self.reader.read(cell)
        if is_number(cell) and self.table.percent_formats:
            return None
        return self.reader.read(cell_text(cell))

    def _report(
        self,
        row: int,
        code: str,
        readings: list[Reading | None],
        cells: Mapping[str, list[Reading | None]],
    ) -> None:
        """Findings and notes of one row's rate cells. A blank is missing where no code above says anything."""
        needed = len(code) in self.layout.leaf_lengths
        above = [cells[code[:length]] for length in range(2, len(code)) if code[:length] in cells]
        for index, ((column, preference), reading) in enumerate(zip(self.rates, readings, strict=True)):
            if reading is not None and reading.parts and not reading.notes:
                self.rate_texts += 1
                continue
            place = self.table.place(row, column)
            if reading is None:
                self.rate_texts += 1
                shown = cell_text(self.table.rows[row][column])
                self.unread[shown] += 1
                self.findings.append(self._warning("RATE_SCALE_UNCLEAR", place, {"text": shown}))
                continue
            for note, says in reading.notes:
                self._note(note, place, says)
            if reading.problem:
                self.rate_texts += 1
                self.unread[reading.text] += 1
                self.findings.append(self._warning(reading.problem, place, reading.says))
            elif reading.parts:
                self.rate_texts += 1
            elif needed and not any(_says(higher[index]) for higher in above):
                says = {"code": code, "preference": preference or GENERAL}
                self.findings.append(self._warning("RATE_NOT_GIVEN", place, says))

    def _repeated(
        self,
        row: int,
        code: str,
        before: list[Reading | None],
        readings: list[Reading | None],
        stood: int,
    ) -> None:
        """A code met again: equal cells merge; of cells that differ none is taken, and both are named."""
        same = True
        for index, (column, preference) in enumerate(self.rates):
            old, new = before[index], readings[index]
            if old is new or (
                old and new and (old.parts, old.problem, old.says) == (new.parts, new.problem, new.says)
            ):
                continue
            same = False
            says = {
                "code": code,
                "preference": preference or GENERAL,
                "text": new.text if new else cell_text(self.table.rows[row][column]),
                "other_text": old.text if old else cell_text(self.table.rows[stood][column]),
                "other_at": self.table.place(stood, column),
            }
            self.findings.append(self._warning("COMMODITY_ROWS_DIFFER", self.table.place(row, column), says))
            if old is not None and old.parts:
                self.unread[old.text] += 1
                before[index] = Reading(old.text, problem="COMMODITY_ROWS_DIFFER")
        if same:
            says = {"code": code, "other_at": self.table.place(stood)}
            self._note("COMMODITY_REPEATED", self.table.place(row), says)

    def _measures(
        self,
        cells: Mapping[str, list[Reading | None]],
        act: str,
        period: Period,
        schedule: Schedule,
        verified: bool,
    ) -> list[Measure]:
        law, tax = LegalRef(act), self.layout.tax
        measures: list[Measure] = []
        for code, readings in cells.items():
            for (_, preference), reading in zip(self.rates, readings, strict=True):
                if reading is None:
                    continue
                for part in reading.parts:
                    quota = self.layout.quota_order_id.replace("{heading}", code[:4]) if part.in_quota else ""
                    measures.append(
                        Measure(
                            code,
                            tax,
                            schedule,
                            period,
                            law,
                            part.given,
                            part.duty,
                            MeasureKind.QUOTA if part.in_quota else MeasureKind.DUTY,
                            preference,
                            part.origins,
                            part.excluded_origins,
                            quota,
                            "",
                            reading.text,
                            verified,
                            part.derived,
                        )
                    )
        return measures

    def _note(self, code: str, at: str, says: Mapping[str, str]) -> None:
        self.findings.append(Finding(code, at, says, severity=Severity.NOTE))

    @staticmethod
    def _warning(code: str, at: str, says: Mapping[str, str]) -> Finding:
        return Finding(code, at, says, severity=Severity.WARNING)


def _says(reading: Reading | None) -> bool:
    """Whether a cell says anything at all."""
    return reading is None or reading.text != ""


def _column(titles: list[str], names: tuple[str, ...]) -> int | None:
    wanted = set(map(heading, names))
    return next((column for column, title in enumerate(titles) if heading(title) in wanted), None)
