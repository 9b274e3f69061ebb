"""`thongquan tariff`: load an edition, and ask what the law of a day says of a code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..engine.tariff.measures import Schedule
from ..speech import complain, emit, language, money, named, say, table, told
from .arguments import DONE, FINDINGS, AsJson, day_of, open_site, stop

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from ..engine.findings import Finding
    from ..engine.tariff.measures import Measure
    from ..engine.tariff.nomenclature import Commodity
    from ..engine.tariff.tariff import TariffView
    from ..packs.inquiry import History, Inquiry, Question, ScheduleRate
    from ..packs.pack import Pack

tariff_app = typer.Typer(no_args_is_help=True)


@tariff_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    act: Annotated[str, typer.Option("--act")],
    first_day: Annotated[str, typer.Option()],
    last_day: Annotated[str, typer.Option()] = "",
    schedule: Annotated[Schedule, typer.Option("--schedule")] = Schedule.IMPORT,
    layout: Annotated[str, typer.Option("--layout")] = "",
    country: Annotated[str, typer.Option("--country")] = "",
    ended: Annotated[list[str] | None, typer.Option("--ended")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    as_json: AsJson = False,
) -> None:
    from ..engine.findings import Finding, errors
    from ..engine.tariff.sheets import load_sheet
    from ..engine.tariff.tables import read_tables
    from ..packs import layouts

    first, last = day_of(first_day), day_of(last_day) if last_day else None
    tables = read_tables(file)
    found = (
        tables
        if isinstance(tables, Finding)
        else layouts.named(layout)
        if layout
        else layouts.layout_for(tables)
    )
    if found is None:
        raise stop("unknown_layout", layout=layout, known=", ".join(known.name for known in layouts.LAYOUTS))
    if isinstance(found, Finding) or isinstance(tables, Finding):
        complain([one for one in (found,) if isinstance(one, Finding)], str(file), as_json)
        raise typer.Exit(FINDINGS)
    whose = country or layouts.country_of(found)
    if not whose and not dry_run:
        raise stop("country_needed", layout=found.name)
    loaded = load_sheet(tables, found, act, first, last, schedule)
    if loaded.edition is None:
        complain(loaded.findings, str(file), as_json)
        raise typer.Exit(FINDINGS)
    edition, refused = loaded.edition, False
    if not dry_run:
        open_site()
        from ..site.clearance.activation import activate

        published = activate(edition, country=whose, source=file.name, ended=ended or ())
        complain(published, str(file), as_json)
        refused = bool(errors(published))
    if as_json:
        emit({
            "name": edition.name, "country": whose, "measures": len(edition.measures),
            "commodities": len(edition.nomenclature), "hash": edition.hash, "stored": not (dry_run or refused),
            "counts": dict(loaded.counts), "unread": dict(loaded.unread),
            "findings": [told(one) for one in loaded.findings],
        })  # fmt: skip
    else:
        print(say("imported", name=edition.name, measures=len(edition.measures),
                  commodities=len(edition.nomenclature), hash=edition.hash[:16]))  # fmt: skip
        for code, count in loaded.counts.items():
            print("  " + say("counted", code=code, count=count))
        for text, count in loaded.unread.items():
            print(f"    {count} × {text!r}")
    raise typer.Exit(FINDINGS if refused else DONE)


@tariff_app.command("show")
def show(
    code: str,
    on: Annotated[str, typer.Option()],
    origin: Annotated[str, typer.Option("--origin")] = "",
    form: Annotated[str, typer.Option("--form")] = "",
    value: Annotated[str, typer.Option("--value")] = "",
    quantity: Annotated[str, typer.Option("--quantity")] = "",
    additional_code: Annotated[list[str] | None, typer.Option("--additional-code")] = None,
    export: Annotated[bool, typer.Option("--export")] = False,
    pack: Annotated[str, typer.Option("--pack", "--country")] = "",
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..packs import inquiry
    from ..packs import pack as packs
    from ..site.reference.reads import countries, equipped, tariff_of

    day = day_of(on)
    code, origin = code.replace(".", "").replace(" ", ""), origin.upper()
    shown = False
    for whose in [pack] if pack else countries():
        view = tariff_of(whose).as_of(day)
        if whose not in packs.names():
            shown = _bare(whose, view, code, origin, as_json=as_json, forced=bool(pack)) or shown
            continue
        country = equipped(packs.load(whose))
        question = _question(country, view, code, day, origin, form, value, quantity, additional_code, export)
        answer = inquiry.inquire(country, question)
        if not answer.is_known and not (pack and (answer.rates or answer.others)):
            continue
        shown = True
        if form and inquiry.scheme_of(country, form, origin, day)[0] == "":
            complaint = say("tariff_form_unknown", form=form, day=f"{day:%d/%m/%Y}")
            typer.echo(complaint, err=True)
        if as_json:
            emit(facts(country, answer))
        else:
            _tell(country, answer)
    if not shown:
        typer.echo(say("no_rates", day=f"{day:%d/%m/%Y}", code=code), err=True)
        raise typer.Exit(FINDINGS)


def _question(
    country: Pack,
    view: TariffView,
    code: str,
    day: date,
    origin: str,
    form: str,
    value: str,
    quantity: str,
    additional_codes: list[str] | None,
    export: bool,
) -> Question:
    from ..engine.money import MILLIONTHS
    from ..packs import inquiry

    amount = _millionths(value) if value else None
    count, _, unit = quantity.partition("/")
    commodity = view.commodity(code)
    if count and not unit and commodity and commodity.units:
        unit = commodity.units[0]
    minor = inquiry.ASSUMED_VALUE if amount is None else amount * 10**country.decimals // MILLIONTHS
    return inquiry.Question(
        code,
        day,
        inquiry.EXPORT if export else inquiry.IMPORT,
        origin,
        form,
        minor,
        _millionths(count) if count else None,
        unit.upper(),
        tuple(additional_codes or ()),
    )


def _millionths(text: str) -> int:
    from ..engine.money import millionths_of

    try:
        return millionths_of(text.strip())
    except ValueError:
        raise stop("bad_number", text=text) from None


# a country without a pack: only rows


def _bare(whose: str, view: TariffView, code: str, origin: str, *, as_json: bool, forced: bool) -> bool:
    """Print the rows of a tariff that no pack assesses; whether there were any."""
    rows = [row for row in view.measures(code) if not origin or row.is_for(origin)]
    speaks = view.knows(code) or any(row.commodity for row in rows)
    if not rows or not (forced or speaks):
        return False
    if as_json:
        emit({"country": whose, "code": code, "on": view.day, "rates": [measure_facts(row) for row in rows]})
        return True
    _head(whose, view.commodity(code), view.ancestors(code), code)
    keys = ("tax", "schedule", "preference", "rate", "origins", "days", "law")
    shown = [{**measure_facts(row), "days": _days(row), "law": _law(row)} for row in rows]
    table(list(map(say, keys)), [[str(row[key]) for key in keys] for row in shown])
    return True


# people


def _tell(country: Pack, answer: Inquiry) -> None:
    question = answer.question
    name = country.names.get(language(), country.code)
    _head("", answer.commodity, answer.above, question.code)
    parts = [say("tariff_of", country=name, day=f"{question.day:%d/%m/%Y}")]
    if question.origin:
        parts.append(say("tariff_origin", origin=question.origin))
    if question.form:
        parts.append(say("tariff_form", form=question.form))
    if answer.commodity and answer.commodity.units:
        units = ", ".join(named("unit", unit) for unit in answer.commodity.units)
        parts.append(say("tariff_units", units=units))
    print("; ".join(parts) + ".")
    _tell_rates(country, answer)
    _tell_taxes(country, answer)
    if answer.others:
        print("\n" + say("other_rates"))
        keys = ("tax", "schedule", "preference", "rate", "origins", "law")
        rows = [[*_place(one), _rate(one), _origins(one.measure), _law(one.measure)] for one in answer.others]
        table(list(map(say, keys)), rows)
    if answer.permits:
        print("\n" + say("permits_needed"))
        table(
            list(map(say, ("permit", "ministry", "document", "law"))),
            [
                [one.names.get(language(), one.value), one.facts.get("ministry", ""),
                 one.facts.get("documents", "").replace("/", " / "),
                 _with_doubt(str(one.law), one.facts.get("verified", "yes") == "yes")]
                for one in answer.permits
            ],
        )  # fmt: skip
    _tell_history(answer.history)


def _head(whose: str, commodity: Commodity | None, above: Iterable[Commodity], code: str) -> None:
    for one in reversed(list(above)):
        print(f"{one.code}  {_name(one)}")
    print(f"{code}  {_name(commodity) if commodity else ''}{f'  ({whose})' if whose else ''}".rstrip())


def _tell_rates(country: Pack, answer: Inquiry) -> None:
    if not answer.rates:
        return
    from ..packs.inquiry import ASSUMED_VALUE

    value = answer.question.value_minor
    key = "rates_by_schedule_assumed" if value == ASSUMED_VALUE else "rates_by_schedule"
    print("\n" + say(key, value=money(value, country.decimals), currency=country.currency))
    rows = [
        [
            _scheme(one),
            one.form,
            _rate(one),
            money(one.option.total_minor, country.decimals) if one.option else "",
            applies(one, country.decimals),
            _law(one.measure),
        ]
        for one in answer.rates
    ]
    table(
        list(map(say, ("preference", "form_asked", "rate", "whole_line", "applies", "law"))), rows, right=(3,)
    )


def applies(one: ScheduleRate, decimals: int) -> str:
    """Whether a rate may be taken, and what a better one asks."""
    option = one.option
    if option is None:
        code = one.measure.additional_code
        return (
            say("applies_no")
            if one.is_for_origin is False
            else say("applies_code", code=code)
            if code
            else ""
        )
    if option.is_lowest:
        return say("applies_lowest")
    if option.is_lawful:
        return say("applies_lawful")
    missing = ", ".join(_missing(finding) for finding in option.missing)
    if option.saving_minor:
        return say("applies_missing", saving=money(option.saving_minor, decimals), missing=missing)
    return say("applies_not_better", missing=missing)


def _missing(finding: Finding) -> str:
    """What a finding asks for, in a few words."""
    if finding.code == "ORIGIN_PROOF_MISSING":
        return say("missing_proof", form=finding.says["form"])
    if finding.code == "TRANSPORT_NOT_DIRECT":
        return say("missing_direct")
    if finding.code == "QUOTA_LICENCE_MISSING":
        return say("missing_quota", quota=finding.says["quota"])
    return str(told(finding)["sentence"])


def _tell_taxes(country: Pack, answer: Inquiry) -> None:
    if not answer.traces:
        return
    names = {levy.tax.code: levy.names.get(language(), "") for levy in country.levies}
    print("\n" + say("taxes_of_line"))
    rows = [
        [
            f"{names.get(one.tax, '')} {one.tax}".strip(),
            money(
                None if one.base_millionths is None else one.base_millionths // 1_000_000, country.decimals
            ),
            _terms(one.to_dict()),
            money(one.payable_minor, country.decimals),
            _with_doubt(one.rate_law or one.tax_law, one.verified),
        ]
        for one in answer.traces
    ]
    sums = [one.payable_minor for one in answer.traces]
    total = None if None in sums else sum(one for one in sums if one is not None)
    doubt = "" if all(one.verified for one in answer.traces) else say("unverified")
    rows.append([say("all_taxes"), "", "", money(total, country.decimals), doubt])
    table(list(map(say, ("tax", "base", "rate", "amount", "law"))), rows, right=(1, 3))
    if answer.assessment is not None:
        complain([one for one in answer.findings if one.severity.name == "ERROR"], "", as_json=False)


def _terms(trace: dict[str, Any]) -> str:
    """The terms that made the amount: "70 %", "1.000.000 VND/TNE"."""
    from ..engine.money import decimal_text

    parts: list[str] = []
    if trace.get("note") == "NOT_SUBJECT":
        return say("given_not_subject")
    for term in trace.get("terms", ()):
        if term["branch"] != trace["branch"]:
            continue
        if "rate_ppm" in term:
            shown = f"{_figure(decimal_text(term['rate_ppm'], 4))} %"
        else:
            price = _figure(decimal_text(term["specific_millionths"]))
            shown = f"{price} {term['currency']}/{named('unit', term['unit'])}"
        parts.append(f"{'− ' if term['sign'] < 0 else '+ ' if parts else ''}{shown}")
    return " ".join(parts)


def _tell_history(history: Iterable[History]) -> None:
    changed = [one for one in history if len({(run.measure.given, run.measure.duty) for run in one.runs}) > 1]
    if not changed:
        return
    print("\n" + say("history"))
    rows = [
        [one.tax, named("tariff_schedule", one.schedule.value), one.preference or say("general_scheme"),
         _span(run.first_day, run.last_day), _printed(run.measure), _law(run.measure)]
        for one in changed
        for run in one.runs
    ]  # fmt: skip
    table(list(map(say, ("tax", "schedule", "preference", "days", "rate", "law"))), rows)


def _place(one: ScheduleRate) -> list[str]:
    row = one.measure
    return [row.tax, named("tariff_schedule", row.schedule.value), _scheme(one)]


def _scheme(one: ScheduleRate) -> str:
    row = one.measure
    name = one.names.get(language(), "")
    shown = f"{row.preference} {name}".strip() if row.preference else say("general_scheme")
    return " · ".join(part for part in (shown, row.quota_order_id, row.additional_code) if part)


def _rate(one: ScheduleRate) -> str:
    """The rate in force, and for a share of another one what it is a share of."""
    if one.measure.derived is not None and one.measured is not None:
        return f"{_printed(one.measured)} ({_printed(one.measure)})"
    return _printed(one.measure)


def _printed(row: Measure) -> str:
    from ..engine.tariff.measures import Given
    from ..engine.tariff.rate_text import duty_text

    if row.given in (Given.NOT_SUBJECT, Given.NO_PREFERENCE, Given.NOT_GIVEN):
        return say(f"given_{row.given.value}")
    if row.derived is not None:
        of = row.derived.preference or say("general_rate")
        return say("share_of", percent=row.derived.ppm // 10_000, of=of)
    return _figure(duty_text(row.duty)) if row.duty else row.text


def _figure(text: str) -> str:
    return text.replace(".", ",") if language() == "vi" else text


def _origins(row: Measure) -> str:
    return " ".join((*row.origins, *(f"-{one}" for one in row.excluded_origins)))


def _law(row: Measure) -> str:
    return _with_doubt(str(row.law), row.verified)


def _with_doubt(law: str, verified: bool) -> str:
    return law if verified else f"{law} ({say('unverified')})"


def _days(row: Measure) -> str:
    return _span(row.period.first_day, row.period.last_day)


def _span(first: date, last: date | None) -> str:
    return f"{first:%d/%m/%Y} – {f'{last:%d/%m/%Y}' if last else '…'}"


def _name(commodity: Commodity) -> str:
    return commodity.names.get(language()) or next(iter(commodity.names.values()), "")


# machines


def facts(country: Pack, answer: Inquiry) -> dict[str, Any]:
    """The whole answer in plain values. Money in minor units; a sum that is pending is null."""
    question, best = answer.question, answer.best
    return {
        "country": country.code,
        "code": question.code,
        "on": question.day,
        "flow": question.flow,
        "origin": question.origin,
        "form": question.form,
        "value_minor": question.value_minor,
        "currency": country.currency,
        "decimals": country.decimals,
        "names": dict(answer.commodity.names) if answer.commodity else {},
        "units": list(answer.commodity.units) if answer.commodity else [],
        "above": [{"code": one.code, "names": dict(one.names)} for one in answer.above],
        "declarable": answer.is_declarable,
        "rates": [_schedule_facts(one) for one in answer.rates],
        "others": [_schedule_facts(one) for one in answer.others],
        "taxes": [one.to_dict() for one in answer.traces],
        "payable_minor": best.total_minor if best else None,
        "verified": answer.is_verified,
        "permits": [
            {"names": dict(one.names), "law": str(one.law),
             **{name: one.facts.get(name, "") for name in ("prefix", "ministry", "documents", "verified")}}
            for one in answer.permits
        ],
        "history": [
            {"tax": one.tax, "schedule": one.schedule.value, "preference": one.preference, "kind": one.kind.value,
             "runs": [{**measure_facts(run.measure), "first_day": run.first_day, "last_day": run.last_day}
                      for run in one.runs]}
            for one in answer.history
        ],
        "edition": country.tariff.hash,
        "pack_version": country.version,
        "findings": [told(one) for one in answer.findings],
    }  # fmt: skip


def _schedule_facts(one: ScheduleRate) -> dict[str, Any]:
    option = one.option
    return {
        **measure_facts(one.measure),
        "rate_in_force": measure_facts(one.measured)["rate"] if one.measured else None,
        "form": one.form,
        "names": dict(one.names),
        "for_origin": one.is_for_origin,
        "lawful": option.is_lawful if option else None,
        "lowest": option.is_lowest if option else False,
        "amounts_minor": dict(option.amounts) if option else {},
        "total_minor": option.total_minor if option else None,
        "saving_minor": option.saving_minor if option else 0,
        "missing": [told(finding) for finding in option.missing] if option else [],
    }


def measure_facts(row: Measure) -> dict[str, Any]:
    """A row of the tariff in plain values: `*` is no preference, an empty rate is none given."""
    from ..engine.tariff.measures import Given
    from ..engine.tariff.rate_text import duty_text

    return {
        "commodity": row.commodity,
        "tax": row.tax,
        "schedule": row.schedule.value,
        "kind": row.kind.value,
        "preference": row.preference,
        "given": row.given.value,
        "rate": duty_text(row.duty) if row.duty and row.given is not Given.NOT_SUBJECT else row.text,
        "origins": _origins(row),
        "quota_order_id": row.quota_order_id,
        "additional_code": row.additional_code,
        "first_day": row.period.first_day,
        "last_day": row.period.last_day,
        "law": str(row.law),
        "verified": row.verified,
    }
