"""Goods that are not subject to a tax: a state of their own, with its law, and neither a rate nor a missing one."""

from datetime import date

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.measures import FREE, Duty, Given, Measure, Schedule, Share, Term, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.rate_list import RATE_LIST, rate_list_lines
from thongquan.engine.tariff.rate_text import PLAIN_WORDS, RateReader, duty_text, parse_written
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Edition, Tariff

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
DAY = date(2026, 6, 1)
LAW = LegalRef("1/2026", "art. 5")


def row(commodity: str, given: Given, duty: Duty | None, **more: object) -> Measure:
    return Measure(commodity, "vat", Schedule.IMPORT, YEAR, LAW, given, duty, **more)


def edition(*rows: Measure) -> Edition:
    names = {"en": "Goods"}
    codes = [Commodity(code, YEAR, names, level=0) for code in ("0301", "0302")]
    return Edition("1/2026", YEAR, rows, Nomenclature(codes))


EDITION = edition(
    row("0301", Given.NOT_SUBJECT, FREE, text="not subject"), row("0302", Given.RATE, FREE, text="0 %")
)


def test_the_house_writes_it_in_words():
    (part,) = RateReader(PLAIN_WORDS).read("Not subject").parts
    assert (part.given, part.duty) == (Given.NOT_SUBJECT, FREE)
    assert RateReader(PLAIN_WORDS).read("0 %").parts[0].given is Given.RATE


def test_it_holds_a_free_duty_and_no_other():
    for duty in (None, ad_valorem(50_000)):
        with pytest.raises(ValueError, match="0301 vat"):
            row("0301", Given.NOT_SUBJECT, duty)


def test_it_is_chosen_as_a_rate_is_and_tells_itself_from_zero():
    view = Tariff([EDITION]).as_of(DAY)
    chosen = view.choose("0301", Schedule.IMPORT, "vat")
    assert chosen.measure is not None
    assert (chosen.measure.given, chosen.measure.duty, chosen.findings) == (Given.NOT_SUBJECT, FREE, ())
    assert view.given("0301", Schedule.IMPORT, "vat") is Given.NOT_SUBJECT
    assert view.given("0302", Schedule.IMPORT, "vat") is Given.RATE


def test_the_edition_of_it_is_another_than_that_of_a_zero_rate():
    assert EDITION.hash != edition(row("0301", Given.RATE, FREE, text="0 %"), EDITION.measures[1]).hash


def test_the_arrays_keep_it():
    image = build(Tariff([EDITION]))
    found = image.choose("0301", image.slot("vat", Schedule.IMPORT), DAY)
    assert image.measure(found) == EDITION.measures[0]
    assert image.columns["rate_ppm"][found] == 0


def test_the_own_list_writes_it_and_reads_it_back():
    written = "".join(rate_list_lines(EDITION))
    assert ",not subject," in written
    loaded = load_sheet(written.encode(), RATE_LIST, "1/2026", YEAR.first_day, YEAR.last_day)
    assert loaded.edition is not None
    assert [one.given for one in loaded.edition.measures] == [Given.NOT_SUBJECT, Given.RATE]


def test_a_share_of_a_rate_that_nobody_verified_is_not_verified():
    base = row("0301", Given.RATE, ad_valorem(100_000), verified=False)
    share = row("0301", Given.DERIVED, None, preference="ordinary", derived=Share(1_500_000))
    chosen = (
        Tariff([edition(base, share)])
        .as_of(DAY)
        .choose("0301", Schedule.IMPORT, "vat", "", "ordinary")
        .measure
    )
    assert chosen is not None
    assert (chosen.duty, chosen.verified) == (ad_valorem(150_000), False)


def test_duties_in_a_countrys_own_units_are_read_back():
    duty = Duty(
        (Term(specific_millionths=20_000_000_000, currency="VND", unit="DECL"), Term(rate_ppm=10_000))
    )
    assert duty_text(duty) == "20000 VND/DECL + 1 %"
    assert parse_written([duty_text(duty), "5 %"]) == (duty, ad_valorem(50_000))
    image = build(Tariff([edition(row("0301", Given.RATE, duty))]))
    assert image.duty(image.row("0301", image.slot("vat", Schedule.IMPORT), DAY)) == duty
