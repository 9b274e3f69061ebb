"""CUSDEC, the customs declaration of UN/EDIFACT (D.96B, D.99B): bytes in, declarations and findings out.

A file may hold several messages; each is a declaration. The syntax is read by `edifact`; here segments get a meaning:

- What stands before UNS+D is the declaration's, from there each CST begins a line, what follows UNS+S sums up. A
  segment belongs to the group that its place puts it in: a date after a reference is that reference's, an amount after
  a tax that tax's, a currency after an amount that amount's.
- Procedure and origin that the declaration as a whole states (CST, LOC 27 before UNS+D) are those of each line that
  states none.
- Only qualifiers that say exactly what a field is are read. A segment of which anything has no field is kept whole, as
  it was written ("CUSDEC/segment[14]"), and told with its number, each kind of segment once. Code lists and their
  agencies (1131, 3055) are kept so too, but not told.
- BGM: 929 is IM, 830 is EX. Times that the data model has as instants are read in the zone that the caller gives, and
  kept without one. A figure has point or comma as its decimal mark, or only the one that UNA declares; EDIFACT has no
  thousands marks. More than six decimals are kept with a warning, never rounded.
- References have a document code where the directory gives one for their qualifier (HWB: "see 1001 = 703"), else their
  qualifier.

Counts: UNT and UNZ (`edifact`), and CNT: the number of lines (2, 5) must be right; packages (11) and gross mass (7)
that differ from the rest of the message are warnings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from .. import declaration as d
from ..findings import Finding, Severity, errors, in_order
from ..money import MILLIONTHS, BadNumber, decimal_text, millionths_of
from .dotted import made
from .edifact import RawMessage, Segment, interchange_messages
from .guard import plain, shown, text_findings
from .wco import pointer_of

__all__ = ["Cusdec", "read_cusdec"]

RELEASES: Final = ("96B", "99B")
"""Directories whose CUSDEC has been met. Another one is read by the same table, with a warning."""

_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Cusdec:
    """One message as read. place: which of the file, from 1. declaration: None where it holds none; what was read of it
    where an error refuses it, so that an answer can name its reference."""

    place: int
    declaration: d.Declaration | None
    findings: tuple[Finding, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether a finding rejects the message."""
        return self.declaration is None or bool(errors(self.findings))


def read_cusdec(data: bytes, zone: tzinfo | None = None) -> tuple[Cusdec, ...]:
    """Read every message of a file, whatever the bytes are; at least one, which then says what is wrong.

    zone: of the times that the data model has as instants; None keeps them unread. `at` of a finding is the place in
    the message ("segment 14, element 2, component 1", UNH being segment 1), `pointer` the field in WCO numbers.
    """
    return tuple(_read(raw, zone) for raw in interchange_messages(data))


def _read(raw: RawMessage, zone: tzinfo | None) -> Cusdec:
    message = _Message(raw, zone)
    declaration = message.read() if raw.segments else None
    return Cusdec(raw.place, declaration, in_order(raw.findings))


# --- what qualifiers mean --------------------------------------------------------------------------------------

_BGM: Final[Mapping[str, str]] = {"929": "IM", "830": "EX"}
"""UN/EDIFACT 1001: goods declaration for importation, for exportation."""

_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "1": ("trade_terms.location_id", "trade_terms.location_name"),
    "9": ("consignment.loading_location.id", "consignment.loading_location.name"),
    "14": ("consignment.goods_location.id", "consignment.goods_location.name"),
    "18": ("warehouse.id", ""),
    "28": ("destination.country_code", ""),
    "35": ("export_country_id", ""),
    "36": ("destination.country_code", ""),
    "42": ("exit_office_id", ""),
    "96": ("declaration_office_id", ""),
}
"""3227, of the declaration: fields of the identification (3225) and of the name (3224)."""

_PLACES_OF_LINE: Final[Mapping[str, tuple[str, str]]] = {
    "28": ("destination.country_code", ""),
    "35": ("export_country_id", ""),
    "36": ("destination.country_code", ""),
}
_ORIGIN: Final = "27"

_PARTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "CZ": ("exporter", "consignor"),
    "EX": ("exporter",),
    "CN": ("consignee",),
    "IM": ("importer",),
    "DT": ("declarant",),
    "CB": ("agent",),
    "AG": ("agent",),
    "SU": ("seller",),
    "SE": ("seller",),
    "BY": ("buyer",),
    "MS": ("submitter",),
    "PR": ("payer",),
}
"""3035, of the declaration: the fields that the party takes, the first that is free."""

