"""Walk an ASYCUDA document by its table: elements into values by scope, values into figures, texts and days.

What no field takes is kept with its path; what is found has element and line. What the values mean together (money,
procedures, taxes) is put together in `asycuda`, where the rules of reading are written down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Any, Final

from .. import declaration as d
from ..findings import Finding, Severity
from ..money import MILLIONTHS, BadNumber, decimal_text, scaled
from . import figures
from .asycuda_table import Kind, Row, Scope, Tag
from .guard import XML_SPACE, Element, plain, shown, text_findings
from .wco import pointer_of
from .wco_walk import XSI, Cut, indexed

MAX_FINDINGS: Final = 1_000
"""Findings of one document; the one after it says that there are more."""
MAX_KEPT: Final = 200_000
"""Values that are kept."""
MAX_KEPT_CHARACTERS: Final = 20_000_000
"""Characters in the paths and texts of what is kept: deep and long names would make a small file large."""

_SHOWN: Final = 40
_LARGEST: Final = 10**30


@dataclass(frozen=True, slots=True)
class Step:
    """A place in the document, as a chain: its text is made only when something is kept or found there."""

    name: str
    count: int
    above: Step | None = None

    @property
    def path(self) -> str:
        """ "ASYCUDA/Item[2]/Packages/Number_of_packages"."""
        steps: list[str] = []
        here: Step | None = self
        while here is not None:
            steps.append(indexed(here.name, here.count))
            here = here.above
        return "/".join(reversed(steps))


@dataclass(slots=True)
class Value:
    """The text of one element and its place. taken: whether a field has it; what no field has is kept."""

    text: str
    element: Element
    step: Step
    taken: bool = False


@dataclass(slots=True)
class Part:
    """One scope of the document: its values by the path of their row, and the parts in it, in the document's order.

    at: the place of its record in the declaration, "" for the declaration itself.
    """

    scope: Scope
    element: Element
    step: Step
    at: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def of(self, scope: Scope) -> Iterator[Part]:
        """The parts of one kind that say anything."""
        return (part for part in self.parts if part.scope is scope and part.values)

    def place(self, name: str) -> str:
        """The place of a field of its record."""
        return f"{self.at}.{name}" if self.at and name else self.at or name


class Walk:
    """Reads one document's elements. Filled while reading: findings, lines (`at` → line and column), kept."""

    def __init__(self, root: Element, zone: tzinfo | None) -> None:
        self.root = root
        self.zone = zone
        self.flow = ""
        self.findings: list[Finding] = []
        self.lines: dict[str, tuple[int, int]] = {}
        self.known_kept = 0
        self._kept: list[tuple[int, d.Kept]] = []
        self._kept_characters = 0
        self._once: dict[tuple[str, str], tuple[Element, str, int]] = {}
        self._days: list[Value] = []
        self._orders: dict[bool, set[str]] = {False: set(), True: set()}
        self._figures: list[str] = []
        self._decimal_marks: set[str] = set()
        self._typed: Mapping[Kind, Callable[[Row, Value, str], Any]] = {
            Kind.TEXT: self.text,
            Kind.CODE: self.code,
            Kind.COUNT: self._count,
            Kind.AMOUNT: self._amount,
            Kind.QUANTITY: self._quantity,
            Kind.FLAG: self._flag,
            Kind.DAY: self._day,
            Kind.INSTANT: self._instant,
        }

    def walk(self, scope: Scope) -> Part:
        """The document as parts and values."""
        root = self.root
        document = Part(scope, root, Step(root.name, 1))
        self._attributes(root, document.step, known="id")
        if root.text:
            self._misplaced(root, document.step, root.name)
        self._children(root, scope.tags, document.step, root.name, document)
        for value in self._days:
            self._orders[_is_typed(value)] |= _order_shown(value.text)
        for text in self._figures:
            self._decimal_marks |= figures.decimal_mark_shown(text)
        return document

    def _children(self, element: Element, tag: Tag, step: Step, names: str, part: Part) -> None:
        """Collect the values below an element. names: its path without numbers, for what is told once for all."""
        for child, below in _numbered(element, step):
            known = tag.children.get(child.name.casefold())
            here = f"{names}/{child.name}"
            if known is None or child.namespace not in ("", self.root.namespace):
                self._tell_once("ASYCUDA_ELEMENT_UNKNOWN", child, here, below.path)
                self._keep_all(child, below)
                continue
            if child.pairs:
                self._attributes(child, below)
            inner = part
            if known.scope is not None:
                inner = Part(known.scope, child, below)
                part.parts.append(inner)
                known = known.scope.tags
            if child.text:
                if known.row is None:
                    self._misplaced(child, below, here)
                else:
                    self._value(Value(child.text, child, below), known.row, inner)
            if child.children:
                self._children(child, known, below, here, inner)

    def _value(self, value: Value, row: Row, part: Part) -> None:
        if row.path.endswith(("Date", "_date")) or row.kind is Kind.INSTANT:
            self._days.append(value)
        if row.kind in _FIGURES or row.path.rpartition("/")[2].endswith(_FIGURE_PARTS):
            self._figures.append(value.text)
        if row.kind is Kind.KEPT:
            self.known_kept += 1
            self.keep(value)
            return
        first = part.values.setdefault(row.path, value)
        if first.text != value.text:
            # The same once more says nothing; something else leaves open which of the two is meant.
            self.warn("ASYCUDA_REPEATED", value)
            self.keep(value)

    # --- what is found -------------------------------------------------------------------------------------------

    def find(
        self, code: str, element: Element, at: str, severity: Severity = Severity.WARNING, /, **says: str
    ) -> None:
        facts = {**says, "line": str(element.line)}
        self._add(Finding(code, at, facts, severity=severity, pointer=pointer_of(at)), element)

    def warn(self, code: str, value: Value, at: str = "", /, **says: str) -> None:
        self.wrong(code, value, at, Severity.WARNING, **says)

    def wrong(self, code: str, value: Value, at: str, severity: Severity, /, **says: str) -> None:
        """A finding about a value: at its field, else where it stands in the document."""
        facts = {"element": shown(value.element.name, _SHOWN), "value": shown(value.text, _SHOWN), **says}
        self.find(code, value.element, at or value.step.path, severity, **facts)

    def _add(self, finding: Finding, element: Element) -> None:
        if len(self.findings) == MAX_FINDINGS:
            finding = Finding("FINDINGS_CUT", says={"limit": str(MAX_FINDINGS)}, pointer="42A")
        if len(self.findings) <= MAX_FINDINGS:
            self.findings.append(finding)
            self.lines.setdefault(finding.at, (element.line, element.column))

    def _tell_once(self, code: str, element: Element, what: str, at: str) -> None:
        first, place, count = self._once.get((code, what), (element, at, 0))
        self._once[code, what] = (first, place, count + 1)

    def tell_what_was_kept(self) -> None:
        """Say once what holds for many elements, at the first of them."""
        for (code, what), (element, at, count) in self._once.items():
            name = what.rpartition("/")[2]
            says = {"element": shown(name, _SHOWN), "count": str(count), "value": shown(element.text, _SHOWN)}
            self.find(code, element, at, Severity.NOTE, **says)
        if self.known_kept:
            self.find("ASYCUDA_KEPT", self.root, "kept", Severity.NOTE, count=str(self.known_kept))

    # --- what is kept --------------------------------------------------------------------------------------------

    def keep(self, value: Value) -> None:
        value.taken = True
        self._keep(value.element, value.step.path, value.text)

    def keep_the_rest(self, part: Part) -> None:
        """Keep every value that no field has taken."""
        for value in part.values.values():
            if not value.taken:
                self.known_kept += 1
                self.keep(value)
        for inner in part.parts:
            self.keep_the_rest(inner)

    @property
    def kept(self) -> tuple[d.Kept, ...]:
        """In the document's order."""
        return tuple(kept for _, kept in sorted(self._kept, key=lambda pair: pair[0]))

    def _keep(
        self, element: Element, path: str, text: str, attributes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        texts = (path, text, *(part for pair in attributes for part in pair))
        self._kept_characters += sum(map(len, texts))
        if len(self._kept) == MAX_KEPT or self._kept_characters > MAX_KEPT_CHARACTERS:
            raise Cut(Finding("ELEMENTS_KEPT_TOO_MANY", "", {"limit": str(MAX_KEPT)}, pointer="42A"))
        for part in texts:
            if not plain(part):
                self._judge(part, element, path)
        self._kept.append((element.place, d.Kept(path=path, text=text, attributes=attributes)))

    def _keep_all(self, element: Element, step: Step) -> None:
        """Keep an element and those in it; an empty one holds nothing to keep."""
        if element.text or element.pairs:
            self._keep(element, step.path, element.text, tuple(element.attributes.items()))
        for child, below in _numbered(element, step):
            self._keep_all(child, below)

    def _attributes(self, element: Element, step: Step, known: str = "") -> None:
        for name, value in element.attributes.items():
            if name.startswith(XSI):
                continue
            at = f"{step.path}@{name}"
            if name != known:
                self._tell_once("ASYCUDA_ATTRIBUTE_UNKNOWN", element, name, at)
            self._keep(element, at, value)

    def _misplaced(self, element: Element, step: Step, names: str) -> None:
        at = f"{step.path}/text()"
        self._tell_once("ASYCUDA_TEXT_MISPLACED", element, names, at)
        self._keep(element, at, element.text)

    def _judge(self, text: str, element: Element, at: str) -> None:
        for finding in text_findings(text, at, pointer=pointer_of(at)):
            self._add(finding, element)

    # --- values --------------------------------------------------------------------------------------------------

    def text(self, row: Row, value: Value, at: str) -> str:
        """Running text with its line breaks, without white space around its lines and without empty ones."""
        text = "\n".join(_lines(value.text, _LINE_END))
        if not plain(text):
            self._judge(text, value.element, at)
        return text

    def code(self, row: Row, value: Value, at: str) -> str | None:
        """A code or reference; None, with a warning, where letters in it pass for others ("Nº 7", "ХYZ").

        A line break or tab, with what is around it, is one space.
        """
        text = " ".join(_lines(value.text, _LINE_END_OR_TAB))
        if plain(text):
            return text
        doubtful = False
        for finding in text_findings(text, at, identifier=True, pointer=pointer_of(at)):
            if finding.code in _PASSING_FOR_OTHERS:
                finding, doubtful = replace(finding, severity=Severity.WARNING), True
            self._add(finding, value.element)
        return None if doubtful else text

    def number(
        self, value: Value, at: str, decimals: int = 6, severity: Severity = Severity.ERROR
    ) -> int | None:
        """A figure times 10^decimals; None, with its finding, where it is none (severity) or has more decimals."""
        try:
            number = scaled(figures.plain_decimal(value.text, self._decimal_marks), decimals)
            if abs(number) >= _LARGEST:
                raise BadNumber("NUMBER_MALFORMED", value.text)
        except BadNumber as bad:
            precise = bad.code == "NUMBER_TOO_PRECISE"
            self.wrong(f"ASYCUDA_{bad.code}", value, at, Severity.WARNING if precise else severity)
            return None
        return number

    def millionths(self, row: Row, value: Value, at: str) -> int | None:
        return self.number(value, at)

    def _count(self, row: Row, value: Value, at: str) -> int | None:
        number = self.number(value, at)
        if number is None:
            return None
        if number % MILLIONTHS:
            self.wrong("ASYCUDA_NUMBER_NOT_WHOLE", value, at, Severity.ERROR)
            return None
        return number // MILLIONTHS

    def _amount(self, row: Row, value: Value, at: str) -> d.Amount | None:
        number = self.number(value, at)
        return None if number is None else d.Amount(millionths=number)

    def _quantity(self, row: Row, value: Value, at: str) -> d.Quantity | None:
        number = self.number(value, at)
        return None if number is None else d.Quantity(millionths=number, unit=row.unit)

    def _flag(self, row: Row, value: Value, at: str) -> str | None:
        flag = _FLAGS.get(value.text.casefold())
        if flag is None:
            self.warn("ASYCUDA_VALUE_UNKNOWN", value, at, allowed="true, false")
        return flag

    def _day(self, row: Row, value: Value, at: str) -> datetime | None:
        day = self._date(value, at)
        return None if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a day has no zone)

    def _instant(self, row: Row, value: Value, at: str) -> datetime | None:
        day = self._date(value, at)
        if day is None or self.zone is None:
            return None
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def _date(self, value: Value, at: str) -> date | None:
        """The day that a text gives; None, with a warning, where it gives none for certain."""
        matched = _DAY_AND_TIME.fullmatch(value.text.strip())
        day = self._day_of(matched[1], value) if matched else None
        if matched is None or day is None or isinstance(day, str):
            self.warn(day if isinstance(day, str) else "ASYCUDA_DATE_MALFORMED", value, at)
            return None
        if matched[2] and not _MIDNIGHT.fullmatch(matched[2]):
            # The field is a day: the time beside it is kept.
            self.known_kept += 1
            self._keep(value.element, value.step.path, value.text)
        return day

    def _day_of(self, text: str, value: Value) -> date | str | None:
        """The day; the code of what makes it uncertain; None where it is none."""
        try:
            if matched := _YEAR_FIRST.fullmatch(text):
                return date(int(matched[1]), int(matched[3]), int(matched[4]))
            if matched := _EIGHT.fullmatch(text):
                return date(*map(int, matched.groups()))
            if not (matched := _PARTED.fullmatch(text)):
                return None
            first, second, year = int(matched[1]), int(matched[3]), _century(matched[4]) + int(matched[4])
            order = "month" if first == second else self._order(text, value)
            if order == "day":
                self._tell_once("ASYCUDA_DATE_DAY_FIRST", value.element, "", value.step.path)
                return date(year, second, first)
            return date(year, first, second) if order == "month" else "ASYCUDA_DATE_AMBIGUOUS"
        except ValueError:
            return None  # no such day

    def _order(self, text: str, value: Value) -> str:
        """Which of the first two figures of a day comes first, "day" or "month"; "" where that is not certain.

        What a day shows by itself counts. Else the other days of its group do: those that the system prints are one,
        those that a person writes beside documents the other. Without any sign the format's own order counts, which
        is month/day/year with slashes.
        """
        if shown := _order_shown(text):
            return next(iter(shown))
        group, other = self._orders[_is_typed(value)], self._orders[not _is_typed(value)]
        if len(group) == 1:
            return next(iter(group))
        return "month" if not group and "day" not in other and "/" in text else ""

    # --- the fields of a scope -----------------------------------------------------------------------------------

    def fields(self, part: Part) -> dict[str, Any]:
        """The fields of a scope's rows by dotted name. A value that got its field is taken."""
        fields: dict[str, Any] = {}
        for row in part.scope.rows:
            value = part.values.get(row.path)
            if value is None:
                if row.required:
                    name = row.path.rpartition("/")[2]
                    self.find("ASYCUDA_MISSING", part.element, part.place(row.into), element=name)
            elif row.kind in _LISTED:
                self._listed(row, value, part, fields)
            elif (into := row.field(self.flow)) and row.kind in self._typed:
                self._field(row, into, value, part, fields)
        return fields

    def _field(self, row: Row, into: str, value: Value, part: Part, fields: dict[str, Any]) -> None:
        before = fields.get(into)
        if row.follows and before is None:
            return
        made = self._typed[row.kind](row, value, part.place(into))
        if made is None:
            return
        if before is None:
            fields[into] = made
        elif isinstance(before, str):
            fields[into] = before + ("\n" if row.kind is Kind.TEXT else "") + made
        elif before != made:
            self.warn("ASYCUDA_VALUES_DIFFER", value, part.place(into), other=_figure(before))
            return
        value.taken = True

    def _listed(self, row: Row, value: Value, part: Part, fields: dict[str, Any]) -> None:
        """A value that is a record of its own among others: a remark, or a previous document."""
        of_scope = "" if row.into else part.at
        items = fields.setdefault(row.into or "previous_documents", [])
        at = of_scope or part.place(f"{row.into}[{len(items) + 1}]")
        made: d.Record
        if row.kind is Kind.PREVIOUS_LINE:
            # The line of nothing, or a line that is no number, is only kept.
            if items and LINE_NUMBER.fullmatch(value.text):
                items[-1] = d.PreviousDocument(
                    category_code=items[-1].category_code, id=items[-1].id, line_numeric=int(value.text)
                )
                value.taken = True
            return
        if row.kind is Kind.PREVIOUS:
            reference = self.code(row, value, f"{at}.id")
            if reference is None:
                return
            # In a scope of their own they are those of box 40, which has categories; else a document of a type.
            category, kind = (row.code, "") if of_scope else ("", row.code)
            made = d.PreviousDocument(category_code=category, type_code=kind, id=reference)
        elif row.kind is Kind.INFORMATION_CODE:
            code = self.code(row, value, f"{at}.statement_code")
            if code is None:
                return
            made = d.AdditionalInformation(statement_code=code)
        else:
            words = self.text(row, value, f"{at}.statement_description")
            made = d.AdditionalInformation(statement_description=words, statement_type_code=row.code)
        items.append(made)
        value.taken = True

    def take(
        self, part: Part, path: str, at: str, read: Callable[[Row, Value, str], Any] | None = None
    ) -> Any:
        """The value of a row that is part of something composed, as a code unless read otherwise; None without."""
        value = part.values.get(path)
        if value is None:
            return None
        made = (read or self.code)(NO_ROW, value, part.place(at))
        value.taken = made is not None
        return made


