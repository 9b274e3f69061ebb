"""A right is a post that holds today, a role that is given the act, and a declaration that the post is for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.models import Posting, Right, User
from thongquan.site.accounts.reads import told_rights
from thongquan.site.clearance import journey, reads

from ..country import SYSTEM, By, original

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def number(pack, days) -> str:
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    assert journey.accept(number=number, **days.ask(SYSTEM, pack)).done
    return number


def holds(number, pack, days, user: str, reference: str = "H"):
    return journey.hold(number=number, reference=reference, reason="x", **days.ask(user, pack))


def test_an_ended_post_ends_the_right_at_the_next_act(number, pack, days):
    assert holds(number, pack, days, "olga", "H1").done
    accounts.end_posting(Posting.objects.get(user__username="olga"), date(2026, 3, 1))
    assert holds(number, pack, days, "olga", "H2").codes == ("NO_POSTING",)


def test_a_post_holds_on_its_last_day(number, pack, days):
    accounts.end_posting(Posting.objects.get(user__username="olga"), date(2026, 3, 2))
    assert holds(number, pack, days, "olga", "H1").done
    days.now += timedelta(days=1)
    assert holds(number, pack, days, "olga", "H2").codes == ("NO_POSTING",)


def test_an_ended_post_does_not_act_by_dating_back(number, pack, days):
    accounts.end_posting(Posting.objects.get(user__username="olga"), date(2026, 3, 2))
    ask = days.ask("olga", pack)
    later = ask["at"] + timedelta(days=30)
    assert journey.hold(number=number, reference="H", reason="x", **{**ask, "recorded_at": later}).codes == (
        "NO_POSTING",
    )


def test_a_post_that_begins_tomorrow_is_not_held_today(number, pack, days):
    accounts.post("nina", "OFFICER", first_day=date(2026, 3, 3), office="*")
    assert holds(number, pack, days, "nina").codes == ("NO_POSTING",)


def test_an_account_that_is_not_active_does_nothing(number, pack, days):
    User.objects.filter(username="olga").update(is_active=False)
    assert holds(number, pack, days, "olga").codes == ("ACCOUNT_NOT_ACTIVE",)
    assert holds(number, pack, days, "nobody").codes == ("ACCOUNT_NOT_ACTIVE",)


def test_a_role_without_the_right_is_refused(number, pack, days):
    assert holds(number, pack, days, "ann").codes == ("ROLE_HAS_NO_RIGHT",)
    Right.objects.filter(role="OFFICER", act="hold").delete()
    assert holds(number, pack, days, "olga").codes == ("ROLE_HAS_NO_RIGHT",)
    assert holds(number, pack, days, "lena").done


def test_the_rights_are_those_of_the_lifecycle_table():
    wanted = {(str(role), str(step.act)) for step in DECLARATION.steps for role in step.roles}
    given = set(Right.objects.values_list("role", "act"))
    assert {(role, act) for role, act in given if act in DECLARATION.acts} == wanted
    assert given == told_rights()


def test_a_right_that_the_table_does_not_know_opens_nothing(number, pack, days):
    Right.objects.create(role="BANK", act="hold")
    assert holds(number, pack, days, "bank").codes == ("ROLE_LACKS_ACT",)


def test_an_officer_acts_for_his_own_office(number, pack, days):
    accounts.post("near", "OFFICER", first_day=date(2020, 1, 1), office="TS0001")
    accounts.post("far", "OFFICER", first_day=date(2020, 1, 1), office="TS0002")
    accounts.post("none", "OFFICER", first_day=date(2020, 1, 1))
    assert holds(number, pack, days, "near", "H1").done
    assert holds(number, pack, days, "far", "H2").codes == ("NOT_YOUR_DECLARATION",)
    assert holds(number, pack, days, "none", "H3").codes == ("NOT_YOUR_DECLARATION",)


def test_a_declarant_acts_for_his_own_trader(pack, days):
    accounts.post("own", "DECLARANT", first_day=date(2020, 1, 1), trader="TRADER-1")
    accounts.post("other", "DECLARANT", first_day=date(2020, 1, 1), trader="TRADER-2")
    assert journey.lodge(message=original(), **days.ask("other", pack)).codes == ("NOT_YOUR_DECLARATION",)
    answer = journey.lodge(message=original(), **days.ask("own", pack))
    assert answer.done
    cancelled = journey.cancel(number=answer.number, reason="x", **days.ask("other", pack))
    assert cancelled.codes == ("NOT_YOUR_DECLARATION",)


def test_who_declared_does_not_act_for_the_state(pack, days):
    accounts.post("olga", "DECLARANT", first_day=date(2020, 1, 1), trader="*")
    answer = journey.lodge(message=original(), **days.ask(By("olga", "DECLARANT"), pack))
    refused = journey.hold(
        number=answer.number, reference="H", reason="x", **days.ask(By("olga", "OFFICER"), pack)
    )
    assert refused.codes == ("OWN_DECLARATION",)


def test_buttons_know_the_same_reasons(number, pack, days):
    openings = {one.act: one for one in reads.open_acts(number, by=By("olga"), pack=pack, at=days.now)}
    assert openings["hold"].is_open
    assert [reason.code for reason in openings["lift_hold"].reasons] == ["ROLE_HAS_NO_RIGHT"]
    assert openings["select"].reasons[0].code == "ROLE_HAS_NO_RIGHT"
    nobody = reads.open_acts(number, by=By("nobody"), pack=pack, at=days.now)
    assert {one.reasons[0].code for one in nobody} == {"ACCOUNT_NOT_ACTIVE"}
    assert reads.open_acts("NONE", by=By("olga"), pack=pack, at=days.now) == []


def test_people_and_posts_are_never_taken_away():
    with pytest.raises(ProtectedError):
        User.objects.get(username="olga").delete()
    for statement in ("DELETE FROM accounts_posting", "UPDATE accounts_posting SET role = 'LEADER'"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(IntegrityError, match="USER_IS_THE_SAME"), transaction.atomic():
        User.objects.filter(username="olga").update(username="bob")


def test_a_post_does_not_end_before_it_starts():
    with pytest.raises(IntegrityError), transaction.atomic():
        accounts.end_posting(Posting.objects.get(user__username="olga"), date(2019, 12, 31))


def test_a_post_that_signs_for_somebody_says_for_whom():
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.create(
            user=User.objects.get(username="olga"),
            role="OFFICER",
            first_day=date(2020, 1, 1),
            capacity="DEPUTY",
        )


def test_a_password_is_hashed_and_an_account_without_one_signs_nobody_in():
    user = User.objects.create_user("eva", "a long pass phrase")
    assert user.password.startswith("argon2$argon2id$")
    assert check_password("a long pass phrase", user.password)
    assert not User.objects.get(username="system").has_usable_password()


def test_the_same_post_twice_is_one():
    first = accounts.post("zoe", "OFFICER", first_day=date(2020, 1, 1), office="X")
    assert accounts.post("zoe", "OFFICER", first_day=date(2020, 1, 1), office="X") == first
