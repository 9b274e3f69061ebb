"""Places with ties, years in a row, changes against the same period, identities, claims. Vectors of the reports."""

from datetime import date
from fractions import Fraction

import pytest

from thongquan.engine.indicators.claims import (
    Holds,
    against_scenario,
    all_met,
    changed,
    committed,
    complete,
    executed,
    in_a_row,
    placed,
    still_to_do,
)
from thongquan.engine.indicators.comparison import Before, Way, compare
from thongquan.engine.indicators.identities import check, check_parts
from thongquan.engine.indicators.indicator import Direction
from thongquan.engine.indicators.ranks import (
    Basis,
    IndexResult,
    Peer,
    PeerTable,
    movement,
    place_of,
    rank,
    streak,
    streak_of,
)
from thongquan.engine.indicators.targets import Commitment, Judgement, Target, TargetKind, needed, progress
from thongquan.engine.indicators.value import Nature

MID_YEAR = date(2020, 6, 30)


def peers(*rows, basis=Basis.EXECUTION, better=Direction.HIGHER):
    return PeerTable(
        indicator="REV_EXEC", basis=basis, as_of=MID_YEAR, source="table 1", rows=rows, better=better
    )


def test_equal_peers_share_a_place_and_the_next_is_further_down():
    found = rank(peers(Peer("a", 90), Peer("b", 80), Peer("c", 80), Peer("d", 70)))
    assert [(one.unit, one.place, one.shared_with) for one in found] == [
        ("a", 1, ()),
        ("b", 2, ("c",)),
        ("c", 2, ("b",)),
        ("d", 4, ()),
    ]


def test_with_six_above_among_35_the_place_is_seven():
    above = [Peer(f"u{n}", Fraction(72 + n, 100)) for n in range(6)]
    below = [Peer(f"l{n}", Fraction(70 - n, 100)) for n in range(28)]
    found = place_of("20", peers(*above, Peer("20", Fraction(6_718, 9_500)), *below))
    assert found is not None
    assert (found.place, found.of, found.basis) == (7, 35, Basis.EXECUTION)


def test_equality_of_shares_is_exact():
    # 1/3 and 333,333/1,000,000 print alike and are not alike.
    found = rank(peers(Peer("a", Fraction(333_333, 1_000_000)), Peer("b", Fraction(1, 3))))
    assert [(one.unit, one.place) for one in found] == [("b", 1), ("a", 2)]


def test_without_a_table_or_a_row_nothing_is_said():
    assert place_of("20", None) is None
    assert place_of("20", peers(Peer("a", 1))) is None
    assert placed(None).holds is Holds.MISSING


def test_a_place_in_an_assumed_table_says_so_with_its_basis():
    claim = placed(place_of("a", peers(Peer("a", 2), Peer("b", 1, assumed=True))))
    assert claim.code == "PLACE_ASSUMED"
    assert (claim.says["place"], claim.says["of"], claim.says["basis"]) == (1, 2, "EXECUTION")


def test_a_shorter_time_ranks_first_and_movement_is_upwards():
    before = rank(peers(Peer("a", 1), Peer("b", 2), better=Direction.LOWER))
    now = rank(peers(Peer("a", 3), Peer("b", 2), better=Direction.LOWER))
    assert movement(before, now, "b") == 1
    assert movement(before, now, "c") is None


def edition(year, place, announced_on):
    return IndexResult("DDCI", year, "departments", place, 34, announced_on)


def test_three_first_places_are_a_row_and_a_fourth_place_ends_it():
    # Customs Department of the province: 2017, 2018, 2019 first, 2020 fourth (announced 19 March 2021).
    results = [
        edition(2017, 1, date(2018, 1, 24)),
        edition(2018, 1, date(2019, 1, 18)),
        edition(2019, 1, date(2020, 2, 1)),
        edition(2020, 4, date(2021, 3, 19)),
    ]
    assert streak(results, "DDCI", "departments", as_of=date(2020, 7, 7)) == 3
    assert streak(results, "DDCI", "departments") == 0
    assert streak(results, "PAR", "departments") == 0


def test_a_year_left_out_breaks_the_row():
    results = [edition(2017, 1, date(2018, 1, 24)), edition(2019, 1, date(2020, 2, 1))]
    assert streak(results, "DDCI", "departments") == 1
    assert streak_of({2017: True, 2019: True}) == 1
    assert streak_of({}) == 0


def test_only_more_than_one_year_is_in_a_row():
    assert (in_a_row(3).holds, in_a_row(1).holds) == (Holds.YES, Holds.NO)


def test_growth_of_nineteen_per_cent():
    # 6,718 ÷ 5,645.4 − 1 = 19.0 %
    found = compare(67_180, 56_454, Before.FROZEN)
    assert (found.way, found.difference) == (Way.UP, 10_726)
    assert found.share == Fraction(10_726, 56_454)
    assert changed(found).code == "CHANGE_UP"


def test_less_than_before_falls_and_as_much_is_equal():
    # Quảng Ninh to 5 May 2021: 3,327 after 4,232, down 905 = 21.4 %
    fall = compare(3_327, 4_232, Before.RESTATED)
    assert (fall.way, fall.difference, fall.share) == (Way.DOWN, -905, Fraction(-905, 4_232))
    assert changed(fall).says["share"] == Fraction(905, 4_232)
    assert changed(compare(7, 7, Before.FROZEN)).code == "CHANGE_EQUAL"


