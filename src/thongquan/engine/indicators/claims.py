"""What a review says in words about its figures. A claim is evaluated from them, never typed.

A claim that does not hold is told as what does ("13/15 chỉ tiêu đạt, vượt"), one whose figures are missing is told as
missing. `says` holds exact values; `thongquan.figures_text` prints them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .comparison import Comparison, Way
from .indicator import Direction
from .ranks import Place
from .targets import Commitment, Judgement, Needed, Pace, Progress, Target, judge
from .value import Nature


class Holds(enum.StrEnum):
    YES = "YES"
    NO = "NO"
    MISSING = "MISSING"


type Fact = str | int | Fraction | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Claim:
    """code: what may be said, key of words ([claim.CODE]); it already tells a claim that holds from one that does not.
    holds: of the claim that was asked. nature: of the weakest figure behind it."""

    code: str
    holds: Holds
    says: Mapping[str, Fact]
    nature: Nature = Nature.ACTUAL


def all_met(judgements: Mapping[str, Judgement], nature: Nature = Nature.ACTUAL) -> Claim:
    """ "Các chỉ tiêu trọng điểm đều đạt và vượt": only if every key indicator is met or exceeded, at least one of them
    exceeded; otherwise how many, and which not. Of no indicator nothing is said."""
    met = [code for code, judged in judgements.items() if judged in (Judgement.MET, Judgement.EXCEEDED)]
    missing = tuple(sorted(code for code, judged in judgements.items() if judged is Judgement.MISSING))
    not_met = tuple(sorted(code for code, judged in judgements.items() if judged is Judgement.NOT_MET))
    says: dict[str, Fact] = {"met": len(met), "of": len(judgements), "not_met": not_met, "missing": missing}
    if not judgements:
        return Claim("NOTHING_JUDGED", Holds.MISSING, says, nature)
    if missing and not not_met:
        return Claim("SOME_NOT_REPORTED", Holds.MISSING, says, nature)
    if not_met:
        return Claim("SOME_NOT_MET", Holds.NO, says, nature)
    if Judgement.EXCEEDED in judgements.values():
        all_exceeded = all(judged is Judgement.EXCEEDED for judged in judgements.values())
        return Claim("ALL_EXCEEDED" if all_exceeded else "ALL_MET_OR_EXCEEDED", Holds.YES, says, nature)
    return Claim("ALL_MET", Holds.YES, says, nature)


def executed(actual: int | None, target: Target, better: Direction, nature: Nature = Nature.ACTUAL) -> Claim:
    """ "Đạt 71 % dự toán Bộ Tài chính giao", and whether a yearly target is met, exceeded or not yet met."""
    judged = judge(actual, target.value, better)
    share = None if actual is None or target.value == 0 else Fraction(actual, target.value)
    over = share - 1 if share is not None and judged is Judgement.EXCEEDED else None
    says: dict[str, Fact] = {
        "actual": actual,
        "target": target.value,
        "authority": target.authority,
        "kind": target.kind.value,
        "decision": target.decision,
        "share": share,
        "over": over,
    }
    holds = {Judgement.MISSING: Holds.MISSING, Judgement.NOT_MET: Holds.NO}.get(judged, Holds.YES)
    return Claim(f"TARGET_{judged.value}", holds, says, nature)


def against_scenario(found: Progress, nature: Nature = Nature.ACTUAL) -> Claim:
    """ "Vượt kịch bản". Even progress is named as such: it is nobody's scenario."""
    says: dict[str, Fact] = {"expected": found.expected, "share": found.share}
    if found.pace is Pace.MISSING:
        return Claim("SCENARIO_MISSING", Holds.MISSING, says, nature)
    holds = Holds.NO if found.pace is Pace.BEHIND else Holds.YES
    kind = "EVEN_PROGRESS" if found.even else "SCENARIO"
    return Claim(f"{kind}_{found.pace.value}", holds, says, nature)


def placed(place: Place | None) -> Claim:
    """ "Đứng thứ 7 toàn Ngành", with the basis of the ranking and whether the table is assumed. Without a table nothing
    is said."""
    if place is None:
        return Claim("PLACE_MISSING", Holds.MISSING, {})
    says: dict[str, Fact] = {
        "place": place.place,
        "of": place.of,
        "basis": place.basis.value,
        "as_of": place.as_of.isoformat(),
        "source": place.source,
        "shared_with": place.shared_with,
    }
    code = "PLACE_SHARED" if place.shared_with else "PLACE"
    return Claim(f"{code}_ASSUMED" if place.assumed else code, Holds.YES, says)


def changed(comparison: Comparison, nature: Nature = Nature.ACTUAL) -> Claim:
    """ "Tăng 19 % so với cùng kỳ", "giảm", "bằng"; from nothing to something has no share."""
    says: dict[str, Fact] = {
        "now": comparison.now,
        "before": comparison.before,
        "difference": comparison.difference,
        "share": None if comparison.share is None else abs(comparison.share),
        "basis": comparison.basis.value,
    }
    if comparison.way is Way.MISSING:
        return Claim("CHANGE_MISSING", Holds.MISSING, says, nature)
    if comparison.share is None and comparison.way is not Way.EQUAL:
        return Claim("CHANGE_FROM_NOTHING", Holds.YES, says, nature)
    return Claim(f"CHANGE_{comparison.way.value}", Holds.YES, says, nature)


def still_to_do(found: Needed) -> Claim:
    """ "Còn phải thu 713,7 tỷ mỗi tháng"."""
    says: dict[str, Fact] = {"remaining": found.remaining, "a_month": found.a_month, "so_far": found.so_far}
    if not found.remaining:
        return Claim("NOTHING_LEFT_TO_DO", Holds.YES, says)
    if found.a_month is None:
        return Claim("NO_MONTH_LEFT", Holds.NO, says)
    return Claim("STILL_TO_DO", Holds.YES, says)


def committed(commitment: Commitment) -> Claim:
    """ "Phấn đấu đạt (và vượt) 11.000 tỷ": a plan, never a result."""
    target = commitment.target
    return Claim(
        "COMMITTED_TO_EXCEED" if commitment.and_exceed else "COMMITTED",
        Holds.YES,
        {
            "target": target.value,
            "authority": target.authority,
            "by": commitment.by,
            "said_in": commitment.said_in,
        },
        Nature.PLANNED,
    )


def in_a_row(years: int, first_places: bool = True) -> Claim:
    """ "Năm thứ ba liên tiếp dẫn đầu"; of one year only nothing is in a row."""
    code = "LEADING_IN_A_ROW" if first_places else "HELD_IN_A_ROW"
    return Claim(code, Holds.YES if years > 1 else Holds.NO, {"years": years})


def complete(hits: int | None, of: int | None) -> Claim:
    """ "100 %" only when not one is missing: 9,996 of 10,000 is not complete."""
    if hits is None or not of:
        return Claim("COMPLETE_MISSING", Holds.MISSING, {"hits": hits, "of": of})
    whole = hits == of
    says: dict[str, Fact] = {"hits": hits, "of": of, "share": Fraction(hits, of), "short": of - hits}
    return Claim("COMPLETE" if whole else "NOT_COMPLETE", Holds.YES if whole else Holds.NO, says)
