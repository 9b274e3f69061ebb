"""What a declaration says of its taxes, held against what the law gives. A comparison, never an input.

Systems that compute taxes for the declarant (ASYCUDA's taxation lines, MOA+161 of CUSDEC, the assessed amounts of WCO
XML) write their amounts into the message. None of them reaches an assessment; here they only show where the other
system computes another tax.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ..engine.assessment.whole import Assessment
from ..engine.declaration import Declaration
from ..engine.findings import Finding, Severity
from ..engine.money import MILLIONTHS, decimal_text
from .pack import Pack


def compare_declared(
    pack: Pack, declaration: Declaration, assessment: Assessment, day: date
) -> tuple[Finding, ...]:
    """A warning for each tax of each line whose declared amount is not the one computed, in the order of the lines.

    DECLARED_TAX_DIFFERS, at the first record of the tax on the line; `says` in the pack's currency. A difference below
    one whole unit of the currency is rounding. Not compared: amounts in another currency, taxes that the pack does not
    know, and those whose computed amount is pending.
    """
    return tuple(_differences(pack, declaration, assessment, day))


def _differences(
    pack: Pack, declaration: Declaration, assessment: Assessment, day: date
) -> Iterator[Finding]:
    unit = 10**pack.decimals
    taxes = {tax.code: tax.code for tax in pack.taxes}
    taxes |= {sent: code for code in taxes if (sent := pack.fact("taxes", code, "message_code", day))}
    for line, (item, computed) in enumerate(zip(declaration.goods_items, assessment.lines, strict=False), 1):
        declared: dict[str, tuple[int, int]] = {}
        for number, fee in enumerate(item.duty_tax_fees, 1):
            amount, tax = fee.tax_assessed_amount, taxes.get(fee.type_code)
            if amount is None or tax is None or amount.currency not in ("", pack.currency):
                continue
            first, sum_millionths = declared.get(tax, (number, 0))
            declared[tax] = (first, sum_millionths + amount.millionths)
        for tax, (number, sum_millionths) in declared.items():
            ours = [one.assessed_minor for one in computed.amounts if one.tax == tax]
            if None in ours:
                continue
            minor = sum(one for one in ours if one is not None)
            if abs(sum_millionths * unit - minor * MILLIONTHS) < MILLIONTHS * unit:
                continue
            yield Finding(
                "DECLARED_TAX_DIFFERS",
                at=f"goods_items[{line}].duty_tax_fees[{number}].tax_assessed_amount",
                says={
                    "tax": tax,
                    "declared": decimal_text(sum_millionths),
                    "computed": decimal_text(minor * MILLIONTHS // unit),
                    "currency": pack.currency,
                },
                severity=Severity.WARNING,
            )
