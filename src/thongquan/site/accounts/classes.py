"""How confidential each stored field is, and which classes a reader sees of what he may read at all.

`classes.csv` names every field of every model, and every fact that an act says. A test fails on one that is missing
there; here a fact that is missing is shown to nobody who may not see everything.

    public           anybody
    internal         how the system itself works; no answer tells it
    enterprise       whoever may read the declaration
    personal         who acted: those with `read_personal`, and each person himself
    risk-secret      how risk is judged: those with `read_risk`
    secret           keys and passwords: nobody
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from ...engine.access.decide import reading
from .reads import By, person_of, rights

CLASSES: Final = ("public", "internal", "enterprise", "personal", "risk-secret", "secret")


@cache
def classes() -> Mapping[str, str]:
    """ "app.Model.field" or "says.act.fact" ("*" for every act, or everything that an act says) → class."""
    with (Path(__file__).parent / "classes.csv").open(encoding="utf-8", newline="") as file:
        return {row["field"]: row["class"] for row in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class Visible:
    """What somebody sees of a declaration that he may read."""

    personal: bool
    risk: bool

    def sees(self, kind: str) -> bool:
        if kind == "personal":
            return self.personal
        if kind == "risk-secret":
            return self.risk
        return kind in ("public", "enterprise")

    def said(self, act: str, says: Mapping[str, Any]) -> dict[str, Any]:
        """What an act said, without the facts that this reader may not know."""
        return {name: value for name, value in says.items() if self.sees(class_of_fact(act, name))}


def class_of_fact(act: str, name: str) -> str:
    """The class of what an act said: of all that it says, of this fact of it, or of the fact wherever it is said."""
    known = classes()
    found = (known.get(key) for key in (f"says.{act}.*", f"says.{act}.{name}", f"says.*.{name}"))
    return next((one for one in found if one), "risk-secret")


def visible(by: By, days: Collection[date]) -> Visible:
    """What a reader sees by the posts that he holds on these days. Scopes of a key count too."""
    person = person_of(by)
    given = rights({post.role for post in person.posts})
    on = tuple(days)
    return Visible(
        personal=bool(reading(person, "read_personal", on, given)),
        risk=bool(reading(person, "read_risk", on, given)),
    )
