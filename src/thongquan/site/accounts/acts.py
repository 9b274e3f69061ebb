"""Give and end posts. A post is never deleted: what was done in it stays explained."""

from __future__ import annotations

from datetime import date

from ...engine.lifecycle.declaration import Role
from .models import EVERY, Posting, User
from .reads import SYSTEM


def account(username: str, *, password: str | None = None, full_name: str = "") -> User:
    """The account of a name, made when it is not there."""
    found = User.objects.filter(username=username).first()
    return found or User.objects.create_user(username, password, full_name=full_name)


def post(
    username: str,
    role: str,
    *,
    first_day: date,
    office: str = "",
    trader: str = "",
    last_day: date | None = None,
) -> Posting:
    """Give somebody a post; the same open post twice is one."""
    user = account(username)
    found = Posting.objects.filter(
        user=user, role=role, office=office, trader=trader, first_day=first_day, last_day=last_day
    ).first()
    return found or Posting.objects.create(
        user=user, role=Role(role), office=office, trader=trader, first_day=first_day, last_day=last_day
    )


def end_posting(posting: Posting, last_day: date) -> None:
    """End a post with a day (included); the next act after it is refused."""
    Posting.objects.filter(pk=posting.pk).update(last_day=last_day)


def system() -> User:
    """The account of the automatic processing; it has no password and cannot sign in."""
    return post(SYSTEM.user, Role.SYSTEM, first_day=date.min, office=EVERY).user