def test_nothing_grows_from_an_unknown_and_from_nothing_there_is_no_share():
    assert changed(compare(5, None, Before.FROZEN)).holds is Holds.MISSING
    grown = changed(compare(5, 0, Before.FROZEN))
    assert (grown.code, grown.says["share"]) == ("CHANGE_FROM_NOTHING", None)
    assert changed(compare(0, 0, Before.FROZEN)).code == "CHANGE_EQUAL"


def province(value):
    return Target(
        indicator="REV",
        year=2020,
        authority="PROVINCE",
        kind=TargetKind.ASSIGNED,
        place="20",
        value=value,
        decision="NQ-1",
        decided_on=date(2019, 12, 7),
        first_day=date(2020, 1, 1),
    )


def test_a_target_is_executed_to_a_share_and_judged():
    claim = executed(6_718, province(11_000), Direction.HIGHER)
    assert (claim.code, claim.holds, claim.says["share"]) == (
        "TARGET_NOT_MET",
        Holds.NO,
        Fraction(6_718, 11_000),
    )
    over = executed(12_119, province(11_000), Direction.HIGHER)
    assert (over.code, over.says["over"]) == ("TARGET_EXCEEDED", Fraction(1_119, 11_000))


def test_all_met_and_exceeded_needs_every_key_indicator():
    met = {"REV": Judgement.EXCEEDED, "DECL": Judgement.MET}
    assert (all_met(met).code, all_met(met).holds) == ("ALL_MET_OR_EXCEEDED", Holds.YES)
    one_short = {**met, "TURN": Judgement.NOT_MET}
    claim = all_met(one_short)
    assert (claim.code, claim.holds) == ("SOME_NOT_MET", Holds.NO)
    assert (claim.says["met"], claim.says["of"], claim.says["not_met"]) == (2, 3, ("TURN",))


def test_what_was_not_reported_is_neither_met_nor_failed():
    claim = all_met({"REV": Judgement.EXCEEDED, "TURN": Judgement.MISSING})
    assert (claim.code, claim.holds, claim.says["missing"]) == ("SOME_NOT_REPORTED", Holds.MISSING, ("TURN",))
    assert all_met({}).holds is Holds.MISSING
    assert all_met({"REV": Judgement.MET}).code == "ALL_MET"
    assert all_met({"REV": Judgement.EXCEEDED}).code == "ALL_EXCEEDED"


def test_even_progress_is_not_called_a_scenario():
    assert against_scenario(progress(6_718, MID_YEAR, None, 9_500)).code == "EVEN_PROGRESS_AHEAD"
    assert against_scenario(progress(6_718, MID_YEAR, None)).code == "SCENARIO_MISSING"


def test_a_commitment_is_a_plan_and_names_the_target_it_points_at():
    claim = committed(
        Commitment("Department", "Conclusion", date(2020, 7, 7), province(11_000), and_exceed=True)
    )
    assert (claim.code, claim.nature, claim.says["target"]) == ("COMMITTED_TO_EXCEED", Nature.PLANNED, 11_000)


def test_what_is_left_is_told_by_the_month():
    claim = still_to_do(needed(11_000, 6_718, MID_YEAR))
    assert (claim.code, claim.says["remaining"], claim.says["a_month"]) == (
        "STILL_TO_DO",
        4_282,
        Fraction(2_141, 3),
    )
    assert still_to_do(needed(1, 2, MID_YEAR)).code == "NOTHING_LEFT_TO_DO"


def test_one_short_of_all_is_not_complete():
    assert complete(9_996, 10_000).holds is Holds.NO
    assert complete(10_000, 10_000).holds is Holds.YES
    assert complete(0, 0).holds is Holds.MISSING


def test_identities_that_hold_say_nothing_and_a_missing_side_is_not_checked():
    figures = {
        "CH_G": Fraction(1, 3),
        "CH_Y": Fraction(1, 3),
        "CH_R": Fraction(1, 3),
        "ENT_KEPT": 198,
        "ENT_NEW": 40,
        "ENT_RETURNED": 10,
        "ENT_ACT": 248,
        "ENT_LOST": None,
        "DEBT_OPEN": 100,
        "DEBT_CHARGED": 50,
        "DEBT_COLLECTED": 30,
        "DEBT_WRITTEN_OFF": 5,
        "DEBT_CLOSE": 115,
    }
    assert check(figures) == ()


def test_a_broken_identity_shows_both_sides():
    (found,) = check(
        {"DEBT_OPEN": 1, "DEBT_CHARGED": 0, "DEBT_COLLECTED": 0, "DEBT_WRITTEN_OFF": 0, "DEBT_CLOSE": 2}
    )
    assert (found.code, found.at, found.says["left"], found.says["right"]) == (
        "IDENTITY_BROKEN",
        "DEBT_MOVES",
        "1",
        "2",
    )


@pytest.mark.parametrize(("whole", "broken"), [(3, 0), (4, 1), (None, 0)])
def test_the_parts_of_a_split_add_up(whole, broken):
    assert len(check_parts("DECL", whole, {"a": 1, "b": 2})) == broken