_PARTIES_OF_LINE: Final[Mapping[str, tuple[str, ...]]] = {
    "CN": ("consignee",),
    "CZ": ("consignor",),
    "SU": ("seller",),
    "SE": ("seller",),
    "BY": ("buyer",),
}

_WEIGHTS: Final = ("AAE", "AAI", "WT")
"""6311: a measurement, an item's weight, weights. The dimension says which."""
_GROSS: Final = ("G", "AAB", "AAD", "AAE", "AAG")
_NET: Final = ("AAC", "AAF", "AAL")
_FIRST_TARIFF_QUANTITY: Final = "AAR"

_DOCUMENT_OF_REFERENCE: Final[Mapping[str, str]] = {
    "AWB": "740",
    "BH": "714",
    "BM": "705",
    "HWB": "703",
    "IV": "380",
    "MB": "704",
    "MWB": "741",
}
"""1153 → 1001, as the directory refers from one to the other."""
_DECLARATION_NUMBER: Final = "ABT"
"""1153: customs' number of another declaration."""
_TARIFF_NUMBER: Final = "HS"
_CONSIGNMENT_NUMBER: Final = "UCN"

_AMOUNTS: Final[Mapping[str, str]] = {"39": "invoice_amount"}
_AMOUNTS_OF_LINE: Final[Mapping[str, str]] = {"38": "item_charge", "40": "customs_value"}
_TAX_AMOUNT: Final = "161"
_TAXES_OF_LINE: Final = ("1", "3", "5", "6", "7")
"""5283: an individual duty, tax or fee, the total of one kind, a customs duty, a fee, a tax."""

_TARIFF_LISTS: Final = ("", "108")
"""1131 of a commodity code: none, or the tariff schedule."""
_PROCEDURE_LISTS: Final = ("", "117")
"""1131 of a procedure: none, or customs procedures."""
_COMMODITY: Final = re.compile(r"\d{4,14}", re.ASCII)
_PROCEDURE: Final = re.compile(r"\w{4}", re.ASCII)
_LINE_NUMBER: Final = re.compile(r"\d{1,5}", re.ASCII)

_FORMATS: Final[Mapping[str, str]] = {"102": "%Y%m%d", "203": "%Y%m%d%H%M", "204": "%Y%m%d%H%M%S"}
"""2379 → how Python reads it."""
_DIGITS: Final[Mapping[str, int]] = {"102": 8, "203": 12, "204": 14}

_LISTS: Final[Mapping[str, tuple[int, ...]]] = {
    "BGM": (1,),
    "CST": (2, 3, 4, 5, 6),
    "DOC": (1,),
    "EQD": (2, 3),
    "LOC": (2, 3),
    "NAD": (2,),
    "PAC": (3,),
    "TAX": (2, 5),
    "TDT": (5, 8),
    "TOD": (3,),
}
"""Segment → elements whose second and third component are a code list and its agency."""


