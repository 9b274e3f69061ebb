"""Criteria as rows, and the selection that they make: every reason kept, the strictest channel taken."""

from dataclasses import replace
from datetime import date

import pytest

from thongquan import words
from thongquan.engine.dated import Period, as_of
from thongquan.engine.findings import LegalRef
from thongquan.engine.risk.channels import Channel
from thongquan.engine.risk.rules import (
    FORMER_CHANNEL,
    RANDOM_SHARE,
    SCORE,
    Reason,
    RiskFacts,
    RiskLine,
    Rule,
    Threshold,
    rules_hash,
    select,
)

G, Y, R = Channel.GREEN, Channel.YELLOW, Channel.RED
LAW = LegalRef("01/QD-TCHQ", "art. 2")
YEAR = Period(date(2020, 1, 1), date(2020, 12, 31))


def rule(id, channel=G, reason="WATCHED", **criteria):
    return Rule(id=id, channel=channel, reason=reason, period=YEAR, law=LAW, **criteria)


def facts(*lines, **more):
    return RiskFacts(lines or (RiskLine("85171300", "CN", "A11", frozenset({"C/O"})),), **more)


def channel_of(facts, *rules, share=0, u=999_999, **more):
    return select(facts, rules, share, u, **more).channel


def test_channels_are_ordered_by_how_much_customs_looks_at():
    assert G < Y < R
    assert max(Y, G, R) is R
    assert set(words.identifiers("channel")) == {channel.name for channel in Channel}


def test_nothing_asks_for_more_than_green():
    selection = select(facts(), [], 0, 0)
    assert (selection.channel, selection.reasons, selection.score) == (G, (), 0)


@pytest.mark.parametrize(
    ("criteria", "met"),
    [
        ({"commodity_prefix": "8517"}, True),
        ({"commodity_prefix": "8518"}, False),
        ({"origin": "CN"}, True),
        ({"origin": "KR"}, False),
        ({"procedure": "A11"}, True),
        ({"procedure": "A12"}, False),
        ({"document": "C/O"}, True),
        ({"document": "INVOICE"}, True),
        ({"document": "PERMIT"}, False),
        ({"trader_class": "5"}, True),
        ({"trader_class": "1"}, False),
        ({"commodity_prefix": "8517", "origin": "CN", "trader_class": "5"}, True),
        ({"commodity_prefix": "8517", "origin": "KR", "trader_class": "5"}, False),
        ({}, True),
    ],
)
def test_a_criterion_holds_when_all_that_it_names_holds(criteria, met):
    declared = facts(trader_class="5", documents=frozenset({"INVOICE"}))
    assert (channel_of(declared, rule("r", Y, **criteria)) is Y) is met


def test_what_a_criterion_names_must_hold_on_one_line():
    declared = facts(RiskLine("8517", "KR"), RiskLine("9403", "CN"), RiskLine("8517", "CN"))
    selection = select(declared, [rule("r", R, commodity_prefix="8517", origin="CN")], 0, 0)
    assert selection.reasons == (Reason("WATCHED", R, "r", 0, "goods_items[3]"),)
    assert (
        channel_of(
            facts(RiskLine("8517", "KR"), RiskLine("9403", "CN")),
            rule("r", R, commodity_prefix="8517", origin="CN"),
        )
        is G
    )


def test_every_reason_is_kept_and_the_strictest_channel_is_taken():
    rules = [
        rule("b", Y),
        rule("a", Y, weight=3),
        rule("c", R),
        rule("d", G, weight=4),
        rule("e", R, origin="KR"),
    ]
    selection = select(facts(), rules, 100_000, 99_999, former=Y)
    assert selection.channel is R
    assert [(reason.channel, reason.code, reason.rule) for reason in selection.reasons] == [
        (R, RANDOM_SHARE, ""),
        (R, "WATCHED", "c"),
        (Y, FORMER_CHANNEL, ""),
        (Y, "WATCHED", "a"),
        (Y, "WATCHED", "b"),
        (G, "WATCHED", "d"),
    ]
    assert (selection.score, selection.u_ppm, selection.share_ppm) == (7, 99_999, 100_000)


def test_weights_together_reach_a_threshold_that_none_reaches_alone():
    rules = [rule("a", weight=30), rule("b", weight=30)]
    steps = [Threshold(50, Y), Threshold(90, R)]
    assert channel_of(facts(), rules[0], thresholds=steps) is G
    selection = select(facts(), rules, 0, 0, thresholds=steps)
    assert selection.channel is Y
    assert selection.reasons[0] == Reason(SCORE, Y, weight=60)


def test_a_rule_weighs_once_however_many_lines_it_meets():
    declared = facts(RiskLine("8517"), RiskLine("8517"))
    assert select(declared, [rule("a", weight=5)], 0, 0).score == 5


def test_the_random_share_hits_below_the_share_and_not_at_it():
    assert channel_of(facts(), share=50_000, u=49_999) is R
    assert channel_of(facts(), share=50_000, u=50_000) is G
    assert channel_of(facts(), share=0, u=0) is G
    assert channel_of(facts(), share=1_000_000, u=999_999) is R
    assert channel_of(facts(), share=50_000, u=0, random_channel=Y) is Y
    for share, u in ((-1, 0), (1_000_001, 0), (0, -1), (0, 1_000_000)):
        with pytest.raises(ValueError):
            select(facts(), [], share, u)


def test_a_channel_that_the_consignment_had_is_never_lowered():
    for former in Channel:
        for now in Channel:
            assert channel_of(facts(), rule("a", now), former=former) is max(former, now)


def test_two_rules_of_one_id_cannot_explain_themselves():
    with pytest.raises(ValueError):
        select(facts(), [rule("a"), rule("a", R)], 0, 0)


def test_the_hash_names_the_rules_whatever_their_order_and_changes_with_each_of_their_parts():
    one, two = rule("a", Y, origin="CN"), rule("b", R)
    known = rules_hash([one, two])
    assert len(known) == 64
    assert rules_hash([two, one]) == known == select(facts(), [one, two], 0, 0).rules_hash
    changes = [
        {"id": "x"},
        {"channel": R},
        {"reason": "OTHER"},
        {"period": Period(date(2020, 1, 1))},
        {"law": LegalRef("02/QD-TCHQ")},
        {"commodity_prefix": "1"},
        {"origin": "KR"},
        {"procedure": "A11"},
        {"document": "C/O"},
        {"trader_class": "5"},
        {"weight": 1},
    ]
    others = {rules_hash([replace(one, **change), two]) for change in changes}
    assert (
        len(others | {known, rules_hash([one]), rules_hash([one, two], [Threshold(1, R)])})
        == len(changes) + 3
    )


def test_rules_know_their_days():
    assert as_of([rule("a")], date(2020, 12, 31)) == [rule("a")]
    assert as_of([rule("a")], date(2021, 1, 1)) == []


def test_the_reasons_that_no_pack_writes_have_their_words():
    assert {RANDOM_SHARE, SCORE, FORMER_CHANNEL} <= set(words.identifiers("reason"))
