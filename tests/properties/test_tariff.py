"""What must hold of every tariff: a duty survives its printing, an image agrees with its tariff, a quota is fair."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.measures import Duty, Given, Measure, MeasureKind, Schedule, Term
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.quotas import Allotment, Quota, QuotaRequest, allot
from thongquan.engine.tariff.rate_list import RATE_LIST, rate_list_lines
from thongquan.engine.tariff.rate_text import PLAIN_WORDS, RateReader, RateWords, duty_text, parse_duty
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Edition, Tariff
from thongquan.engine.tariff.units import UNITS, convert

FIRST = date(2026, 1, 1)
SIGNS = st.sampled_from((1, -1))
SHARES = st.builds(Term, rate_ppm=st.integers(0, 10**9), sign=SIGNS)
PRICES = st.builds(
    Term,
    specific_millionths=st.integers(0, 10**15),
    currency=st.sampled_from(("VND", "USD", "EUR", "MIN", "MAX")),
    unit=st.sampled_from(sorted(UNITS)),
    sign=SIGNS,
)
SUMS = st.lists(st.one_of(SHARES, PRICES), min_size=1, max_size=3).map(tuple)
DUTIES = st.builds(Duty, SUMS, st.one_of(st.just(()), SUMS), st.one_of(st.just(()), SUMS))


@given(DUTIES)
def test_a_duty_survives_its_printing(duty):
    assert parse_duty(duty_text(duty)) == duty
    (part,) = RateReader(PLAIN_WORDS).read(duty_text(duty)).parts
    assert (part.given, part.duty) == (Given.RATE, duty)


VIETNAMESE = RateReader(
    RateWords(
        decimal_marks=".,",
        plain_is_percent=True,
        shares={"thuế MFN": ""},
        out_of_quota=frozenset({"NHN"}),
        origin_marks={"M": ("MX",)},
        kept_marks=frozenset({"GIC"}),
    )
)


@given(st.one_of(st.text(max_size=60), st.text("0123456789.,/*%()-;: MNHGICKPthuếFree", max_size=40)))
def test_any_text_at_all_is_a_rate_or_a_finding(text):
    for reader in (VIETNAMESE, RateReader(PLAIN_WORDS)):
        reading = reader.read(text)
        assert bool(reading.parts) + bool(reading.problem) == (1 if reading.text else 0)
        assert reader.read(text) is reading


DAYS = st.integers(0, 6).map(lambda number: FIRST + timedelta(days=number))
CODES = ("01", "0101", "010121", "0102", "02", "0201")
ORIGINS = st.sampled_from(((), ("CN",), ("CN", "JP"), ("ID",)))


@st.composite
def periods(draw):
    first = draw(DAYS)
    last = draw(st.one_of(st.none(), DAYS))
    return Period(first, last if last is None or last >= first else first)


@st.composite
def measures(draw):
    kind = draw(st.sampled_from((MeasureKind.DUTY, MeasureKind.DUTY, *MeasureKind)))
    said = draw(st.sampled_from((Given.RATE, Given.RATE, Given.NO_PREFERENCE, Given.NOT_GIVEN)))
    origins = draw(ORIGINS)
    return Measure(
        draw(st.sampled_from(("", *CODES))),
        "import_duty",
        Schedule.IMPORT,
        draw(periods()),
        LegalRef(draw(st.sampled_from(("A", "B")))),
        said,
        Duty((Term(rate_ppm=draw(st.sampled_from((0, 10_000, 20_000)))),)) if said is Given.RATE else None,
        kind,
        draw(st.sampled_from(("", "", "ACFTA"))),
        origins,
        () if origins else draw(ORIGINS),
        draw(st.sampled_from(("Q1", "Q2"))) if kind is MeasureKind.QUOTA else "",
        draw(st.sampled_from(("", "", "X1"))),
    )


@st.composite
def editions(draw):
    goods = [Commodity(code, draw(periods())) for code in CODES if draw(st.booleans())]
    return Edition(
        draw(st.sampled_from(("A", "B"))),
        draw(periods()),
        tuple(draw(st.lists(measures(), max_size=12))),
        Nomenclature(goods),
    )


@given(st.lists(editions(), max_size=3))
def test_an_image_agrees_with_its_tariff_on_every_day(found):
    tariff = Tariff(found)
    image = build(tariff)
    lines = [
        (code, preference, FIRST + timedelta(days=day), origin, quota, extra)
        for code in CODES
        for preference in ("", "ACFTA", "EVFTA")
        for day in range(-1, 9)
        for origin in ("CN", "VN")
        for quota, extra in (("", ""), ("Q1", ""), ("", "X1"))
    ]
    epoch = date(1970, 1, 1)
    chosen = image.choose_rows(
        image.positions([line[0] for line in lines]),
        image.slot_numbers("import_duty", Schedule.IMPORT, [line[1] for line in lines]),
        np.array([(line[2] - epoch).days for line in lines], np.int32),
        image.country_numbers([line[3] for line in lines]),
        image.claim_numbers([line[4] for line in lines]),
        image.claim_numbers([line[5] for line in lines]),
    )
    for (code, preference, day, origin, quota, extra), column in zip(lines, chosen.tolist(), strict=True):
        extras = (extra,) if extra else ()
        slot = image.slot("import_duty", Schedule.IMPORT, preference)
        row = image.choose(code, slot, day, origin, quota, extras)
        assert row == column
        choice = tariff.as_of(day).choose(
            code, Schedule.IMPORT, "import_duty", origin, preference, quota, extras
        )
        if row < 0:
            assert choice.measure is None
            assert choice.findings
        else:
            assert choice.measure is not None
            assert (choice.measure.duty, choice.measure.preference) == (
                image.duty(row),
                image.measure(row).preference,
            )


@given(editions())
def test_an_edition_comes_back_from_its_rate_list(edition):
    """Where its rows do not contradict each other: rows that do are findings, and give no rate."""
    loaded = load_sheet(
        "".join(rate_list_lines(edition)).encode(),
        RATE_LIST,
        edition.act,
        edition.period.first_day,
        edition.period.last_day,
    )
    codes = {finding.code for finding in loaded.findings}
    assert codes <= {"RATE_NOT_GIVEN", "COMMODITY_REPEATED", "COMMODITY_ROWS_DIFFER"}
    if not codes & {"COMMODITY_REPEATED", "COMMODITY_ROWS_DIFFER"}:
        assert loaded.edition.hash == edition.hash


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**9)), max_size=12),
    st.sampled_from(Allotment),
    st.randoms(),
)
def test_a_quota_is_shared_alike_in_any_order_and_to_the_last_unit(volume, asked, allotment, chance):
    start = datetime(2026, 3, 2, tzinfo=UTC)
    requests = [
        QuotaRequest(f"R{number:02}", start + timedelta(hours=hour), quantity)
        for number, (hour, quantity) in enumerate(asked)
    ]
    quota = Quota("Q", Period(FIRST), volume, "KGM", allotment, LegalRef("A"))
    result = allot(quota, requests)
    chance.shuffle(requests)
    assert allot(quota, requests) == result
    granted = result.granted_millionths
    assert all(0 <= granted[request.reference] <= request.quantity_millionths for request in requests)
    assert sum(granted.values()) + result.balance_millionths == volume
    assert sum(granted.values()) == min(volume, sum(request.quantity_millionths for request in requests))


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.integers(-(10**18), 10**18))
def test_a_quantity_converted_there_and_back_is_the_same(one, other, millionths):
    there = convert({one: millionths}, other)
    if isinstance(there, tuple):
        numerator, denominator = there
        back = convert({other: numerator}, one)
        assert isinstance(back, tuple)
        assert back[0] == millionths * denominator * back[1]
