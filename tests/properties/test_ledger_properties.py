"""T7: whatever is posted, in whatever order: sums are 0, reversal restores, past balances are replays."""

from datetime import date, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.ledger.allocation import Allocation, Debt, allocate
from thongquan.engine.ledger.journal import (
    Account,
    AccountKind,
    Standing,
    balances,
    faults,
    post,
    reverse,
    standings,
    subledger,
)
from thongquan.engine.ledger.postings import (
    Head,
    allocation_postings,
    assess_postings,
    deposit_postings,
    deposit_use_postings,
    difference_postings,
    guarantee_hold_postings,
    guarantee_release_postings,
    payment_postings,
    refund_decision_postings,
    refund_payment_postings,
    surplus_postings,
)

AMOUNT = st.integers(1, 10**15)
AMOUNTS = st.dictionaries(st.sampled_from(["IMPORT", "VAT", "EXCISE"]), st.integers(0, 10**15), max_size=3)
DAY = st.integers(0, 400).map(lambda days: date(2020, 1, 1) + timedelta(days=days))


# (head, amounts by tax, other amounts by tax, one amount) → journal or None: every posting rule there is.
RULES = [
    lambda head, amounts, more, one: assess_postings(head, amounts),
    lambda head, amounts, more, one: difference_postings(head, amounts, more),
    lambda head, amounts, more, one: payment_postings(head, sum(amounts.values()) + one, "KB", amounts),
    lambda head, amounts, more, one: deposit_postings(head, one, "KB"),
    lambda head, amounts, more, one: deposit_use_postings(head, sum(amounts.values()) + one, amounts),
    lambda head, amounts, more, one: allocation_postings(head, {**amounts, "VAT": one}),
    lambda head, amounts, more, one: surplus_postings(head, amounts),
    lambda head, amounts, more, one: refund_decision_postings(head, one, "D"),
    lambda head, amounts, more, one: refund_payment_postings(head, one, "D", "KB"),
    lambda head, amounts, more, one: guarantee_hold_postings(head, "BL", one),
    lambda head, amounts, more, one: guarantee_release_postings(head, "BL", one),
]


@st.composite
def journals(draw):
    """A book: any posting rule, any payer, day and declaration; journals that post nothing are left out."""
    numbers = count(1)
    book = []
    for rule in draw(st.lists(st.sampled_from(RULES), max_size=12)):
        head = Head(
            reference=f"J-{next(numbers)}",
            payer=draw(st.sampled_from(["A", "B"])),
            currency=draw(st.sampled_from(["VND", "USD"])),
            effective_day=draw(DAY),
            subject=draw(st.sampled_from(["TK-1", "TK-2", ""])),
        )
        made = rule(head, draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNT))
        if made is not None:
            book.append(made)
            if draw(st.integers(0, 3)) == 3:
                book.append(
                    reverse(made, reference=f"J-{next(numbers)}", effective_day=draw(DAY), reason="error")
                )
    return book


@given(journals())
def test_every_currency_adds_up_to_zero_and_every_reference_is_used_once(book):
    totals = {}
    for account, amount in balances(book).items():
        totals[account.currency] = totals.get(account.currency, 0) + amount
    assert set(totals.values()) <= {0}
    assert faults(book) == ()


@given(journals(), st.randoms(use_true_random=False))
def test_balances_do_not_depend_on_the_order_of_posting(book, random):
    shuffled = list(book)
    random.shuffle(shuffled)
    assert balances(shuffled) == balances(book)
    assert subledger(shuffled) == subledger(book)
    at_end = {account: standing.balance_minor for account, standing in standings(shuffled).items()}
    assert at_end == balances(book)


@given(journals(), st.data())
def test_a_reversal_restores_every_balance(book, data):
    first = [journal for journal in book if journal.reverses is None]
    if not first:
        return
    wrong = data.draw(st.sampled_from(first))
    back = reverse(wrong, reference="R", effective_day=wrong.effective_day, reason="error")
    without = [journal for journal in book if journal is not wrong]
    touched = balances([*book, back])
    assert {account: amount for account, amount in touched.items() if amount} == {
        account: amount for account, amount in balances(without).items() if amount
    }


@given(journals())
def test_account_versions_are_dense_and_carry_the_balance(book):
    entries, state, after = {}, {}, {}
    for journal in book:
        for posted in post(journal, state):
            account = posted.entry.account
            entries.setdefault(account, []).append(posted)
            after[account] = Standing(posted.account_version, posted.balance_minor)
        state = dict(after)
    for account, posted in entries.items():
        assert [p.account_version for p in posted] == list(range(1, len(posted) + 1))
        running = 0
        for one in posted:
            running += one.entry.amount_minor
            assert one.balance_minor == running
        assert balances(book)[account] == running


@given(journals(), DAY, st.integers(0, 24))
def test_balances_at_any_past_instant_are_a_replay(book, day, recorded):
    # what was known after the first `recorded` journals, and what of it counted by `day`
    known = book[:recorded]
    replayed = {}
    for journal in known:
        for entry in journal.entries:
            if journal.effective_day <= day:
                replayed[entry.account] = replayed.get(entry.account, 0) + entry.amount_minor
    assert balances(known, on=day) == replayed


@given(journals())
def test_the_subledger_is_its_control_accounts(book):
    totals = {}
    for (_, account), amount in subledger(book).items():
        totals[account] = totals.get(account, 0) + amount
    assert totals == balances(book)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_amending_twice_posts_what_amending_once_would(first, second, third):
    head = Head(reference="x", payer="A", currency="VND", effective_day=date(2020, 1, 1))
    steps = [
        assess_postings(head, first),
        difference_postings(head, first, second),
        difference_postings(head, second, third),
    ]
    direct = [assess_postings(head, third)]

    def left(book):
        return {a: m for a, m in balances([j for j in book if j is not None]).items() if m}

    assert left(steps) == left(direct)


@given(
    st.integers(1, 10**12),
    st.lists(
        st.tuples(st.sampled_from(["X", "Y", "Z"]), st.integers(0, 50), st.integers(1, 10**9)), max_size=8
    ),
    st.permutations(["X", "Y", "Z"]),
    st.randoms(use_true_random=False),
)
def test_an_allocation_loses_nothing_and_does_not_depend_on_the_list(payment, rows, order, random):
    debts = [
        Debt(f"d{i}", rank, rank, date(2020, 1, 1) + timedelta(days=days), amount)
        for i, (rank, days, amount) in enumerate(rows)
    ]
    done = allocate(payment, debts, order)
    assert isinstance(done, Allocation)
    assert sum(done.settled.values()) + done.left_minor == payment
    assert sum(done.by_tax.values()) == sum(done.settled.values())
    amounts = {debt.id: debt.amount_minor for debt in debts}
    assert all(0 < part <= amounts[name] for name, part in done.settled.items())
    assert done.left_minor == max(0, payment - sum(amounts.values()))
    # only the last debt touched is settled in part, and nothing after it
    parts = [part == amounts[name] for name, part in done.settled.items()]
    assert all(parts[:-1])
    shuffled = list(debts)
    random.shuffle(shuffled)
    assert list(allocate(payment, shuffled, order).settled.items()) == list(done.settled.items())


@given(st.sampled_from(list(AccountKind)), *[st.text(max_size=12) for _ in range(4)])
def test_an_account_is_read_back_from_its_code(kind, currency, party, tax, reference):
    account = Account(kind, currency, party, tax, reference)
    assert Account.of(account.code) == account
