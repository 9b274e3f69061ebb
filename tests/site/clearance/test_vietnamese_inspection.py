"""A Vietnamese import in the red channel at office 20BB: lodged as an ECUS form, inspected, paid, cleared, let out.

Its papers carry the forms of the country.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.packs.vn.sheets import shirts

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.risk.channels import Channel
from thongquan.engine.risk.rules import Rule
from thongquan.packs.pack import Pack, load
from thongquan.packs.vn.goods_writing import write_form
from thongquan.site.clearance import journey, printed, reads
from thongquan.site.clearance.models import Declaration
from thongquan.site.kit import terms

from ..country import SYSTEM, Days

pytestmark = pytest.mark.usefixtures("people")

MORNING = datetime(2020, 6, 15, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_check() -> None:
    """Here every check of the country is run."""


@pytest.fixture
def pack(monkeypatch) -> Pack:
    """Vietnam, where shirts are inspected and chance selects nothing."""
    inspected = Rule(
        id="shirts", channel=Channel.RED, reason="GOODS_LISTED", period=Period(date(2020, 1, 1)),
        law=LegalRef("54/2014/QH13", "art. 33"), commodity_prefix="6109",
    )  # fmt: skip
    country = replace(load("vn"), random_share_ppm=0, channel_rules=(inspected,))
    monkeypatch.setattr(reads, "site_pack", lambda: country)
    return country


def test_a_form_is_inspected_paid_cleared_and_let_out_with_its_papers(pack):
    days = Days(MORNING)
    content, _ = write_form(shirts(), "import")

    def done(act, user, **said):
        answer = act(**said, **days.ask(user, pack))
        assert answer.done, answer.reasons
        return answer

    number = done(journey.lodge, "ann", message=content).number
    assert number == "100000000010"
    for act in (journey.accept, journey.assess, journey.select):
        done(act, SYSTEM, number=number)
    row = Declaration.objects.get(number=number)
    # duty 20 % of 15,000,000 = 3,000,000; VAT 10 % of 18,000,000 = 1,800,000; fee 20,000
    assert (row.office, row.channel_name, row.assessed_minor) == ("20BB", "RED", 4_820_000)
    money = {"paid_minor": 4_820_000, "source": "b", "reference": "1", "treasury": "T"}
    done(journey.pay, "bank", number=number, **money)
    early = journey.clear(number=number, **days.ask("olga", pack))
    assert early.codes == ("OBLIGATION_OPEN", "OBLIGATION_OPEN")
    done(journey.check_documents, "olga", number=number, result="CONFORMS")
    done(journey.inspect, "igor", number=number, result="CONFORMS", note="Chì 4711")
    done(journey.clear, "olga", number=number)
    done(journey.exit_area, "gate", number=number)
    row.refresh_from_db()
    assert (row.state, row.goods) == ("CLEARED", "PASSED")
    assert row.paid_minor == row.assessed_minor
    papers = {
        "thong-bao-thue": ("TQ-03", "Thông báo số tiền thuế phải nộp"),
        "phieu-kiem-tra": ("06/PGKQKT/GSQL", "Phiếu ghi kết quả kiểm tra thực tế hàng hóa"),
        "quyet-dinh": ("TQ-13", "Tờ khai hàng hóa (thông quan)"),
    }
    for address, (form_number, title) in papers.items():
        paper = printed.PRINTABLE[address]
        assert paper.is_there(row)
        form = paper.content(row, pack, True)
        assert form.title == title
        assert form_number in form.form
        assert "Móng Cái (20BB)" in form.office
        assert paper.make(row, pack, True)[:5] == b"%PDF-"
    notice = printed.PRINTABLE["thong-bao-thue"].content(row, pack, True)
    shown = [cell for table in notice.tables for line in table.rows for cell in line]
    assert "4.820.000 VND" in shown
    assert terms.language() == "vi"
