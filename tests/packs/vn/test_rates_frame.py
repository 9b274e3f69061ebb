"""Many lines at once get the import duty that one line gets: over the pack's own rows and over the whole workbook."""

import random
import time
from datetime import date

import polars as pl
import pytest

from thongquan.engine.assessment.frame import assess_frame
from thongquan.engine.declaration import Classification, DutyTaxFee, GoodsItem
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.measures import Given
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Tariff
from thongquan.packs.pack import load
from thongquan.packs.vn.rates import DutyOfLine, agreements, most_favoured
from thongquan.packs.vn.rates_frame import import_duties
from thongquan.packs.vn.tariff_sheet import LAYOUT

VN = load("vn")
PREFERENCES, PARTNERS = VN.code_lists["preferences"], VN.code_lists["mfn_partners"]
ORIGINS = ("CN", "TH", "MY", "JP", "KR", "AU", "US", "FR", "MX", "ET", "KP", "", "VN")


def drawn(codes, day, count, seed, quotas, additional):
    """Lines of random codes, origins, claims and papers."""
    dice = random.Random(seed)
    claims = ["", "", "B01", "B03", "B14", "B99", *agreements(PREFERENCES, day)]
    return pl.DataFrame(
        {
            "commodity_code": dice.choices(codes, k=count),
            "origin_country_code": dice.choices(ORIGINS, k=count),
            "preference_code": dice.choices(claims, k=count),
            "quota_order_id": dice.choices(["", "", "", *quotas], k=count),
            "additional_code": dice.choices(["", "", "", *additional], k=count),
            "shown": dice.choices([True, True, False], k=count),
        }
    )


def one(view, row):
    """The duty that one line gets: None while it is open."""
    fees = (DutyTaxFee(duty_regime_code=row["preference_code"], quota_order_id=row["quota_order_id"]),)
    codes = (row["additional_code"],) if row["additional_code"] else ()
    goods = GoodsItem(
        classifications=(Classification(id=row["commodity_code"], identification_type_code="TSP"),),
        duty_tax_fees=fees,
    )
    agreement = agreements(PREFERENCES, view.day).get(row["preference_code"])
    origin = row["origin_country_code"]
    held = row["shown"] and agreement is not None and origin in agreement.members
    missing = () if held else (object(),)
    line = DutyOfLine(view, goods, "", origin, origin in most_favoured(PARTNERS, view.day), codes)
    choice = (
        line.claimed(row["preference_code"], agreement, missing)
        if held or not agreement
        else line.unclaimed()
    )
    return choice.measure


def agree(tariff, image, lines, day):
    """Compare each line of a frame with the rule for one; how many had a rate."""
    view = tariff.as_of(day)
    answered = 0
    for row in import_duties(image, PREFERENCES, PARTNERS, lines, day).iter_rows(named=True):
        measure = one(view, row)
        facts = {name: row[name] for name in lines.columns}
        if measure is None:
            assert row["NK_pending"] or row["NK_alone"], facts
            assert row["NK_rate_ppm"] is None, facts
            continue
        assert not row["NK_pending"], facts
        assert row["NK_rate_ppm"] == measure.duty.share_ppm, facts
        assert row["NK_alone"] == (measure.duty.share_ppm is None), facts
        found = image.measure(row["NK_row"])
        assert (found.preference, found.law) == (measure.preference, measure.law), facts
        assert found.given is Given.DERIVED or found == measure, facts
        answered += 1
    return answered


@pytest.mark.parametrize("day", [date(2019, 1, 1), date(2020, 3, 16), date(2020, 7, 10), date(2020, 8, 1)])
def test_the_packs_own_rows(day):
    codes = sorted({row.code for edition in VN.tariff.editions for row in edition.nomenclature})
    image = build(VN.tariff)
    quotas = ["TRQ-0407", "TRQ-1701"]
    assert agree(VN.tariff, image, drawn([*codes, "99999999"], day, 6_000, 1, quotas, ["USED"]), day) > 3_000
    of_quota = [code for code in codes if code[:4] in ("0407", "1701", "2401", "2501")]
    assert agree(VN.tariff, image, drawn(of_quota, day, 3_000, 2, quotas, []), day) > 500
    cars = [code for code in codes if code.startswith("87")]
    assert agree(VN.tariff, image, drawn(cars, day, 3_000, 3, [], ["USED", "USED16"]), day) > 500


@pytest.fixture(scope="module")
def workbook(shared_data):
    file = shared_data / "vn" / "tariff" / "Tariff.xlsx"
    if not file.is_file():
        pytest.skip(f"no Vietnamese tariff at {file}")
    day = date(2026, 1, 1)
    tariff = Tariff([load_sheet(file, LAYOUT, "199/2025/NĐ-CP", day).edition])
    return tariff, build(tariff), day


def test_the_whole_workbook_over_all_codes_origins_and_schedules(workbook):
    tariff, image, day = workbook
    codes = [code for code in image.codes if len(code) == 8]
    lines = drawn(codes, day, 20_000, 4, ["TRQ-0407", "TRQ-1701"], [])
    assert agree(tariff, image, lines, day) > 12_000


def test_a_million_lines_are_chosen_and_assessed_in_one_call(workbook):
    _, image, day = workbook
    codes = [code for code in image.codes if len(code) == 8]
    lines = drawn(codes, day, 20_000, 5, [], [])
    many = pl.concat([lines] * 50)
    start = time.process_time()
    chosen = import_duties(image, PREFERENCES, PARTNERS, many, day)
    chosen = chosen.with_columns(pl.lit(1_000_000).alias("customs_value_minor"))
    duty = next(levy.tax for levy in VN.levies if levy.tax.code == "NK")
    assessed = assess_frame(chosen.filter(~pl.col("NK_alone")), (duty,))
    # processor time, whoever else is on the machine
    assert time.process_time() - start < 10
    assert chosen.height == 1_000_000
    # a value of a million: the duty in dong is the rate in parts per million
    known = assessed.filter(~pl.col("NK_pending"))
    assert known["NK_minor"].to_list() == known["NK_rate_ppm"].to_list()
    assert assessed.filter(pl.col("NK_pending"))["NK_minor"].null_count() == assessed["NK_pending"].sum()
