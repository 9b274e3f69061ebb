"""One declaration of five lines as a lodgement meets it: rates looked up in the tariff image, then assessed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

from thongquan.engine.assessment.exchange import DayRates, ExchangeRates
from thongquan.engine.assessment.scalar import LineAssessment, assess_lines
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.image import TariffImage, build
from thongquan.engine.tariff.measures import Given, Measure, Schedule, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition, Tariff

from .lines import TAXES

LAW = LegalRef("Invented tariff", "annex I")
YEAR = Period(date(2020, 1, 1), date(2020, 12, 31))
DAY = date(2020, 6, 1)
PREFERENCES = ("", "ordinary", "NORTH", "SOUTH")
CODES = 12_000


def tariff_image(codes: int = CODES) -> TariffImage:
    """An invented tariff as large as a real one: every code with four duty schedules, excise on some, VAT on all."""
    draw = random.Random(2020)
    measures = []
    commodities = []
    for number in range(codes):
        code = f"{number * 8_009 + 1_000_000:08d}"
        commodities.append(Commodity(code, YEAR))
        for preference in PREFERENCES:
            measures.append(_measure(code, "duty", draw.randrange(0, 400) * 1_000, preference))
        excise = draw.choice([0, 100_000, 350_000, 650_000]) if draw.random() < 0.05 else 0
        measures.append(_measure(code, "excise", excise))
        measures.append(_measure(code, "vat", draw.choice([50_000, 80_000, 100_000])))
    return build(Tariff([Edition("Invented tariff", YEAR, tuple(measures), Nomenclature(commodities))]))


def _measure(code: str, tax: str, rate_ppm: int, preference: str = "") -> Measure:
    duty = ad_valorem(rate_ppm)
    return Measure(code, tax, Schedule.IMPORT, YEAR, LAW, Given.RATE, duty, preference=preference)


class Counter:
    """What a process keeps between lodgements: the image, its slots, and a charge for each row it has met."""

    def __init__(self, image: TariffImage, rates: DayRates) -> None:
        self.image = image
        self.rates = rates
        self.duty = {p: image.slot("duty", Schedule.IMPORT, p) for p in PREFERENCES}
        self.others = tuple(image.slot(tax.code, Schedule.IMPORT) for tax in TAXES[1:])
        self.known: dict[int, Charge] = {}

    def charge(self, row: int) -> Charge:
        """The charge of a row, made once."""
        measure = self.image.measure(row)
        assert measure.duty is not None
        charge = self.known[row] = Charge(
            measure.tax, measure.duty, measure.law, preference=measure.preference, verified=measure.verified
        )
        return charge

    def assess(self, goods: list[tuple[str, str, str, int]]) -> list[LineAssessment]:
        """goods: (code, origin, preference, customs value)."""
        image, known = self.image, self.known
        excise, vat = self.others
        lines = []
        for code, origin, preference, value in goods:
            rows = (
                image.choose(
                    code, self.duty[preference], DAY, origin
                ),  # quota, suspension, preference, then duty
                image.row(code, excise, DAY, origin),
                image.row(code, vat, DAY, origin),
            )
            charges = tuple([known.get(row) or self.charge(row) for row in rows])
            lines.append(Line({CUSTOMS_VALUE: value}, charges))
        return assess_lines(lines, TAXES, self.rates)


def _goods(draw: random.Random, codes: tuple[str, ...]) -> tuple[str, str, str, int]:
    """A line with any code of the tariff: (code, origin, preference, customs value)."""
    return (
        draw.choice(codes),
        draw.choice(["CN", "TH", "JP"]),
        draw.choice(PREFERENCES),
        draw.randrange(10**10),
    )


def five_lines() -> Callable[[], list[LineAssessment]]:
    """A function that looks up and assesses five lines, other goods at each call."""
    image = tariff_image()
    counter = Counter(image, ExchangeRates("VND", 0).as_of(DAY))
    draw = random.Random(5)
    declarations = [[_goods(draw, image.codes) for _ in range(5)] for _ in range(1_000)]
    turn = iter(())

    def once() -> list[LineAssessment]:
        nonlocal turn
        goods = next(turn, None)
        if goods is None:
            turn = iter(declarations)
            goods = next(turn)
        return counter.assess(goods)

    for _ in declarations:
        once()
    return once
