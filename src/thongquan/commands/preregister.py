"""`thongquan preregister FILE`: every field that the law of a day computes, and what is missing. Nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..speech import complain, emit, language, money, named, say, table, told
from .arguments import DONE, FINDINGS, AsJson, day_of, stop


def preregister(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    pack: Annotated[str, typer.Option("--pack", envvar="THONGQUAN_PACK")] = "gb",
    on: Annotated[str, typer.Option("--on")] = "",
    as_json: AsJson = False,
) -> None:
    from datetime import UTC, datetime

    import msgspec

    from ..engine.findings import errors
    from ..packs import files
    from ..packs import pack as packs
    from ..packs.computed import computed_fields

    if pack not in packs.names():
        raise stop("unknown_pack", pack=pack, known=", ".join(packs.names()))
    country = packs.load(pack)
    day = day_of(on) if on else country.legal_day(datetime.now(UTC))
    bad = False
    with file.open("rb") as stream:
        for one in files.read_stream(str(file), stream, country):
            complain(one.findings, str(file), as_json)
            bad = bad or bool(errors(one.findings))
            if one.declaration is None:
                continue
            computed = computed_fields(country, one.declaration, day)
            bad = bad or not computed.ready
            complain(computed.findings, str(file), as_json)
            if as_json:
                facts = {name: getattr(computed, name) for name in computed.__struct_fields__}
                facts["reference"] = one.declaration.functional_reference_id
                facts["missing"] = [finding.code for finding in computed.missing]
                facts["findings"] = [told(finding) for finding in computed.findings]
                emit(msgspec.to_builtins(facts))
                continue
            names = {levy.tax.code: levy.names.get(language(), levy.tax.code) for levy in country.levies}
            rows = [
                [
                    str(line.item),
                    line.commodity_code,
                    money(line.customs_value_minor, country.decimals),
                    names.get(tax.tax, tax.tax),
                    money(tax.payable_minor, country.decimals),
                    tax.terms,
                ]
                for line in computed.lines
                for tax in line.taxes
            ]
            print(say("computed_head", reference=one.declaration.functional_reference_id, day=computed.on))
            table(
                [say("item"), say("computed_code"), say("computed_value"), say("tax"), say("computed_payable"),
                 say("computed_terms")],
                rows, right=(2, 4),
            )  # fmt: skip
            print(say("computed_sums", payable=money(computed.payable_minor, country.decimals),
                      due=money(computed.due_now_minor, country.decimals), currency=computed.currency,
                      count=computed.national_count))  # fmt: skip
            for last in computed.days:
                print(f"  {named('legal_time', last.name)}: {last.last_day} ({last.law})")
    raise typer.Exit(FINDINGS if bad else DONE)