class _Reading:
    """One segment while it is read: which of its components have found their field."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.read: set[tuple[int, int]] = set()

    def peek(self, element: int, component: int = 1) -> str:
        return self.segment.get(element, component)

    def done(self, *places: tuple[int, int]) -> None:
        self.read.update(places)

    def unread(self) -> tuple[list[tuple[int, int]], bool]:
        """Components without a field, and whether any of them is more than a code list."""
        places = [
            (element, component)
            for element, components in enumerate(self.segment.elements, 1)
            for component, text in enumerate(components, 1)
            if text and (element, component) not in self.read
        ]
        lists = _LISTS.get(self.segment.tag, ())
        return places, any(element not in lists or component not in (2, 3) for element, component in places)


type Fields = dict[str, Any]


class _Message:
    """One message on its way into a declaration.

    of_all: the declaration's fields. of_line: the current line's, None before the first. after: the group that the last
    segment with one opened, and what later segments of it are about.
    """

    def __init__(self, raw: RawMessage, zone: tzinfo | None) -> None:
        self.raw = raw
        self.zone = zone
        self.of_all: Fields = {}
        self.lines: list[Fields] = []
        self.of_line: Fields | None = None
        self.section = "header"
        self.after: tuple[str, Any] = ("", None)
        self.inherited: Fields = {}
        self.inherited_from: dict[str, Segment] = {}
        self.kept: dict[int, d.Kept] = {}
        self.untold: dict[str, list[Segment]] = {}
        self.counts: list[tuple[str, int, Segment]] = []
        self.too_many_lines = False
        # A consignor stands for the exporter only where the message names none.
        self.names_exporter = any(one.tag == "NAD" and one.get(1) == "EX" for one in raw.segments)

    def read(self) -> d.Declaration:
        first, *rest = self.raw.segments
        self._unh(first)
        for segment in rest:
            if segment.tag != "UNT":
                self._segment(segment)
        for name, segment in self.inherited_from.items():
            if all(name in line for line in self.lines):
                self._keep_and_tell(segment)
        self._counts()
        self._tell_what_was_kept()
        return self._declaration()

    def _segment(self, segment: Segment) -> None:
        reading = _Reading(segment)
        if segment.repeats:
            self._find("CUSDEC_REPETITION", segment, 0, 0, Severity.WARNING)
        elif (handler := _HANDLERS.get(segment.tag)) is not None:
            handler(self, reading)
        places, more = reading.unread()
        if more or segment.tag not in _HANDLERS:
            self._keep_and_tell(segment)
        elif places:
            self._keep(segment)

    # --- what is found and kept ----------------------------------------------------------------------------------

    def _find(
        self,
        code: str,
        segment: Segment,
        element: int = 0,
        component: int = 0,
        severity: Severity = Severity.ERROR,
        into: str = "",
        /,
        **says: str,
    ) -> None:
        at = segment.at(element, component)
        facts = segment.says(element, component, **says)
        self.raw.add(Finding(code, at, facts, severity=severity, pointer=pointer_of(into)))

    def _keep(self, segment: Segment) -> None:
        if segment.number in self.kept:
            return
        if not plain(segment.raw):
            for finding in text_findings(segment.raw, segment.at()):
                self.raw.add(finding)
        path = f"CUSDEC/segment[{segment.number}]"
        self.kept[segment.number] = d.Kept(path=path, text=segment.raw)

    def _keep_and_tell(self, segment: Segment) -> None:
        self._keep(segment)
        qualifier = "" if segment.tag in _UNQUALIFIED else segment.get(1)
        kind = f"{segment.tag}+{qualifier}" if qualifier else segment.tag
        told = self.untold.setdefault(kind, [])
        if segment not in told[-1:]:
            told.append(segment)

    def _tell_what_was_kept(self) -> None:
        for kind, segments in self.untold.items():
            numbers = ", ".join(str(segment.number) for segment in segments[:_MOST_NUMBERS])
            more = " …" if len(segments) > _MOST_NUMBERS else ""
            self._find(
                "CUSDEC_KEPT",
                segments[0],
                0,
                0,
                Severity.NOTE,
                kind=shown(kind, _SHOWN),
                count=str(len(segments)),
                segments=numbers + more,
            )

    # --- values --------------------------------------------------------------------------------------------------

    def _text(self, reading: _Reading, element: int, component: int, into: str, *, code: bool = True) -> str:
        """A text, judged; code: as an identifier."""
        text = reading.peek(element, component)
        reading.done((element, component))
        if not plain(text):
            at = reading.segment.at(element, component)
            for finding in text_findings(text, at, identifier=code, pointer=pointer_of(into)):
                self.raw.add(finding)
        return text

    def _texts(self, reading: _Reading, element: int, components: Iterable[int], into: str) -> list[str]:
        """Running text of several components, without the empty ones."""
        texts = [self._text(reading, element, component, into, code=False) for component in components]
        return [text for text in texts if text]

    def _put(
        self,
        fields: Fields,
        into: str,
        reading: _Reading,
        element: int,
        component: int = 1,
        *,
        code: bool = True,
    ) -> bool:
        """Put a text into a field that is free; whether it is there now."""
        text = reading.peek(element, component)
        if not text or not into or fields.get(into, text) != text:
            return False
        place = self._into(into) if fields is self.of_line else into
        fields[into] = self._text(reading, element, component, place, code=code)
        return True

    def _number(self, reading: _Reading, element: int, component: int, into: str) -> int | None:
        """A figure in millionths; None, with its finding, where it is none or has more decimals."""
        text = reading.peek(element, component)
        if not text:
            return None
        try:
            matched = _FIGURE.fullmatch(text)
            declared = self.raw.marks.decimal
            if matched is None or (declared and matched[3] and matched[3] != declared):
                raise BadNumber("NUMBER_MALFORMED", text)
            value = millionths_of(f"{matched[1]}{matched[2] or '0'}.{matched[4] or '0'}")
        except BadNumber as bad:
            precise = bad.code == "NUMBER_TOO_PRECISE"
            severity = Severity.WARNING if precise else Severity.ERROR
            says = {"value": shown(text, _SHOWN)}
            self._find(f"CUSDEC_{bad.code}", reading.segment, element, component, severity, into, **says)
            return None
        reading.done((element, component))
        return value

    def _count(self, reading: _Reading, element: int, component: int, into: str) -> int | None:
        number = self._number(reading, element, component, into)
        if number is None or number % MILLIONTHS == 0:
            return None if number is None else number // MILLIONTHS
        says = {"value": shown(reading.peek(element, component), _SHOWN)}
        self._find(
            "CUSDEC_NUMBER_MALFORMED", reading.segment, element, component, Severity.ERROR, into, **says
        )
        return None

    def _moment(self, reading: _Reading, into: str, *, day: bool) -> datetime | None:
        """The time of a DTM. day: a day alone may stand without a zone; else it needs one, and is its first instant."""
        text, form = reading.peek(1, 2), reading.peek(1, 3)
        if form not in _FORMATS:
            return None
        try:
            if not (text.isascii() and text.isdigit() and len(text) == _DIGITS[form]):
                raise ValueError(text)
            moment = datetime.strptime(text, _FORMATS[form])  # noqa: DTZ007  (the zone is the caller's)
        except ValueError:
            says = {"value": shown(text, _SHOWN), "form": form}
            self._find("CUSDEC_DATE_MALFORMED", reading.segment, 1, 2, Severity.WARNING, into, **says)
            return None
        if not (day and form == "102"):
            if self.zone is None:
                return None
            moment = moment.replace(tzinfo=self.zone)
        reading.done((1, 1), (1, 2), (1, 3))
        return moment

    # --- segments ------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> Fields:
        """Those of the line in the detail section, else the declaration's."""
        return self.of_all if self.of_line is None else self.of_line

    def _unh(self, segment: Segment) -> None:
        kind, version, release, agency = (segment.get(2, component) for component in range(1, 5))
        if kind != "CUSDEC":
            self._find("CUSDEC_OTHER_MESSAGE", segment, 2, 1, message_type=shown(kind, _SHOWN))
        elif (version, agency) != ("D", "UN") or release not in RELEASES:
            says = {"release": shown(f"{version}.{release} {agency}", _SHOWN), "known": ", ".join(RELEASES)}
            self._find("CUSDEC_RELEASE_UNKNOWN", segment, 2, 3, Severity.WARNING, **says)

    def _uns(self, reading: _Reading) -> None:
        section = {"D": "detail", "S": "summary"}.get(reading.peek(1), "")
        if section:
            self.section, self.of_line, self.after = section, None, ("", None)
            reading.done((1, 1))

    def _bgm(self, reading: _Reading) -> None:
        kind = _BGM.get(reading.peek(1))
        if kind is not None:
            self.of_all["type_code"] = kind
            reading.done((1, 1))
        elif reading.peek(1):
            says = {"value": shown(reading.peek(1), _SHOWN)}
            self._find("CUSDEC_BGM_UNKNOWN", reading.segment, 1, 1, Severity.WARNING, "type_code", **says)
        self._put(self.of_all, "functional_reference_id", reading, 2)
        self._put(self.of_all, "function_code", reading, 3)

    def _cst(self, reading: _Reading) -> None:
        if self.section == "header":
            if self._procedure(self.inherited, reading, 2):
                self.inherited_from["procedures"] = reading.segment
            return
        if self.section == "summary" or len(self.lines) == d.MAX_GOODS_ITEMS:
            self.too_many_lines |= self.section == "detail"
            return
        self.of_line = {}
        self.lines.append(self.of_line)
        self.after = ("", None)
        if _LINE_NUMBER.fullmatch(reading.peek(1)):
            self.of_line["sequence_numeric"] = int(reading.peek(1))
            reading.done((1, 1))
        for element in range(2, 7):
            if element == 2 and reading.peek(2, 2) in _TARIFF_LISTS and _COMMODITY.fullmatch(reading.peek(2)):
                self._commodity(self.of_line, reading, 2, 1)
            elif element > 2 or reading.peek(2, 2):
                self._procedure(self.of_line, reading, element, lists=("117",))

    def _commodity(self, fields: Fields, reading: _Reading, element: int, component: int) -> None:
        into = f"goods_items[{len(self.lines)}].classifications[1].id"
        code = self._text(reading, element, component, into)
        fields["classifications"] = [d.Classification(id=code, identification_type_code="TSP")]

    def _procedure(
        self, fields: Fields, reading: _Reading, element: int, lists: tuple[str, ...] = _PROCEDURE_LISTS
    ) -> bool:
        """Read a procedure where none is yet; whether this is one."""
        code = reading.peek(element)
        if reading.peek(element, 2) not in lists or not _PROCEDURE.fullmatch(code) or "procedures" in fields:
            return False
        fields["procedures"] = [d.Procedure(current_code=code[:2], previous_code=code[2:])]
        reading.done((element, 1))
        return True

    def _loc(self, reading: _Reading) -> None:
        qualifier = reading.peek(1)
        if qualifier == _ORIGIN and self.section != "summary":
            self._origin(reading)
            return
        places = _PLACES if self.of_line is None else _PLACES_OF_LINE
        identified, named = places.get(qualifier, ("", "")) if self.section != "summary" else ("", "")
        if self._put(self.fields, identified, reading, 2, 1) | self._put(
            self.fields, named, reading, 2, 4, code=False
        ):
            reading.done((1, 1))

    def _origin(self, reading: _Reading) -> None:
        fields = self.inherited if self.of_line is None else self.of_line
        country = reading.peek(2)
        if not country or "origins" in fields:
            return
        into = f"goods_items[{max(len(self.lines), 1)}].origins[1]"
        self._text(reading, 2, 1, f"{into}.country_code")
        region = self._text(reading, 3, 1, f"{into}.region_id")
        fields["origins"] = [d.Origin(country_code=country, region_id=region)]
        reading.done((1, 1))
        if fields is self.inherited:
            self.inherited_from["origins"] = reading.segment

    def _dtm(self, reading: _Reading) -> None:
        group, about = self.after
        if group == "document":
            document: Fields = about
            if reading.peek(1, 1) in ("137", "171") and "effective_time" not in document:
                into = "additional_documents[1].effective_time"
                if (moment := self._moment(reading, into, day=True)) is not None:
                    document["effective_time"] = moment
        elif reading.peek(1, 1) == "137" and self.section == "header" and not group:
            moment = self._moment(reading, "issue_time", day=False)
            if moment is not None and self.of_all.setdefault("issue_time", moment) != moment:
                reading.read.clear()
        else:
            # Of no use to us, but a date that is none is told.
            self._moment(reading, "", day=True)
            reading.read.clear()

    def _mea(self, reading: _Reading) -> None:
        purpose, dimension = reading.peek(1), reading.peek(2)
        into = ""
        if purpose in _WEIGHTS and dimension in _GROSS:
            into = "total_gross_mass" if self.of_line is None else "gross_mass"
        elif purpose in _WEIGHTS and dimension in _NET and self.of_line is not None:
            into = "net_mass"
        elif purpose == _FIRST_TARIFF_QUANTITY and not dimension and self.of_line is not None:
            into = "tariff_quantity"
        if not into or into in self.fields or self.section == "summary":
            return
        number = self._number(reading, 3, 2, self._into(into))
        if number is not None:
            unit = self._text(reading, 3, 1, self._into(into))
            self.fields[into] = d.Quantity(millionths=number, unit=unit)
            reading.done((1, 1), (2, 1))

    def _into(self, name: str) -> str:
        """The place of a field of the current line, or of the declaration."""
        return name if self.of_line is None else f"goods_items[{len(self.lines)}].{name}"

    def _eqd(self, reading: _Reading) -> None:
        self.after = ("other", None)
        if not reading.peek(2) or self.section == "summary":
            return
        name = "transport_equipment" if self.of_line is not None else "consignment.transport_equipment"
        units: list[Fields] = self.fields.setdefault(name, [])
        into = self._into(f"{name}[{len(units) + 1}].id")
        unit: Fields = {"sequence_numeric": len(units) + 1, "id": self._text(reading, 2, 1, into)}
        units.append(unit)
        self.after = ("equipment", unit)
        if reading.peek(1) == "CN":
            reading.done((1, 1))

    def _sel(self, reading: _Reading) -> None:
        group, unit = self.after
        if group == "equipment" and reading.peek(1):
            seals: list[d.Seal] = unit.setdefault("seals", [])
            number = self._text(reading, 1, 1, "consignment.transport_equipment[1].seals[1].id")
            seals.append(d.Seal(sequence_numeric=len(seals) + 1, id=number))

    def _ftx(self, reading: _Reading) -> None:
        subject = reading.peek(1)
        if self.section == "summary" or not subject:
            return
        if subject == "AAA" and self.of_line is not None and "description" not in self.of_line:
            words = self._texts(reading, 4, range(1, 6), self._into("description"))
            if words:
                self.of_line["description"] = "\n".join(words)
                reading.done((1, 1))
            return
        remarks: list[d.AdditionalInformation] = self.fields.setdefault("additional_informations", [])
        into = self._into(f"additional_informations[{len(remarks) + 1}]")
        code = self._text(reading, 3, 1, f"{into}.statement_code")
        words = self._texts(reading, 4, range(1, 6), f"{into}.statement_description")
        if code or words:
            remark = d.AdditionalInformation(
                statement_code=code, statement_description="\n".join(words), statement_type_code=subject
            )
            remarks.append(remark)
            reading.done((1, 1))

    def _rff(self, reading: _Reading) -> None:
        if self.after[0] == "party":
            # A number of that party; the data model has one identifier for it.
            return
        qualifier, number = reading.peek(1, 1), reading.peek(1, 2)
        self.after = ("other", None)
        if not number or self.section == "summary":
            return
        if qualifier == _TARIFF_NUMBER and self.of_line is not None:
            if "classifications" not in self.of_line and _COMMODITY.fullmatch(number):
                self._commodity(self.of_line, reading, 1, 2)
                reading.done((1, 1))
        elif qualifier == _CONSIGNMENT_NUMBER:
            if self._put(self.fields, "ucr.id", reading, 1, 2):
                reading.done((1, 1))
        elif qualifier == _DECLARATION_NUMBER:
            self._previous(reading)
        else:
            type_code = _DOCUMENT_OF_REFERENCE.get(qualifier, qualifier)
            self._document(reading, type_code, (1, 2))
            reading.done((1, 1))

    def _previous(self, reading: _Reading) -> None:
        documents: list[d.PreviousDocument] = self.fields.setdefault("previous_documents", [])
        into = self._into(f"previous_documents[{len(documents) + 1}]")
        number = self._text(reading, 1, 2, f"{into}.id")
        line = None
        if _LINE_NUMBER.fullmatch(reading.peek(1, 3)):
            line = int(reading.peek(1, 3))
            reading.done((1, 3))
        documents.append(d.PreviousDocument(type_code=_DECLARATION_NUMBER, id=number, line_numeric=line))
        reading.done((1, 1))

    def _document(self, reading: _Reading, type_code: str, number: tuple[int, int]) -> Fields:
        documents: list[Fields] = self.fields.setdefault("additional_documents", [])
        into = self._into(f"additional_documents[{len(documents) + 1}].id")
        document: Fields = {"type_code": type_code, "id": self._text(reading, *number, into)}
        documents.append(document)
        self.after = ("document", document)
        return document

    def _doc(self, reading: _Reading) -> None:
        self.after = ("other", None)
        if self.section == "summary" or not (reading.peek(1) or reading.peek(2)):
            return
        type_code = self._text(reading, 1, 1, self._into("additional_documents[1].type_code"))
        document = self._document(reading, type_code, (2, 1))
        document["name"] = self._text(reading, 1, 4, self._into("additional_documents[1].name"), code=False)

    def _tdt(self, reading: _Reading) -> None:
        self.after = ("transport", None)
        taken = any(name.startswith("border_transport_means.") for name in self.of_all)
        if reading.peek(1) != "20" or self.section != "header" or taken:
            return
        means = "border_transport_means"
        put = [
            self._put(self.of_all, f"{means}.mode_code", reading, 3),
            self._put(self.of_all, f"{means}.type_code", reading, 4),
            self._put(self.of_all, f"{means}.id", reading, 8),
            self._put(self.of_all, f"{means}.name", reading, 8, 4, code=False),
            self._put(self.of_all, f"{means}.registration_nationality_code", reading, 8, 5),
        ]
        if any(put):
            reading.done((1, 1))

    def _nad(self, reading: _Reading) -> None:
        roles = (_PARTIES if self.of_line is None else _PARTIES_OF_LINE).get(reading.peek(1), ())
        if reading.peek(1) == "CZ" and self.names_exporter:
            roles = ("consignor",)
        role = next((role for role in roles if self._is_free(role)), "")
        self.after = ("party", role)
        if not role or self.section == "summary":
            return
        fields, into = self.fields, self._into(role)
        self._put(fields, f"{role}.id", reading, 2)
        name = self._texts(reading, 4, range(1, 6), f"{into}.name")
        # Without a name of its own, name and address are lines of one text.
        lines = self._texts(reading, 3, range(1, 6), f"{into}.name") if not name else []
        fields[f"{role}.name"] = " ".join(name) or "\n".join(lines)
        street = self._texts(reading, 5, range(1, 5), f"{into}.address.line")
        fields[f"{role}.address.line"] = " ".join(street)
        self._put(fields, f"{role}.address.city_name", reading, 6, code=False)
        self._put(fields, f"{role}.address.country_sub_division_code", reading, 7)
        self._put(fields, f"{role}.address.postcode_id", reading, 8)
        self._put(fields, f"{role}.address.country_code", reading, 9)
        reading.done((1, 1))

    def _is_free(self, role: str) -> bool:
        """Whether no party has taken this field."""
        return not any(name.startswith(f"{role}.") for name in self.fields)

    def _cta(self, reading: _Reading) -> None:
        group, role = self.after
        if (
            group == "party"
            and role
            and self._put(self.fields, f"{role}.contact_name", reading, 2, 2, code=False)
        ):
            reading.done((1, 1))

    def _com(self, reading: _Reading) -> None:
        group, role = self.after
        name = f"{role}.communication"
        if group == "party" and role and f"{name}.id" not in self.fields:
            self._put(self.fields, f"{name}.id", reading, 1, 1)
            self._put(self.fields, f"{name}.type_code", reading, 1, 2)

    def _moa(self, reading: _Reading) -> None:
        group, tax = self.after
        qualifier = reading.peek(1, 1)
        if group == "tax":
            fields: Fields = tax
            into = "tax_assessed_amount" if qualifier == _TAX_AMOUNT else ""
            place = self._into("duty_tax_fees[1].tax_assessed_amount")
        else:
            self.after = ("other", None)
            fields = self.fields
            into = (_AMOUNTS if self.of_line is None else _AMOUNTS_OF_LINE).get(qualifier, "")
            place = self._into(into)
        if not into or into in fields or self.section == "summary":
            return
        number = self._number(reading, 1, 2, place)
        if number is None:
            return
        currency = self._text(reading, 1, 3, f"{place}.currency")
        fields[into] = d.Amount(millionths=number, currency=currency)
        reading.done((1, 1))
        if group != "tax":
            self.after = ("amount", (fields, into))

    def _cux(self, reading: _Reading) -> None:
        group, about = self.after
        currency = reading.peek(1, 2)
        if not currency or self.section == "summary":
            return
        if group == "amount":
            fields, into = about
            amount: d.Amount = fields[into]
            if amount.currency in ("", currency):
                self._text(reading, 1, 2, f"{self._into(into)}.currency")
                fields[into] = d.Amount(millionths=amount.millionths, currency=currency)
                reading.done((1, 1), (1, 3))
        if reading.peek(3):
            exchanges: list[d.CurrencyExchange] = self.of_all.setdefault("currency_exchanges", [])
            place = f"currency_exchanges[{len(exchanges) + 1}]"
            rate = self._number(reading, 3, 1, f"{place}.rate_millionths")
            if rate is not None:
                self._text(reading, 1, 2, f"{place}.currency_type_code")
                exchanges.append(d.CurrencyExchange(currency_type_code=currency, rate_millionths=rate))
                reading.done((1, 1), (1, 3))

    def _tod(self, reading: _Reading) -> None:
        self.after = ("other", None)
        if self.of_line is None and self.section == "header":
            # What the terms are about (4055) and how they are paid (4215) have no field.
            self._put(self.of_all, "trade_terms.condition_code", reading, 3)
            self._put(self.of_all, "trade_terms.description", reading, 3, 4, code=False)

    def _pac(self, reading: _Reading) -> None:
        self.after = ("other", None)
        if self.of_line is None:
            return
        packages: list[Fields] = self.of_line.setdefault("packagings", [])
        into = self._into(f"packagings[{len(packages) + 1}]")
        package: Fields = {"sequence_numeric": len(packages) + 1}
        number = self._number(reading, 1, 1, f"{into}.quantity")
        if number is not None:
            package["quantity"] = d.Quantity(millionths=number)
        package["type_code"] = self._text(reading, 3, 1, f"{into}.type_code")
        packages.append(package)
        self.after = ("package", package)

    def _pci(self, reading: _Reading) -> None:
        group, package = self.after
        if group != "package" or "marks_numbers_id" in package:
            return
        marks = self._texts(reading, 2, range(1, 11), self._into("packagings[1].marks_numbers_id"))
        if marks:
            package["marks_numbers_id"] = "\n".join(marks)
            reading.done((1, 1))

    def _tax(self, reading: _Reading) -> None:
        self.after = ("other", None)
        if self.of_line is None or reading.peek(1) not in _TAXES_OF_LINE or not reading.peek(2):
            return
        taxes: list[Fields] = self.of_line.setdefault("duty_tax_fees", [])
        into = self._into(f"duty_tax_fees[{len(taxes) + 1}]")
        tax: Fields = {"type_code": self._text(reading, 2, 1, f"{into}.type_code")}
        tax["tax_rate_millionths"] = self._number(reading, 5, 4, f"{into}.tax_rate_millionths")
        taxes.append(tax)
        self.after = ("tax", tax)
        reading.done((1, 1))

    def _cnt(self, reading: _Reading) -> None:
        qualifier = reading.peek(1, 1)
        if qualifier in ("2", "5", "11"):
            into = "total_package_quantity" if qualifier == "11" else "goods_item_quantity"
            number = self._count(reading, 1, 2, into)
            if number is not None and self.of_all.setdefault(into, number) == number:
                reading.done((1, 1))
                self.counts.append((qualifier, number * MILLIONTHS, reading.segment))
        elif qualifier == "7":
            number = self._number(reading, 1, 2, "total_gross_mass")
            if number is None:
                return
            unit = self._text(reading, 1, 3, "total_gross_mass")
            self.of_all.setdefault("total_gross_mass", d.Quantity(millionths=number, unit=unit))
            reading.done((1, 1))
            self.counts.append((qualifier, number, reading.segment))

    # --- the end -------------------------------------------------------------------------------------------------

    def _counts(self) -> None:
        """Compare the control totals with what the message holds, and tell a declaration without lines."""
        header = self.raw.segments[0]
        if self.too_many_lines:
            says = {"count": f"> {d.MAX_GOODS_ITEMS}", "limit": str(d.MAX_GOODS_ITEMS)}
            self.raw.add(Finding("GOODS_ITEMS_TOO_MANY", "goods_items", says, pointer="42A/67A/68A"))
        if not self.lines and header.get(2) == "CUSDEC":
            self._find("CUSDEC_WITHOUT_LINES", header, 0, 0, Severity.WARNING, "goods_items")
        packages = [
            package["quantity"].millionths
            for line in self.lines
            for package in line.get("packagings", ())
            if "quantity" in package
        ]
        total = self.of_all.get("total_gross_mass")
        counted = {
            "2": len(self.lines) * MILLIONTHS,
            "5": len(self.lines) * MILLIONTHS,
            "11": sum(packages) if packages else None,
            "7": None if total is None else total.millionths,
        }
        for qualifier, declared, segment in self.counts:
            found = counted[qualifier]
            if found is not None and found != declared:
                severity = Severity.ERROR if qualifier in ("2", "5") else Severity.WARNING
                says = {"declared": decimal_text(declared), "counted": decimal_text(found)}
                self._find("CUSDEC_CONTROL_DIFFERS", segment, 1, 2, severity, qualifier=qualifier, **says)

    def _declaration(self) -> d.Declaration:
        fields = {**self.of_all, **_listed(self.of_all), "kept": [self.kept[n] for n in sorted(self.kept)]}
        units = self.of_all.get("consignment.transport_equipment", ())
        fields["consignment.transport_equipment"] = [made(d.TransportEquipment, unit) for unit in units]
        fields["goods_items"] = [
            made(d.GoodsItem, {**self.inherited, **line, **_listed(line)}) for line in self.lines
        ]
        return made(d.Declaration, fields)


