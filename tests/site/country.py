"""An invented country of two taxes, people who hold its posts, and declarations whose sums fit on a hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from thongquan.engine.assessment.exchange import ExchangeRates
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Tax
from thongquan.engine.codes import Code, CodeList
from thongquan.engine.dated import Period
from thongquan.engine.declaration import (
    Amount,
    Classification,
    Consignment,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Party,
    PreviousDocument,
    Procedure,
    Quantity,
)
from thongquan.engine.findings import LegalRef
from thongquan.engine.lifecycle.declaration import Role
from thongquan.engine.risk.channels import Channel
from thongquan.engine.risk.rules import Rule
from thongquan.engine.tariff.measures import Given, Measure, Schedule, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition, Tariff
from thongquan.packs.pack import Levy, Numbering, Pack
from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.models import EVERY
from thongquan.site.accounts.reads import By

LAW = LegalRef("1/2020", "art. 1")
ALWAYS = Period(date(2020, 1, 1))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SYSTEM = By("system", Role.SYSTEM)


def code(value: str, **facts: str) -> Code:
    return Code(value, ALWAYS, LAW, {"vi": value, "en": value}, facts)


def declaration_type(
    value: str, function: str, asks: str, *, flow: str = "import", prelodged: str = "no"
) -> Code:
    return code(
        value, function=function, asks=asks, flow=flow, simplified="no", prelodged=prelodged, supplementary="no",
        untaxed="no",
    )  # fmt: skip


def measure(
    commodity: str, tax: str, rate_ppm: int, first_day: date = ALWAYS.first_day, last_day: date | None = None
):
    return Measure(
        commodity=commodity,
        tax=tax,
        schedule=Schedule.IMPORT,
        period=Period(first_day, last_day),
        law=LAW,
        given=Given.RATE,
        duty=ad_valorem(rate_ppm),
    )


def make_pack(*, random_share_ppm: int = 0, external_references: bool = False) -> Pack:
    """Duty 10 % of the customs value (12 % from July 2026), VAT 20 % of value and duty; code 99 goes to red."""
    duty = Tax("DTY", (CUSTOMS_VALUE,), LAW)
    vat = Tax("VAT", (CUSTOMS_VALUE, "DTY"), LAW)
    pack = Pack(
        folder=Path(),
        code="tst",
        version="0" * 64,
        names={"vi": "Thử", "en": "Test"},
        currency="KRN",
        decimals=2,
        zone="Asia/Ho_Chi_Minh",
        levies=(Levy(duty, "import", True, True, {}), Levy(vat, "import", True, False, {})),
        acts={},
        code_lists={
            "declaration_types": CodeList(
                "declaration_types",
                [
                    declaration_type("IMA", "9", "lodge"),
                    declaration_type("IMD", "9", "prelodge", prelodged="yes"),
                    declaration_type("COR", "13", "amend", flow=""),
                    declaration_type("INV", "13", "request_cancel", flow=""),
                    declaration_type("GPR", "13", "arrive", flow=""),
                ],
            ),
            "procedures": CodeList("procedures", [code("40", flow="import", liability="due")]),
            "payment_methods": CodeList(
                "payment_methods",
                [code("A", terms="now"), code("E", terms="deferred"), code("G", terms="postponed")],
            ),
        },
        exchange=ExchangeRates("KRN", 2),
        numbering=Numbering(prefix="TS", office_width=4, sequence_width=6, default_office="TS0001"),
        channel_rules=(
            Rule(
                id="r1",
                channel=Channel.RED,
                reason="GOODS_LISTED",
                period=ALWAYS,
                law=LAW,
                commodity_prefix="99",
            ),
            Rule(
                id="y1", channel=Channel.YELLOW, reason="ORIGIN_LISTED", period=ALWAYS, law=LAW, origin="YY"
            ),
        ),
        random_share_ppm=random_share_ppm,
        transport_documents=("705",),
        external_references=external_references,
    )
    rows = (
        *(measure(c, "DTY", 100_000, last_day=date(2026, 6, 30)) for c in ("10101010", "99999999")),
        *(measure(c, "DTY", 120_000, first_day=date(2026, 7, 1)) for c in ("10101010", "99999999")),
        *(measure(c, "VAT", 200_000) for c in ("10101010", "99999999")),
    )
    codes = [Commodity(c, ALWAYS, {"vi": c, "en": c}) for c in ("10101010", "99999999")]
    pack.__dict__["tariff"] = Tariff([Edition("1/2020", ALWAYS, rows, Nomenclature(codes))])
    return pack


def original(
    reference: str = "LRN-1",
    *,
    value: int = 1_000,
    commodity: str = "10101010",
    origin: str = "XX",
    trader: str = "TRADER-1",
    bill: str = "",
    type_code: str = "IMA",
    method: str = "",
    description: str = "Chè xanh",
) -> Declaration:
    """One line worth `value` krona: 1,000 gives duty 100 and VAT 220, so 320 krona or 32,000 minor units."""
    fees = (DutyTaxFee(payment_method_code=method),) if method else ()
    return Declaration(
        function_code="9",
        functional_reference_id=reference,
        type_code=type_code,
        declarant=Party(id=trader),
        importer=Party(id=trader),
        declaration_office_id="TS0001",
        goods_item_quantity=1,
        consignment=Consignment(container_code="0"),
        previous_documents=(PreviousDocument(category_code="Z", type_code="705", id=bill),) if bill else (),
        goods_items=(
            GoodsItem(
                sequence_numeric=1,
                description=description,
                classifications=(Classification(id=commodity, identification_type_code="TSP"),),
                origins=(Origin(country_code=origin, type_code="1"),),
                procedures=(Procedure(current_code="40", previous_code="00"),),
                gross_mass=Quantity(millionths=10_000_000, unit="KGM"),
                net_mass=Quantity(millionths=9_000_000, unit="KGM"),
                item_charge=Amount(millionths=value * 1_000_000, currency="KRN"),
                duty_tax_fees=fees,
            ),
        ),
    )


PEOPLE = {
    "ann": Role.DECLARANT,
    "olga": Role.OFFICER,
    "igor": Role.INSPECTOR,
    "lena": Role.LEADER,
    "leo": Role.LEADER,
    "rita": Role.REVENUE,
    "bank": Role.BANK,
    "gate": Role.SUPERVISOR,
    "vet": Role.AGENCY,
}


def appoint() -> None:
    """Give everybody the post of his role, without end, and the system its own."""
    accounts.system()
    for name, role in PEOPLE.items():
        trader = EVERY if role is Role.DECLARANT else ""
        accounts.post(name, role, first_day=date(2020, 1, 1), office=EVERY, trader=trader)


class Days:
    """Legal time that goes on by a minute with each act, and keys that are never used twice."""

    def __init__(self, start: datetime = NOON) -> None:
        self.now = start
        self.count = 0

    def ask(self, user: str | By, pack: Pack, key: str = "") -> dict:
        self.now += timedelta(minutes=1)
        self.count += 1
        return {
            "by": user if isinstance(user, By) else By(user),
            "pack": pack,
            "key": key or f"key-{self.count}",
            "at": self.now,
            "recorded_at": self.now,
        }
