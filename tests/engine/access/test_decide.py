"""One decision for everybody: the first rule that says no decides, and says which rule it was."""

from datetime import UTC, date, datetime

from thongquan.engine.access.decide import EVERY, Person, Post, Thing, actor, decide, reading
from thongquan.engine.lifecycle.declaration import Facts, Proposal, State
from thongquan.engine.lifecycle.machine import Capacity
from thongquan.engine.risk.channels import Channel

DAY = date(2026, 3, 2)
RIGHTS = {
    "DECLARANT": {"lodge", "amend", "cancel", "read"},
    "OFFICER": {"cancel", "hold", "clear", "read", "read_risk"},
    "LEADER": {"lower_channel", "clear"},
    "SYSTEM": {"clear"},
}
MINE = Thing("TS1", "T-1")


def person(*posts: Post, **more) -> Person:
    return Person("olga", posts=posts, **more)


OFFICER = Post("OFFICER", office="TS1", id=1)
DECLARANT = Post("DECLARANT", trader="T-1", id=2)


def why(who: Person, act: str, thing: Thing | None = MINE, days=(DAY,)):
    decision = decide(who, act, thing, days, RIGHTS)
    assert decision.allow == (not decision.reasons)
    return decision.code, decision.rule


def selected(**facts) -> Thing:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    return Thing(
        "TS1", "T-1", facts=Facts(state=State.SELECTED, events=3, version=1, state_since=since, **facts)
    )


def test_a_post_of_the_office_may_do_what_its_role_is_given():
    assert why(person(OFFICER), "hold") == ("ALLOWED", "right:OFFICER:hold")


def test_an_account_that_is_not_active_does_nothing():
    assert why(person(OFFICER, active=False), "hold") == ("ACCOUNT_NOT_ACTIVE", "account")


def test_a_key_does_only_what_it_is_for():
    assert why(person(OFFICER, scopes=frozenset({"read"})), "hold") == ("SCOPE_LACKS_ACT", "scope")
    assert why(person(OFFICER, scopes=frozenset({"hold"})), "hold")[0] == "ALLOWED"


def test_a_post_holds_on_its_first_and_last_day_and_not_beside_them():
    who = person(Post("OFFICER", office="TS1", first_day=DAY, last_day=DAY))
    assert why(who, "hold") == ("ALLOWED", "right:OFFICER:hold")
    for day in (date(2026, 3, 1), date(2026, 3, 3)):
        assert why(who, "hold", days=(day,)) == ("NO_POSTING", "posting")
        assert why(who, "hold", days=(DAY, day)) == ("NO_POSTING", "posting")


def test_a_right_that_is_absent_means_no():
    assert why(person(OFFICER), "lower_channel") == ("ROLE_HAS_NO_RIGHT", "right")
    assert why(person(Post("BANK", office=EVERY)), "hold") == ("ROLE_HAS_NO_RIGHT", "right")


def test_an_officer_reaches_his_office_and_a_declarant_his_trader():
    assert why(person(OFFICER), "hold", Thing("TS2", "T-1")) == ("NOT_YOUR_DECLARATION", "reach")
    assert why(person(DECLARANT), "amend", Thing("TS2", "T-1"))[0] == "ALLOWED"
    assert why(person(DECLARANT), "amend", Thing("TS1", "T-2")) == ("NOT_YOUR_DECLARATION", "reach")
    assert why(person(Post("OFFICER")), "hold", Thing("", "T-1"))[0] == "ALLOWED"
    assert why(person(Post("OFFICER", office=EVERY)), "hold", Thing("TS2", ""))[0] == "ALLOWED"


def test_what_belongs_to_nobody_needs_the_right_alone():
    assert why(person(OFFICER), "read_risk", None) == ("ALLOWED", "right:OFFICER:read_risk")


def test_of_several_posts_the_one_that_the_state_asks_for_is_taken():
    both = person(DECLARANT, OFFICER)
    assert decide(both, "cancel", Thing("TS1", "T-1", "LODGED"), (DAY,), RIGHTS).post == OFFICER
    late = decide(
        person(Post("DECLARANT", trader="T-1", id=0), OFFICER), "cancel", selected(), (DAY,), RIGHTS
    )
    assert late.post == OFFICER


def test_a_post_signed_for_oneself_comes_before_one_for_another():
    deputy = Post("OFFICER", office="TS1", capacity=Capacity.DEPUTY, on_behalf="Head", id=0)
    assert decide(person(deputy, OFFICER), "hold", MINE, (DAY,), RIGHTS).post == OFFICER


def test_the_state_the_row_and_the_persons_are_asked_where_facts_are_known():
    assert why(person(OFFICER), "hold", Thing("TS1", "", facts=Facts())) == (
        "ACT_NOT_FROM_STATE",
        "state:hold:UNLODGED",
    )
    own = person(DECLARANT, role="DECLARANT")
    assert why(own, "cancel", selected()) == ("ROLE_LACKS_ACT", "row:cancel:SELECTED")
    assert why(person(OFFICER), "hold", selected(party=frozenset({"olga"}))) == (
        "OWN_DECLARATION",
        "persons:hold:SELECTED",
    )


def test_who_inspected_does_not_clear_whatever_else_is_missing():
    code, rule = why(person(OFFICER), "clear", selected(inspectors=frozenset({"olga"})))
    assert (code, rule) == ("INSPECTOR_MAY_NOT_RELEASE", "persons:clear:SELECTED")
    assert why(person(OFFICER), "clear", selected()) == ("ASSESSMENT_MISSING", "facts:clear:SELECTED")


def test_four_eyes_are_two_persons():
    leader = person(Post("LEADER", office="TS1"))
    red = {"channel": Channel.RED}
    assert why(leader, "lower_channel", selected(**red))[0] == "FOUR_EYES_NOT_PROPOSED"
    for by, code in (("olga", "FOUR_EYES_SAME_PERSON"), ("igor", "ALLOWED")):
        thing = selected(**red, proposals=(Proposal("lower_channel", by, ()),))
        assert why(leader, "lower_channel", thing)[0] == code


def test_the_actor_names_the_trader_he_declares_for():
    assert actor(person(DECLARANT), DECLARANT, "T-1").on_behalf == "T-1"
    everywhere = actor(person(OFFICER), Post("OFFICER", office=EVERY), "T-1")
    assert (everywhere.office, everywhere.on_behalf) == ("", "")


def test_reading_gives_the_posts_that_the_query_then_asks():
    assert reading(person(OFFICER, DECLARANT), "read_risk", (DAY,), RIGHTS) == (OFFICER,)
    assert reading(person(OFFICER, DECLARANT), "read", (DAY,), RIGHTS) == (OFFICER, DECLARANT)
    assert reading(person(OFFICER, active=False), "read", (DAY,), RIGHTS) == ()
