"""What makes two declarations be about the same goods, and the draw that belongs to the goods and not to a number.

Two custodians each hold a key file in the data folder (`keys/custodian-a`, `keys/custodian-b`); together they make the
secret of a day, whose commitment is stored before anything is drawn with it.
"""

from __future__ import annotations

import secrets
from datetime import date
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from ...engine.declaration import Declaration as Declared
from ...engine.lifecycle.declaration import State
from ...engine.risk import draw as engine
from ...engine.risk.channels import Channel
from ..kit.canonical import canonical
from ..kit.secrets import kept
from .models import Declaration, Draw, DrawCommitment, Mark

CUSTODIANS = ("custodian-a", "custodian-b")


def goods_hash(declared: Declared) -> str:
    """The lines as declared, without their numbering: equal goods give equal hashes."""
    return sha256(canonical([canonical(item).decode() for item in declared.goods_items])).hexdigest()


def key_of(consignment: str) -> str:
    """A consignment's name as it is stored: its length does not depend on what traders write."""
    return sha256(consignment.encode()).hexdigest()


def looks_like(row: Declaration) -> list[str]:
    """Numbers of living declarations of the same consignment with the same lines, the oldest first."""
    if not row.under_document:
        return []
    ended = (State.REJECTED, State.CANCELLED)
    same = Declaration.objects.filter(consignment=row.consignment, goods_hash=row.goods_hash)
    return list(
        same.exclude(pk=row.pk).exclude(state__in=ended).order_by("pk").values_list("number", flat=True)
    )


def commit(day: date) -> DrawCommitment:
    """Publish what binds us to a day's secret, once; called the evening before, and at the latest by the first draw."""
    DrawCommitment.objects.bulk_create(
        [DrawCommitment(day=day, commitment=engine.commitment(_secret(day)))], ignore_conflicts=True
    )
    return DrawCommitment.objects.get(day=day)


def drawn(consignment: str, day: date, number: str) -> engine.Draw:
    """The draw of a consignment: the one it has, whatever was declared of it since, or a new one of this day.

    ValueError when the custodians' keys no longer give the committed secret: then nothing is drawn at all.
    """
    promised = commit(day)
    secret = _secret(day)
    if engine.commitment(secret) != promised.commitment:
        raise ValueError(f"the secret of {day} is not the one that was committed")
    key = key_of(consignment)
    made = engine.drawn_once(None, secret, consignment, day)
    Draw.objects.bulk_create(
        [Draw(key=key, day=day, drawn_ppm=made.u_ppm, first_number=number)], ignore_conflicts=True
    )
    row = Draw.objects.get(key=key)
    commitment = DrawCommitment.objects.get(day=row.day).commitment
    return engine.Draw(consignment, row.day, commitment, row.drawn_ppm)


def former_channel(row: Declaration, day: date) -> Channel | None:
    """The strictest channel that the consignment had: its marks that stand on the day, and its own last selection."""
    had = [Channel(row.channel)] if row.channel else []
    if row.consignment:
        marks = Mark.objects.filter(consignment=row.consignment, first_day__lte=day, last_day__gte=day)
        had += [Channel(channel) for channel in marks.values_list("channel", flat=True)]
    return max(had, default=None)


def make_keys() -> None:
    """Make the custodians' keys now, so that nobody meets their making in the middle of a day."""
    for name in CUSTODIANS:
        _key(name)


def _secret(day: date) -> bytes:
    first, second = (_key(name) for name in CUSTODIANS)
    return engine.secret_of_day(first, second, day)


def _key(name: str) -> bytes:
    return kept(Path(settings.DATA) / "keys" / name, lambda: secrets.token_bytes(64))
