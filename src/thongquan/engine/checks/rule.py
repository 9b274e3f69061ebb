"""What a rule is, what it may ask, and how all of them are run.

A rule looks at a whole declaration and gives the places where it is not kept, with the facts that the sentence
quotes. It has a number that never changes its meaning, one finding code, one source, and says which declarations it is
about. Countries add rules of their own in the same way and pass them to `run` beside `RULES`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from ..codes import CodeList
from ..declaration import Amount, Declaration
from ..findings import Finding, LegalRef, Severity, in_order

type Facts = dict[str, str]
"""What a sentence quotes: placeholder → text."""

type Fault = tuple[str, Facts]
"""One place where a rule is not kept ("goods_items[2].origins", counting from 1), and the facts."""

type Values = Iterator[tuple[str, str]]
"""Places and the codes that stand there."""

MAX_FINDINGS_OF_RULE: Final = 100
"""Findings that one rule gives on one declaration: 10,000 lines with the same fault are one mistake."""


class Data(enum.Enum):
    """Which data sets a rule is about."""

    ALL = "all"
    FULL = "full"
    """Only declarations that must be complete."""
    REDUCED = "reduced"
    """Only simplified ones."""


class Commodities(Protocol):
    """What a rule asks of the tariff of a day; `tariff.TariffView` is one."""

    def knows(self, code: str) -> bool:
        """Whether the nomenclature of the day has the code."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The world in which a declaration is checked; the same declaration and context give the same findings.

    on: the legal day. flow: "import" or "export", "" where it is neither. simplified: whether a reduced data set is
    declared (low value, simplified procedure). tariff: of the day, None where there is none, which is said.
    lists: name → codes ("countries", "currencies", "units", "procedures", …). partial: names of lists that do not
    hold all codes, so that an unknown code is only noted. decimals: currency → decimals of its minor unit.
    simplified_limit: the highest value of a simplified declaration, where the law of the day sets one.
    """

    on: date
    flow: str = ""
    simplified: bool = False
    tariff: Commodities | None = None
    lists: Mapping[str, CodeList] = field(default_factory=dict)
    partial: Collection[str] = frozenset()
    decimals: Mapping[str, int] = field(default_factory=dict)
    simplified_limit: Amount | None = None

    def fact(self, code_list: str, value: str, name: str) -> str:
        """A further column of a code list on the day, "" where list, code or column is not known."""
        listed = self.lists.get(code_list)
        code = listed.get(value, self.on) if listed is not None else None
        return code.facts.get(name, "") if code is not None else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One numbered rule. check: gives the faults of a declaration. flows: empty means any.

    title: the rule in one English sentence, for the printed list of rules.
    """

    number: str
    code: str
    law: LegalRef
    severity: Severity
    flows: tuple[str, ...]
    data: Data
    title: str
    check: Callable[[Declaration, Context], Iterable[Fault | Finding]]

    def is_about(self, context: Context) -> bool:
        """Whether the rule speaks of such a declaration."""
        if self.flows and context.flow not in self.flows:
            return False
        return self.data is Data.ALL or context.simplified == (self.data is Data.REDUCED)

    def findings(self, declaration: Declaration, context: Context) -> Iterator[Finding]:
        """The rule's findings, at most MAX_FINDINGS_OF_RULE and then one that says that there are more."""
        for count, fault in enumerate(self.check(declaration, context)):
            if count == MAX_FINDINGS_OF_RULE:
                says = {"rule": self.number, "limit": str(MAX_FINDINGS_OF_RULE)}
                yield Finding("RULE_FINDINGS_CUT", says=says, law=self.law, severity=Severity.NOTE)
                return
            if isinstance(fault, Finding):
                yield fault
            else:
                yield Finding(self.code, fault[0], fault[1], self.law, self.severity)


type _Check = Callable[[Declaration, Context], Iterable[Fault | Finding]]


def rule(
    number: str,
    *,
    code: str,
    law: LegalRef,
    severity: Severity = Severity.ERROR,
    flows: tuple[str, ...] = (),
    data: Data = Data.ALL,
) -> Callable[[_Check], Rule]:
    """Make a rule of a function that yields its faults. The first line of its docstring is the rule's title."""

    def made(check: _Check) -> Rule:
        return Rule(number, code, law, severity, flows, data, _title(check), check)

    return made


def listed(
    number: str,
    *,
    code: str,
    code_list: str,
    law: LegalRef,
    flows: tuple[str, ...] = (),
) -> Callable[[Callable[[Declaration], Values]], Rule]:
    """Make a rule of a function that yields places and codes: each must be in the list on the legal day.

    Empty codes are passed over. Without the list nothing can be said, and that is noted once; in a list that is known
    to be partial an unknown code is noted. Neither is silence, neither rejects.
    """

    def made(values: Callable[[Declaration], Values]) -> Rule:
        def check(declaration: Declaration, context: Context) -> Iterator[Fault | Finding]:
            codes = context.lists.get(code_list)
            known: dict[str, bool] = {}
            for at, value in values(declaration):
                if not value:
                    continue
                if codes is None:
                    yield Finding(
                        "CODE_LIST_MISSING", says={"list": code_list}, law=law, severity=Severity.NOTE
                    )
                    return
                if value not in known:
                    known[value] = codes.get(value, context.on) is not None
                if not known[value]:
                    facts = {"value": value[:40], "list": code_list, "on": context.on.isoformat()}
                    if code_list in context.partial:
                        yield Finding("CODE_NOT_IN_PARTIAL_LIST", at, facts, law, Severity.NOTE)
                    else:
                        yield at, facts

        return Rule(number, code, law, Severity.ERROR, flows, Data.ALL, _title(values), check)

    return made


def run(declaration: Declaration, context: Context, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """All findings of the rules on a whole declaration, by place, then code. About one pass over its lines a rule."""
    return in_order(
        finding for one in rules if one.is_about(context) for finding in one.findings(declaration, context)
    )


def _title(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]
