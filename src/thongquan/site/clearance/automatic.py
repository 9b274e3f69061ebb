"""What the law lets the machine decide: it goes on with a declaration as far as no person is asked for.

Registration or refusal by the checks, the assessment, the channel, and the clearance of a green declaration that has
nothing open. Every step is an act of the journey like any person's, under a key made of the declaration and the number
of the event, so that whoever calls this twice, or goes on after a crash, does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ...engine.lifecycle.declaration import Facts, Goods, Kind, State
from ...engine.risk.channels import Channel
from ...packs.pack import Pack
from ..accounts.reads import SYSTEM
from ..kit import clock
from ..kit.act import Answer
from . import journey, reads

MOST_STEPS: Final = 12

_JUDGED: Final = (State.REGISTERED, State.SELECTED, State.RELEASED, State.CLEARED)


def next_step(facts: Facts) -> Callable[..., Answer] | None:
    """The act that is the machine's to do now, None when a person comes next."""
    open_kinds = {obligation.kind for obligation in facts.obligations}
    if facts.holds or facts.state not in (State.LODGED, *_JUDGED):
        return None
    if facts.state is State.LODGED:
        return None if open_kinds & {Kind.DUPLICATE, Kind.REPLY} else journey.decide
    # What customs itself determined is no declaration: a person assesses, settles or imposes what follows from it.
    assessed = facts.assessed_version == facts.version
    if not assessed and facts.determined_version < facts.version:
        return journey.assess
    if facts.goods in (Goods.PASSED, Goods.STORED) and facts.state is State.CLEARED:
        return None
    if facts.state is State.REGISTERED or facts.selected_version < facts.version:
        return journey.select
    ready = (
        facts.channel is Channel.GREEN
        and facts.arrived
        and not facts.obligations
        and not facts.unsecured_minor
        and assessed
    )
    return journey.clear if ready and facts.state is State.SELECTED else None


def proceed(number: str, pack: Pack) -> list[Answer]:
    """Go on until a person comes next; the answers, the last of which may say why it stopped."""
    answers: list[Answer] = []
    for _ in range(MOST_STEPS):
        facts = reads.facts_of(number)
        does = next_step(facts)
        if does is None:
            break
        common: dict[str, Any] = {"number": number, "pack": pack, "by": SYSTEM, "at": clock.now()}
        answer = does(key=f"automatic/{number}/{facts.events + 1}", **common)
        answers.append(answer)
        if not answer.done:
            break
    return answers