_LISTED: Final[Mapping[str, type[d.Record]]] = {
    "additional_documents": d.AdditionalDocument,
    "duty_tax_fees": d.DutyTaxFee,
    "packagings": d.Packaging,
    "transport_equipment": d.TransportEquipment,
}


def _listed(fields: Fields) -> Fields:
    """The lists whose records later segments could still fill, as records."""
    return {
        name: [made(record, one) for one in fields[name]]
        for name, record in _LISTED.items()
        if name in fields
    }


_MOST_NUMBERS: Final = 10
_UNQUALIFIED: Final = ("BGM", "COM", "CST", "PAC", "SEL")
"""Segments that do not begin with a qualifier."""
_FIGURE: Final = re.compile(r"(-?)(?=[\d.,])(\d{0,24})(?:([.,])(\d{1,24}))?", re.ASCII)

_HANDLERS: Final[Mapping[str, Callable[[_Message, _Reading], None]]] = {
    "BGM": _Message._bgm,
    "CNT": _Message._cnt,
    "COM": _Message._com,
    "CST": _Message._cst,
    "CTA": _Message._cta,
    "CUX": _Message._cux,
    "DOC": _Message._doc,
    "DTM": _Message._dtm,
    "EQD": _Message._eqd,
    "FTX": _Message._ftx,
    "LOC": _Message._loc,
    "MEA": _Message._mea,
    "MOA": _Message._moa,
    "NAD": _Message._nad,
    "PAC": _Message._pac,
    "PCI": _Message._pci,
    "RFF": _Message._rff,
    "SEL": _Message._sel,
    "TAX": _Message._tax,
    "TDT": _Message._tdt,
    "TOD": _Message._tod,
    "UNS": _Message._uns,
}