def _numbered(element: Element, step: Step) -> Iterator[tuple[Element, Step]]:
    """The children with their places; `<null/>` is nothing."""
    counts: dict[str, int] = {}
    for child in element.children:
        if child.name not in _NOTHING or child.text or child.children or child.pairs:
            counts[child.name] = count = counts.get(child.name, 0) + 1
            yield child, Step(child.name, count, step)


_NOTHING: Final = frozenset({"null", "Null", "NULL"})
NO_ROW: Final = Row("", Kind.PART)
LINE_NUMBER: Final = re.compile(r"\d{1,5}", re.ASCII)

_LISTED: Final = (Kind.PREVIOUS, Kind.PREVIOUS_LINE, Kind.INFORMATION, Kind.INFORMATION_CODE)
_FLAGS: Final = {"true": "1", "false": "0", "1": "1", "0": "0"}
_LINE_END: Final = re.compile(r"[\r\n]+")
_LINE_END_OR_TAB: Final = re.compile(r"[\r\n\t]+")
_PASSING_FOR_OTHERS: Final = ("TEXT_MIXED_SCRIPTS", "TEXT_LOOK_ALIKE")


def _lines(text: str, end: re.Pattern[str]) -> list[str]:
    """The lines of a text without the white space around them and without empty ones."""
    if end.search(text) is None:
        return [text]
    return [line for raw in end.split(text) if (line := raw.strip(XML_SPACE))]


