"""What the benchmark compares is the same sum: engine, NumPy and Decimal agree to the đồng on its invented lines."""

import numpy as np
from bench import __main__ as bench
from bench import clock, lines, memory, online
from bench.peers import decimal_lines, numpy_lines

from thongquan.engine.assessment.taxes import CUSTOMS_VALUE

ROWS = 2_000


def test_engine_and_rivals_agree_to_the_dong():
    columns = lines.draw(ROWS)
    ours = bench.engine(lines.frame(columns)).select(
        "customs_value_minor", "duty_minor", "excise_minor", "vat_minor"
    )
    by_numpy = numpy_lines.whole(columns, lines.LONGEST)
    assert [ours[name].to_list() for name in ours.columns] == [column.tolist() for column in by_numpy]
    by_decimal = list(decimal_lines.whole(bench.as_decimals(columns, ROWS)))
    assert ROWS - lines.LONGEST <= len(by_decimal) < ROWS
    assert [tuple(map(int, row)) for row in by_decimal] == ours.rows()[: len(by_decimal)]


def test_lines_are_the_same_in_every_run():
    assert all(np.array_equal(lines.draw(50)[name], column) for name, column in lines.draw(50).items())


def test_a_stream_and_the_whole_come_to_the_same_sum(monkeypatch):
    monkeypatch.setattr(memory, "BATCH", 700)
    engine, numpy = memory.main("engine", ROWS), memory.main("numpy", ROWS)
    assert engine["vat"] == numpy["vat"] > 0


def test_five_lines_find_their_rates(monkeypatch):
    monkeypatch.setattr(online, "CODES", 60)
    image = online.tariff_image(60)
    counter = online.Counter(image, online.ExchangeRates("VND", 0).as_of(online.DAY))
    code = image.codes[7]
    (assessed,) = counter.assess([(code, "CN", "NORTH", 1_000_000)])
    duty = image.duty(image.row(code, image.slot("duty", online.Schedule.IMPORT, "NORTH"), online.DAY))
    assert assessed.line.bases[CUSTOMS_VALUE] == 1_000_000
    assert assessed.amounts[0].exact_millionths == 1_000_000 * duty.base[0].rate_ppm
    assert [amount.tax for amount in assessed.amounts] == ["duty", "excise", "vat"]


def test_everybody_runs_as_often_and_the_first_round_only_warms_up():
    ran = []
    taken = clock.rounds({name: lambda name=name: ran.append(name) for name in "ab"}, 3)
    assert sorted(ran) == ["a"] * 4 + ["b"] * 4
    assert ran[:2] != ran[2:4]
    assert set(taken) == {"a", "b"}
