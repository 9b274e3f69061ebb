"""What must add up. An identity that does not hold is told with both sides; a side that is missing tells nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ..findings import Finding, in_order

type Figures = Mapping[str, Fraction | int | None]


@dataclass(frozen=True, slots=True)
class Identity:
    """code: key of its words. of: the figures on its left; left and right compute the sides from them."""

    code: str
    of: tuple[str, ...]
    left: Callable[[Mapping[str, Fraction | int]], Fraction | int]
    right: Callable[[Mapping[str, Fraction | int]], Fraction | int]


IDENTITIES: Final = (
    Identity(
        "CHANNELS_ARE_ALL",
        ("CH_G", "CH_Y", "CH_R"),
        lambda f: f["CH_G"] + f["CH_Y"] + f["CH_R"],
        lambda f: 1,
    ),
    Identity(
        "ENTERPRISES_NOW",
        ("ENT_KEPT", "ENT_NEW", "ENT_RETURNED", "ENT_ACT"),
        lambda f: f["ENT_KEPT"] + f["ENT_NEW"] + f["ENT_RETURNED"],
        lambda f: f["ENT_ACT"],
    ),
    Identity(
        "ENTERPRISES_BEFORE",
        ("ENT_KEPT", "ENT_LOST", "ENT_ACT_BEFORE"),
        lambda f: f["ENT_KEPT"] + f["ENT_LOST"],
        lambda f: f["ENT_ACT_BEFORE"],
    ),
    Identity(
        "DEBT_MOVES",
        ("DEBT_OPEN", "DEBT_CHARGED", "DEBT_COLLECTED", "DEBT_WRITTEN_OFF", "DEBT_CLOSE"),
        lambda f: f["DEBT_OPEN"] + f["DEBT_CHARGED"] - f["DEBT_COLLECTED"] - f["DEBT_WRITTEN_OFF"],
        lambda f: f["DEBT_CLOSE"],
    ),
    Identity(
        "REVENUE_NET",
        ("REV_GROSS", "REV_REFUNDED", "REV_NET"),
        lambda f: f["REV_GROSS"] - f["REV_REFUNDED"],
        lambda f: f["REV_NET"],
    ),
)


def check(figures: Figures) -> tuple[Finding, ...]:
    """The identities that these figures break; one of whose figures is absent or missing is not checked."""
    broken = []
    for identity in IDENTITIES:
        known = {code: value for code in identity.of if (value := figures.get(code)) is not None}
        if len(known) < len(identity.of):
            continue
        left, right = identity.left(known), identity.right(known)
        if left != right:
            broken.append(
                Finding(
                    "IDENTITY_BROKEN",
                    at=identity.code,
                    says={"identity": identity.code, "left": str(left), "right": str(right)},
                )
            )
    return in_order(broken)


def check_parts(code: str, whole: int | None, parts: Mapping[str, int]) -> tuple[Finding, ...]:
    """Whether the parts of a split figure add up to the whole. Not for distinct counts, whose parts overlap."""
    if whole is None or sum(parts.values()) == whole:
        return ()
    return (
        Finding(
            "IDENTITY_BROKEN",
            at=code,
            says={"identity": code, "left": str(sum(parts.values())), "right": str(whole)},
        ),
    )
