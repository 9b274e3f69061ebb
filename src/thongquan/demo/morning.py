"""What waits for each role when somebody opens the demonstration's site: declarations that came this morning.

The stories run to their end, so that their taxes can be held against notices; a desk with nothing on it shows nobody
how work is done. These few are lodged from the same examples under references of their own and left where a person
comes next. Their keys are made of the reference, so a second run does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..engine.lifecycle.declaration import Role
from ..packs.pack import Pack
from ..site.accounts.reads import By
from ..site.clearance import automatic, journey
from ..site.kit import clock
from ..site.kit.act import Answer
from ..site.parties.acts import register
from .office import PEOPLE

TRADERS: Final = {
    "GB999000000001": "Demo Customs Agents Ltd",
    "GB999000000002": "Demo Imports Ltd",
}
"""The invented parties of the examples, as a register would name them."""

type Step = tuple[Role, Callable[..., Answer], dict[str, str]]

CHECKED: Final[Step] = (Role.OFFICER, journey.check_documents, {"result": "CONFORMS"})
ARRIVED: Final[Step] = (Role.SUPERVISOR, journey.arrive, {})
ASKED: Final[Step] = (
    Role.OFFICER,
    journey.request,
    {"reference": "YC-1", "wanted": "Hợp đồng và chứng từ thanh toán"},
)
HELD: Final[Step] = (
    Role.LEADER,
    journey.hold,
    {"reference": "TD-1", "reason": "Chờ xác minh nguồn gốc lô hàng"},
)
REFERRED: Final[Step] = (Role.OFFICER, journey.refer, {"reference": "CN-1", "agency": "KDTV"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A declaration of this morning. example: the folder whose message it repeats. steps: what people did before."""

    reference: str
    example: str
    steps: tuple[Step, ...] = ()


MORNING: Final = (
    Arrival("SANG-01", "07-red-by-rule"),
    Arrival("SANG-02", "07-red-by-rule", (CHECKED, ARRIVED)),
    Arrival("SANG-03", "07-red-by-rule", (HELD,)),
    Arrival("SANG-04", "08-yellow-by-rule"),
    Arrival("SANG-05", "08-yellow-by-rule", (ASKED,)),
    Arrival("SANG-06", "09-northern-ireland", (REFERRED,)),
    Arrival("SANG-07", "01-import"),
    Arrival("SANG-08", "02-prelodged-and-arrival"),
)
"""Together they leave something to do for every role that acts on declarations."""


def lodge_morning(pack: Pack, examples: Path) -> list[Answer]:
    """Lodge them and go as far as no person of the reader's roles is asked; the answers of the lodgements."""
    for registry_id, name in TRADERS.items():
        register(registry_id, name=name)
    return [_one(arrival, pack, examples) for arrival in MORNING]


def _one(arrival: Arrival, pack: Pack, examples: Path) -> Answer:
    message = (examples / arrival.example / "1-declaration.xml").read_bytes()
    old = f"DEMO-{arrival.example[:2]}"
    common: dict[str, Any] = {"pack": pack, "key": f"demo/morning/{arrival.reference}"}
    answer = journey.receive(
        message=message.replace(old.encode(), arrival.reference.encode()),
        by=By(PEOPLE[Role.DECLARANT]),
        at=clock.now(),
        external_reference="",
        **common,
    )
    if not answer.done or answer.replay:
        return answer
    automatic.proceed(answer.number, pack)
    for place, (role, does, says) in enumerate(arrival.steps, 1):
        does(
            number=answer.number,
            pack=pack,
            by=By(PEOPLE[role]),
            key=f"{common['key']}/{place}",
            at=clock.now(),
            **says,
        )
    return answer
