"""`thongquan penalty`, `late-interest`, `instalments`: what lateness and breaches cost, by the law of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..speech import complain, emit, language, money, say, table, told
from .arguments import DONE, FINDINGS, AsJson, day_of, stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..engine.findings import LegalRef
    from ..engine.ledger.interest import Interest
    from ..packs.dues import PenaltyRow
    from ..packs.pack import Pack

VIETNAM = "vn"
"""The country whose law of paying is there."""

PackName = Annotated[str, typer.Option("--pack", envvar="THONGQUAN_PACK")]
OFFENDERS = ("individual", "organisation")


def penalty(
    behaviour: Annotated[str, typer.Argument()] = "",
    on: Annotated[str, typer.Option("--on")] = "",
    offender: Annotated[str, typer.Option("--offender")] = "organisation",
    tax_minor: Annotated[int | None, typer.Option("--tax-minor", min=0)] = None,
    days_late: Annotated[int | None, typer.Option("--days-late", min=0)] = None,
    declarations: Annotated[int, typer.Option("--declarations", min=1)] = 1,
    pack: PackName = VIETNAM,
    as_json: AsJson = False,
) -> None:
    from ..packs.dues import Breach, Offender

    country = _country(pack)
    day = _day(country, on)
    if offender not in OFFENDERS:
        raise stop("offender_unknown", offender=offender, known=", ".join(OFFENDERS))
    if not behaviour:
        _behaviours(country, day, as_json)
        return
    breach = Breach(
        offender=Offender(offender),
        under_declared_minor=tax_minor,
        days_late=days_late,
        declarations=declarations,
    )
    made = country.dues.penalty(behaviour, breach, day)
    if as_json:
        emit({
            "behaviour": behaviour, "on": day.isoformat(), "currency": country.currency,
            "ranges": [
                {
                    "least_minor": one.least_minor, "most_minor": one.most_minor, "law": str(one.row.law),
                    "verified": one.row.verified, "names": dict(one.row.names),
                }
                for one in made.ranges
            ],
            "findings": [told(finding) for finding in made.findings],
        })  # fmt: skip
    else:
        complain(made.findings, "", as_json)
        rows = [
            [
                _breach(one.row),
                money(one.least_minor, country.decimals),
                money(one.most_minor, country.decimals),
                _law(one.row.law, one.row.verified),
            ]
            for one in made.ranges
        ]
        if rows:
            table([say("behaviour"), say("least"), say("most"), say("law")], rows, right=(1, 2))
    raise typer.Exit(DONE if made.ranges else FINDINGS)


def _behaviours(pack: Pack, day: date, as_json: bool) -> None:
    """Which behaviours the law of the day has a row for."""
    known = pack.dues.behaviours(day)
    if as_json:
        emit({"on": day.isoformat(), "behaviours": {code: dict(names) for code, names in known.items()}})
    else:
        table([say("code"), say("behaviour")], [[code, _name(names)] for code, names in known.items()])


def late_interest(
    debt_minor: Annotated[int, typer.Argument(min=1)],
    bears_from: Annotated[str, typer.Option("--from")],
    paid: Annotated[str, typer.Option("--paid")] = "",
    fine: Annotated[bool, typer.Option("--fine")] = False,
    pack: PackName = VIETNAM,
    as_json: AsJson = False,
) -> None:
    from ..packs.dues import Bearer

    country = _country(pack)
    bearer = Bearer.FINE if fine else Bearer.TAX
    run = country.dues.interest(debt_minor, day_of(bears_from), _day(country, paid), bearer=bearer)
    if as_json:
        emit(
            {
                "amount_minor": run.amount_minor,
                "currency": country.currency,
                "verified": run.verified,
                **_run(run),
            }
        )
    else:
        complain(run.findings, "", as_json)
        _show(country, run)
    raise typer.Exit(FINDINGS if run.findings else DONE)


def instalments(
    debt_minor: Annotated[int, typer.Argument(min=1)],
    count: Annotated[int, typer.Option("--count", min=1)],
    first_payment: Annotated[str, typer.Option("--first-payment")],
    bears_from: Annotated[str, typer.Option("--from")],
    on: Annotated[str, typer.Option("--on")] = "",
    guaranteed: Annotated[bool, typer.Option("--guaranteed")] = False,
    pack: PackName = VIETNAM,
    as_json: AsJson = False,
) -> None:
    country = _country(pack)
    plan = country.dues.plan(
        debt_minor,
        count,
        day_of(first_payment),
        day_of(bears_from),
        guaranteed=guaranteed,
        on=_day(country, on),
    )
    if as_json:
        emit({
            "parts": [
                {
                    "number": part.number, "due_day": part.due_day.isoformat(), "principal_minor": part.principal_minor,
                    "interest_minor": part.interest.amount_minor, "total_minor": part.total_minor,
                }
                for part in plan.parts
            ],
            "total_minor": plan.total_minor, "findings": [told(finding) for finding in plan.findings],
        })  # fmt: skip
    else:
        complain(plan.findings, "", as_json)
        rows = [
            [
                str(part.number),
                f"{part.due_day:%d/%m/%Y}",
                money(part.principal_minor, country.decimals),
                money(part.interest.amount_minor, country.decimals),
                money(part.total_minor, country.decimals),
            ]
            for part in plan.parts
        ]
        if rows:
            heads = ("instalment", "due_day", "principal", "interest", "total")
            table([say(head) for head in heads], rows, right=(0, 2, 3, 4))
    raise typer.Exit(FINDINGS if plan.findings else DONE)


def _run(run: Interest) -> dict[str, Any]:
    return {
        "lines": [
            {
                "first_day": line.first_day.isoformat(), "last_day": line.last_day.isoformat(), "days": line.days,
                "principal_minor": line.principal_minor, "rate_ppm": line.rate.ppm, "law": str(line.rate.law),
            }
            for line in run.lines
        ],
        "findings": [told(finding) for finding in run.findings],
    }  # fmt: skip


def _show(pack: Pack, run: Interest) -> None:
    from ..engine.money import decimal_text

    point = "," if language() == "vi" else "."
    rows: Sequence[list[str]] = [
        [
            f"{line.first_day:%d/%m/%Y} – {line.last_day:%d/%m/%Y}",
            str(line.days),
            money(line.principal_minor, pack.decimals),
            f"{decimal_text(line.rate.ppm, 4).replace('.', point)} %",
            _law(line.rate.law, line.rate.verified),
        ]
        for line in run.lines
    ]
    if rows:
        heads = ("from_to", "day_count", "principal", "rate_a_day", "law")
        table([say(head) for head in heads], rows, right=(1, 2, 3))
    print(say("interest_total", amount=money(run.amount_minor, pack.decimals), currency=pack.currency))


def _law(law: LegalRef, verified: bool) -> str:
    return str(law) if verified else f"{law} ({say('unverified')})"


def _breach(row: PenaltyRow) -> str:
    return f"{_name(row.names)}, {say('band', band=row.band)}" if row.band else _name(row.names)


def _name(names: Mapping[str, str]) -> str:
    return names.get(language()) or next(iter(names.values()), "")


def _country(name: str) -> Pack:
    from ..packs import pack as packs

    if name not in packs.names():
        raise stop("unknown_pack", pack=name, known=", ".join(packs.names()))
    return packs.load(name)


def _day(pack: Pack, text: str) -> date:
    """The day asked for, else today where the law is."""
    from datetime import UTC, datetime

    return day_of(text) if text else pack.legal_day(datetime.now(UTC))
