"""The numbered forms of a declaration on paper: the declaration itself, tax notice, inspection sheet, and release.

What a form says comes from the record: numbers, days and names are those of the act that issued it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding
from ...engine.lifecycle.declaration import ASSESSING, DECLARATION, Act, Kind, Role
from ...engine.lifecycle.declaration import Form as FormKind
from ...engine.lifecycle.machine import Event
from ...packs.pack import Pack
from ..accounts.models import User
from ..kit import terms
from ..kit.tags import amount, day_read, decimal, named, said, spaced
from ..printing.typeset import Form, Table, pdf
from ..record import models as record
from . import explained, reads
from .act_forms import UNTOLD
from .models import Declaration


@dataclass(frozen=True, slots=True)
class Printable:
    """is_there: whether the declaration has come so far. content: the form."""

    is_there: Callable[[Declaration], bool]
    content: Callable[[Declaration, Pack, bool], Form]

    def make(self, row: Declaration, pack: Pack, personal: bool) -> bytes | Finding:
        """The PDF; names and addresses only where `personal`."""
        return pdf(self.content(row, pack, personal))


def _event(row: Declaration, *acts: str) -> Event | None:
    """The last act of these kinds."""
    return next((event for event in reversed(reads.engine_events(row.number)) if event.act in acts), None)


def _base(row: Declaration, pack: Pack, kind: FormKind | None, event: Event | None) -> dict[str, Any]:
    language = terms.language()
    issued = pack.forms.get(kind) if kind else None
    at = event.at if event else row.lodged_at
    form = said("form_line", form=event.form_number) if event and event.form_number else ""
    return {
        "language": language,
        "country": pack.names.get(language, pack.code),
        "office": _office(row.office, pack),
        "motto": "",
        "form": form,
        "title": issued.names.get(language, "") if issued else "",
        "subtitle": str(issued.law) if issued else "",
        "place_and_day": _day(at, pack),
        "issued": pack.legal_day(at) if at else date.min,
        "foot": said("printed_foot", number=_number(row, pack), version=row.version),
    }


def _number(row: Declaration, pack: Pack) -> str:
    """As papers of this version show it: in some countries with the count of amendments."""
    return pack.printed_number(row.number, max(0, row.version - 1))


def _office(office: str, pack: Pack) -> str:
    for code in pack.code_lists.get("offices") or ():
        if code.value == office:
            return f"{code.names.get(terms.language(), office)} ({office})"
    return office or said("customs_office")


def _day(at: datetime | None, pack: Pack) -> str:
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(pack.zone))
    return said("day_line", day=f"{local:%d}", month=f"{local:%m}", year=f"{local:%Y}")


def _signs(event: Event | None) -> tuple[tuple[str, str], ...]:
    """Who decided, in the capacity that the event records; the machine signs nothing."""
    if event is None:
        return (("", ""), (said("declarant"), ""))
    if event.role == Role.SYSTEM:
        return ()
    user = User.objects.filter(username=event.actor).first()
    name = (user.full_name if user else "") or event.actor
    capacity = "" if event.capacity == "OWN" else f"{named('capacity', event.capacity)} {event.on_behalf}. "
    return (("", ""), (f"{capacity}{named('role', event.role)}", name))


def _facts(row: Declaration, pack: Pack, declared: Declared) -> list[tuple[str, str]]:
    legal = f"{row.legal_day:%d/%m/%Y}" if row.legal_day else "—"
    registered = (
        f"{row.registered_at.astimezone(ZoneInfo(pack.zone)):%d/%m/%Y %H:%M}" if row.registered_at else "—"
    )
    return [
        (said("column_number"), spaced(_number(row, pack))),
        (said("column_reference"), row.functional_reference or "—"),
        (said("declaration_type"), _type(row, pack)),
        (said("column_legal_day"), legal),
        (said("registered_at"), registered),
        (said("column_trader"), row.trader.name or row.trader.registry_id),
    ]


def _type(row: Declaration, pack: Pack) -> str:
    for code in pack.code_lists.get("declaration_types") or ():
        if code.value == row.type_code:
            return f"{row.type_code} – {code.names.get(terms.language(), '')}"
    return row.type_code


def _party(label: str, declared: Declared, name: str, personal: bool) -> list[tuple[str, str]]:
    party = getattr(declared, name)
    if party is None:
        return []
    shown = [party.id, *((party.name, party.address.line if party.address else "") if personal else ())]
    return [(label, ", ".join(part for part in shown if part) or "—")]


def _goods_table(declared: Declared) -> Table:
    head = [
        said(f"goods_{name}")
        for name in ("line", "code", "description", "origin", "mass", "quantity", "value")
    ]
    rows = []
    for place, item in enumerate(declared.goods_items, 1):
        charge = item.item_charge
        quantity = item.tariff_quantity
        rows.append(
            [
                str(place),
                item.commodity_code,
                item.description,
                item.origin_country_code,
                decimal(item.gross_mass.millionths, 6) if item.gross_mass else "",
                f"{decimal(quantity.millionths, 6)} {quantity.unit}".strip() if quantity else "",
                f"{decimal(charge.millionths, 6)} {charge.currency}".strip() if charge else "",
            ]
        )
    return Table(
        head=head, rows=rows, caption=said("goods"), right=(0, 4, 5, 6), widths=(3, 7, 14, 4, 6, 7, 9)
    )


def _declaration(row: Declaration, pack: Pack, personal: bool) -> Form:
    declared = reads.declared(row)
    facts = _facts(row, pack, declared)
    for name in ("declarant", "importer", "exporter", "agent"):
        facts += _party(named("party", name), declared, name, personal)
    if declared.trade_terms:
        terms_of = declared.trade_terms
        facts.append((said("incoterm"), f"{terms_of.condition_code} {terms_of.location_name}".strip()))
    if declared.invoice_amount:
        total = declared.invoice_amount
        facts.append((said("invoice_total"), f"{decimal(total.millionths, 6)} {total.currency}"))
    if row.channel_name:
        facts.append((said("column_channel"), named("channel", row.channel_name)))
    facts.append((said("column_state"), named("state", row.state)))
    base = {
        **_base(row, pack, None, None),
        "title": _type(row, pack).partition(" – ")[2] or said("declaration"),
    }
    return _form(
        base, facts=facts, tables=[_goods_table(declared), *_tax_tables(row, pack)], signs=_signs(None)
    )


def _tax_tables(row: Declaration, pack: Pack) -> list[Table]:
    found = explained.explained(row, pack)
    if found is None:
        return []
    rows = []
    for line in found.lines:
        for tax in line.taxes:
            law = "; ".join(part for part in (tax.law, *tax.notes) if part)
            rows.append([str(line.line), tax.text, law, amount(tax.minor or 0, pack.decimals)])
    rows.append(
        ["", said("payable_in_all"), "", f"{amount(found.total_minor, pack.decimals)} {pack.currency}"]
    )
    head = [said("goods_line"), said("how_computed"), said("law"), said("amount")]
    return [
        Table(head=head, rows=rows, caption=said("taxes"), right=(0, 3), widths=(3, 21, 14, 10), total=True)
    ]


def _tax_notice(row: Declaration, pack: Pack, personal: bool) -> Form:
    declared = reads.declared(row)
    event = _event(row, *ASSESSING)
    found = explained.explained(row, pack)
    facts = _facts(row, pack, declared)
    rows = [
        [name, code, amount(minor, pack.decimals)] for code, name, minor in (found.totals if found else ())
    ]
    rows.append(
        [
            said("payable_in_all"),
            "",
            f"{amount(found.total_minor if found else 0, pack.decimals)} {pack.currency}",
        ]
    )
    totals = Table(
        head=[said("tax"), said("code"), said("amount")],
        rows=rows,
        caption=said("sums_by_tax"),
        right=(2,),
        widths=(6, 2, 4),
        total=True,
    )
    notes = (
        [said("notice_edition", edition=found.edition[:16], pack_version=found.pack_version[:16])]
        if found
        else []
    )
    base = _base(row, pack, FormKind.TAX_NOTICE, event)
    return _form(
        base,
        facts=facts,
        tables=[*_tax_tables(row, pack), totals],
        notes=[*notes, *_by_machine(event)],
        signs=_signs(event),
    )


def _inspection(row: Declaration, pack: Pack, personal: bool) -> Form:
    declared = reads.declared(row)
    event = _event(row, Act.INSPECT)
    facts = _facts(row, pack, declared)
    containers = declared.consignment.transport_equipment if declared.consignment else ()
    for one in containers:
        seals = ", ".join(seal.id for seal in one.seals if seal.id)
        facts.append((said("container"), f"{one.id} {f'({seals})' if seals else ''}".strip()))
    if declared.consignment and declared.consignment.goods_location:
        place = declared.consignment.goods_location
        facts.append((said("goods_location"), place.name or place.id))
    notes: list[str] = []
    blanks: list[str] = []
    if event is not None:
        facts.append((said("says_result"), named("result", event.text("result"))))
        if event.text("note"):
            notes.append(f"{said('says_note')}: {event.text('note')}")
    else:
        blanks = [
            said(f"sheet_{name}")
            for name in ("seals", "packages", "counted", "differs", "result", "photographs")
        ]
    base = _base(row, pack, FormKind.INSPECTION_SHEET, event)
    # A country that has not numbered its sheet still has one; and a blank one is dated by who fills it.
    base["title"] = base["title"] or said("print_phieu-kiem-tra")
    if event is None:
        base["place_and_day"] = said("day_line", day="……", month="……", year="…………")
    signs = _signs(event) if event else ((said("declarant"), ""), (named("role", "INSPECTOR"), ""))
    return _form(base, facts=facts, tables=[_goods_table(declared)], notes=notes, blanks=blanks, signs=signs)


def _release(row: Declaration, pack: Pack, personal: bool) -> Form:
    declared = reads.declared(row)
    event = _event(row, Act.CLEAR, Act.RELEASE)
    kind = FormKind.CLEARANCE_DECISION if event and event.act == Act.CLEAR else FormKind.RELEASE_DECISION
    facts = _facts(row, pack, declared)
    if event is not None:
        local = event.at.astimezone(ZoneInfo(pack.zone))
        facts.append((named("act", event.act), f"{local:%d/%m/%Y %H:%M}"))
    for word, minor in (
        ("column_assessed", row.assessed_minor),
        ("column_paid", row.paid_minor),
        ("column_guaranteed", row.guaranteed_minor),
    ):
        facts.append((said(word), f"{amount(minor or 0, pack.decimals)} {pack.currency}"))
    base = _base(row, pack, kind, event)
    return _form(
        base, facts=facts, tables=[_goods_table(declared)], notes=_by_machine(event), signs=_signs(event)
    )


def _paper(act: Act) -> Callable[[Declaration, Pack, bool], Form]:
    """The numbered paper of the last act of its kind: the declaration, and everything that the act says."""
    kind = FormKind(next(step.form for step in DECLARATION.steps if step.act == act))

    def content(row: Declaration, pack: Pack, personal: bool) -> Form:
        declared = reads.declared(row)
        event = _event(row, act)
        facts = _facts(row, pack, declared)
        if event is not None:
            facts += [
                (said(f"says_{name}"), _as_said(name, value, pack))
                for name, value in event.says.items()
                if name not in UNTOLD
            ]
        base = _base(row, pack, kind, event)
        base["title"] = base["title"] or named("form", kind)
        tables = [_goods_table(declared)]
        if act in ASSESSING:
            tables += _tax_tables(row, pack)
        return _form(base, facts=facts, tables=tables, notes=[], signs=_signs(event))

    return content


def _as_said(name: str, value: Any, pack: Pack) -> str:
    """A fact of an act in words: amounts and days as people write them, codes by their names."""
    if name.endswith("_minor") and isinstance(value, int):
        return f"{amount(value, pack.decimals)} {pack.currency}"
    text = ", ".join(value) if isinstance(value, list | tuple) else str(value)
    if name.endswith("_day") and (day := day_read(text)):
        return f"{day:%d/%m/%Y}"
    code = {"outcome": "outcome", "method": "value_method", "kind": "obligation"}.get(name)
    return named(code, text) if code and text else text


def _done(act: Act) -> Callable[[Declaration], bool]:
    """Whether an act has happened: the acts of a declaration are asked for once, however many papers are offered."""

    def is_there(row: Declaration) -> bool:
        if "_papers" not in row.__dict__:
            happened = record.Event.objects.filter(subject=row.number, act__in=PAPERS.values())
            row.__dict__["_papers"] = frozenset(happened.values_list("act", flat=True))
        return act in row.__dict__["_papers"]

    return is_there


PAPERS: Final[Mapping[str, Act]] = {
    "nghi-van-tri-gia": Act.DOUBT_VALUE,
    "moi-tham-van": Act.INVITE_CONSULTATION,
    "bien-ban-tham-van": Act.RECORD_CONSULTATION,
    "bien-ban-lay-mau": Act.TAKE_SAMPLE,
    "ket-qua-phan-tich": Act.REPORT_ANALYSIS,
    "de-nghi-xac-minh": Act.VERIFY_ORIGIN,
    "ket-qua-xac-minh": Act.REPORT_ORIGIN,
    "an-dinh-thue": Act.IMPOSE_TAX,
}
"""Address → the act whose paper it is, of the matters that leave the amount open."""


def _by_machine(event: Event | None) -> list[str]:
    """What stands in the place of a signature where the law lets the machine decide."""
    return [said("decided_automatically")] if event is not None and event.role == Role.SYSTEM else []


def _form(base: dict[str, Any], **says: Any) -> Form:
    return Form(**base, **says)


PRINTABLE: Final[Mapping[str, Printable]] = {
    "to-khai": Printable(lambda row: True, _declaration),
    "thong-bao-thue": Printable(lambda row: row.assessed_minor is not None, _tax_notice),
    "phieu-kiem-tra": Printable(
        lambda row: row.obligations.filter(kind=Kind.INSPECTION).exists(), _inspection
    ),
    "quyet-dinh": Printable(lambda row: bool(row.cleared_at or row.released_at), _release),
    **{address: Printable(_done(act), _paper(act)) for address, act in PAPERS.items()},
}
"""Address → form."""
