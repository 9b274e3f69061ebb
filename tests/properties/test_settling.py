"""Whatever is paid and owed: no minor unit is lost, and no debt is touched before the ones that the law puts first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.ledger.allocation import Allocation, Debt, allocate
from thongquan.packs.dues import RANKS
from thongquan.packs.pack import load

ORDERS = [load("vn").dues.order(day).steps for day in (date(2020, 6, 30), date(2020, 7, 1))]


@st.composite
def debts(draw):
    count = draw(st.integers(0, 12))
    return [
        Debt(
            f"{number:02}",
            draw(st.sampled_from(sorted(RANKS))),
            draw(st.sampled_from(["NK", "GTGT"])),
            draw(st.dates(date(2019, 1, 1), date(2020, 12, 31))),
            draw(st.integers(1, 10**12)),
        )
        for number in range(count)
    ]


@given(st.integers(1, 10**13), debts(), st.sampled_from(ORDERS), st.randoms())
def test_a_payment_is_conserved_and_the_order_respected(paid, owed, order, shuffle):
    done = allocate(paid, owed, order)
    assert isinstance(done, Allocation)
    assert sum(done.settled.values()) + done.left_minor == paid
    assert sum(done.by_tax.values()) == sum(done.settled.values())
    by_id = {debt.id: debt for debt in owed}
    assert all(0 < part <= by_id[name].amount_minor for name, part in done.settled.items())
    step = {rank: number for number, ranks in enumerate(order) for rank in ranks}
    place = {debt.id: (step[debt.rank], debt.due_day) for debt in owed}
    whole = {debt.id for debt in owed if done.settled.get(debt.id) == debt.amount_minor}
    for name in done.settled:
        assert all(other in whole for other in place if place[other] < place[name])
    assert done.left_minor == 0 or whole == set(by_id)
    mixed = list(owed)
    shuffle.shuffle(mixed)
    assert allocate(paid, mixed, order) == done