_DAY_AND_TIME: Final = re.compile(
    r"(\S+?)(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?))?",
    re.ASCII,
)
_MIDNIGHT: Final = re.compile(r"(?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?[Aa][Mm])", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_EIGHT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
_PARTED: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_FIRST_OF_LAST_CENTURY: Final = 69


def _century(year: str) -> int:
    """What to add to a year: POSIX reads two figures from 69 on as the twentieth century (strptime, %y)."""
    if len(year) == 4:
        return 0
    return 1900 if int(year) >= _FIRST_OF_LAST_CENTURY else 2000


def _order_shown(text: str) -> set[str]:
    """The order that a day can only have: {"day"}, {"month"}, or nothing where both fit, or either says the same."""
    matched = _DAY_AND_TIME.fullmatch(text.strip())
    matched = _PARTED.fullmatch(matched[1]) if matched else None
    if matched is None:
        return set()
    first, second = int(matched[1]), int(matched[3])
    if first == second:
        return set()
    if 12 < first <= 31 and 0 < second <= 12:
        return {"day"}
    return {"month"} if 12 < second <= 31 and 0 < first <= 12 else set()


def _is_typed(value: Value) -> bool:
    """Whether a person wrote the day, beside a document."""
    return value.element.name.casefold() == "attached_document_date"


_FIGURES: Final = frozenset({Kind.COUNT, Kind.AMOUNT, Kind.QUANTITY})
_FIGURE_PARTS: Final = (
    "Amount_national_currency", "Amount_foreign_currency", "Currency_rate", "Item_price", "Duty_tax_rate",
    "_unit_quantity", "_from_licence", "_taxes",
)  # fmt: skip
"""How the names of composed rows end that are figures."""


def _figure(value: Any) -> str:
    """A figure of a record for a sentence."""
    return decimal_text(value.millionths) if isinstance(value, (d.Amount, d.Quantity)) else str(value)
