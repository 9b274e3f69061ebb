"""A Vietnamese declaration from its pre-registration to the gate, with the country's own checks, rates and numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from thongquan.engine.declaration import (
    AdditionalDocument,
    Amount,
    Classification,
    Consignment,
    Declaration,
    GoodsItem,
    Invoice,
    Origin,
    Packaging,
    Party,
    Quantity,
    TradeTerms,
    TransportMeans,
)
from thongquan.engine.lifecycle.machine import Event
from thongquan.packs.pack import Pack, load
from thongquan.site.clearance import journey, reads

from ..country import SYSTEM, Days

pytestmark = pytest.mark.usefixtures("people")

# Monday 15 June 2020, nine in the morning in Vietnam.
MORNING = datetime(2020, 6, 15, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_check() -> None:
    """Here every check of the country is run."""


@pytest.fixture
def pack(monkeypatch) -> Pack:
    """Vietnam, without the share of consignments that chance selects."""
    country = replace(load("vn"), random_share_ppm=0)
    monkeypatch.setattr(reads, "site_pack", lambda: country)
    return country


@pytest.fixture
def days() -> Days:
    return Days(MORNING)


def kilograms(number: int) -> Quantity:
    return Quantity(millionths=number * 1_000_000, unit="KGM")


def shirts(type_code: str = "A11", value: int = 10_000_000, code: str = "61091010", **fields) -> Declaration:
    goods = GoodsItem(
        sequence_numeric=1,
        description="Áo phông nam bằng sợi bông, mới 100 %",
        classifications=(Classification(id=code, identification_type_code="TSP"),),
        origins=(Origin(country_code="CN", type_code="1"),),
        gross_mass=kilograms(100),
        net_mass=kilograms(90),
        tariff_quantity=Quantity(millionths=300_000_000, unit="PCE"),
        item_charge=Amount(millionths=value * 1_000_000, currency="VND"),
        packagings=(Packaging(sequence_numeric=1, type_code="CT", quantity=Quantity(millionths=10_000_000)),),
    )
    given = {
        "function_code": "9",
        "functional_reference_id": "TK-1",
        "type_code": type_code,
        "goods_item_quantity": 1,
        "declarant": Party(id="5700100001", name="Công ty A"),
        "importer": Party(id="5700100001", name="Công ty A"),
        "exporter": Party(id="CN-1", name="Dongxing Trading"),
        "export_country_id": "CN",
        "declaration_office_id": "20BB",
        "invoice": Invoice(id="HD-1"),
        "invoice_amount": Amount(millionths=value * 1_000_000, currency="VND"),
        "trade_terms": TradeTerms(condition_code="DAP", location_name="Móng Cái"),
        "border_transport_means": TransportMeans(mode_code="4", id="桂P12345"),
        "consignment": Consignment(container_code="0"),
        "total_gross_mass": kilograms(100),
        "total_package_quantity": 10,
        "goods_items": (goods,),
    }
    return Declaration(**(given | fields))


def lodged(pack: Pack, days: Days, declaration: Declaration) -> str:
    answer = journey.lodge(message=declaration, **days.ask("ann", pack))
    assert answer.done, answer.reasons
    for act in (journey.accept, journey.assess, journey.select):
        done = act(number=answer.number, **days.ask(SYSTEM, pack))
        assert done.done, done.reasons
    return answer.number


def test_goods_for_sale_are_numbered_taxed_selected_paid_cleared_and_let_out(pack, days):
    number = lodged(pack, days, shirts())
    assert number == "100000000010"
    row = reads.by_number("100000000010")
    assert row is not None
    # 20 % of 10,000,000 = 2,000,000; 10 % of 12,000,000 = 1,200,000; the fee 20,000
    assert (row.assessed_minor, row.channel_name, row.legal_day) == (3_220_000, "GREEN", date(2020, 6, 15))
    money = {"paid_minor": 3_220_000, "source": "b", "reference": "1", "treasury": "T"}
    assert journey.pay(number=number, **money, **days.ask("bank", pack)).done
    cleared = journey.clear(number=number, **days.ask(SYSTEM, pack))
    assert cleared.done, cleared.reasons
    assert journey.exit_area(number=number, **days.ask("gate", pack)).done


def test_materials_for_processing_pay_the_fee_alone(pack, days):
    contract = (AdditionalDocument(type_code="PROCESSING_CONTRACT", id="GC-1"),)
    number = lodged(pack, days, shirts("E21", additional_documents=contract))
    row = reads.by_number(number)
    assert row is not None
    assert row.assessed_minor == 20_000


def test_fruit_without_its_certificate_waits_for_the_plant_quarantine(pack, days):
    number = lodged(pack, days, shirts(code="08081000"))
    assert "PERMIT:PHYTO" in {str(one) for one in reads.facts_of(number).obligations}
    # Goods at risk together with their origin: the yellow channel.
    assert reads.facts_of(number).channel is not None
    assert reads.facts_of(number).channel.name == "YELLOW"


def test_what_continues_no_declaration_is_refused_with_its_remedy(pack, days):
    number = journey.lodge(message=shirts("A42"), **days.ask("ann", pack)).number
    refused = journey.accept(number=number, **days.ask(SYSTEM, pack))
    assert refused.codes == ("PREVIOUS_DECLARATION_MISSING",)


def test_an_amendment_after_the_channel_is_lawful_and_noticed(pack, days):
    number = lodged(pack, days, shirts())
    changed = msgspec.structs.replace(shirts(value=11_000_000), declaration_id=number)
    answer = journey.amend(number=number, change=changed, reason="sai trị giá", **days.ask("ann", pack))
    assert answer.done, answer.reasons
    assert "AMENDED_LATE" in {finding.code for finding in answer.findings}
    assert pack.printed_number(number, answer.version - 1) == "100000000011"


def test_the_acts_name_their_vietnamese_law_and_forms(pack, days):
    number = lodged(pack, days, shirts())
    events: dict[str, Event] = {event.act: event for event in reads.engine_events(number)}
    assert events["select"].form_number == f"TQ-04 {number}/{events['select'].n}"
    assert str(pack.laws["remove_to_storage"]) == "38/2015/TT-BTC, art. 32"
    assert str(pack.laws["release"]) == "54/2014/QH13, art. 36"
    assert str(pack.laws["clear"]) == "54/2014/QH13, art. 37"
