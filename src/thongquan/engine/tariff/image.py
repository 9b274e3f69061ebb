"""The dense image of a tariff: every rate in arrays, so that a look-up is a gather and workers share one file.

    cells[slot, period, code]  →  a row, a chain of rows, or why there is none

A slot is (tax, schedule, preference, kind); a period runs from one change of law to the next; inheritance is already
resolved, by the very `TariffView.measures` that answers for one code. A row holds the duty in numbers:

    rate_ppm             share of the tax base, parts per million
    specific_millionths  money per unit, millionths of the unit of `currency`
    currency, unit       indices into `currencies` and `units`, 0 for none
    flags                IN_NUMBERS when those four say the whole duty; else it stands in `duties` only, and both
                         figures are -1, which no reader can take for a rate
    given                index into GIVEN

Rows with conditions (origins, an additional code, a quota) and slots with several rows are chains, walked in the order
of `specificity`. The answer for a line is a row number ≥ 0, or one of the codes below 0.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from ..dated import Period
from ..findings import LegalRef
from .measures import Duty, Given, Measure, MeasureKind, Schedule, Share
from .nomenclature import prefix_range
from .rate_text import duty_text, parse_written
from .tariff import Slot, Tariff, slot_of, sort_key, specificity

NOT_GIVEN: Final = -1
"""The tariff says nothing for this slot: a finding for whoever asked, never zero."""
NOT_FOR_ORIGIN: Final = -2
"""There are rows, for goods of other origins."""
CLAIM_MISSING: Final = -3
"""There are rows for the origin; the line names no quota, or no additional code, that one of them asks for."""
DISAGREE: Final = -4
"""Two rows hold equally and say different things."""
NOT_IN_FORCE: Final = -5
"""The nomenclature does not know the code on that day."""
_FIRST_CHAIN: Final = -6

IN_NUMBERS: Final = 1
"""Flag: rate_ppm and specific_millionths, added up, are the whole duty."""

GIVEN: Final = (Given.RATE, Given.DERIVED, Given.NOT_SUBJECT, Given.NO_PREFERENCE, Given.NOT_GIVEN)
"""What can be levied stands before what cannot."""
_NO_PREFERENCE: Final = GIVEN.index(Given.NO_PREFERENCE)

_MAGIC: Final = b"TQIMAGE2"
_OPEN_END: Final = np.iinfo(np.int32).max
_EPOCH: Final = date(1970, 1, 1).toordinal()
_KINDS: Final = tuple(MeasureKind)
_SCHEDULES: Final = tuple(Schedule)

type Ints = npt.NDArray[np.int64] | npt.NDArray[np.int32]

_COLUMNS: Final[Mapping[str, str]] = {
    "rate_ppm": "<i8",
    "specific_millionths": "<i8",
    "currency": "<i2",
    "unit": "<i2",
    "flags": "|u1",
    "given": "|u1",
    "kind": "|u1",
    "schedule": "|u1",
    "verified": "|u1",
    "rank": "|u1",
    "duty": "<i4",
    "derived": "<i4",
    "commodity": "<i4",
    "tax": "<i4",
    "preference": "<i4",
    "origins": "<i4",
    "quota": "<i4",
    "additional": "<i4",
    "act": "<i4",
    "at": "<i4",
    "text": "<i4",
    "first_day": "<i4",
    "last_day": "<i4",
}
"""Columns of the rows: name → NumPy type. Days count from 1970-01-01; last_day is included."""


_MOST_DAYS: Final = 10_000


class ImageDamaged(ValueError):
    """A file that is no image, is of another version, or is not what was written."""


class _Header(msgspec.Struct):
    """Everything in the file that is not an array. strings: texts that rows point at. duties: in house notation."""

    tariff_hash: str
    payload_sha256: str
    starts: list[date]
    slots: list[tuple[str, str, str, str, str]]
    codes: list[str]
    strings: list[str]
    currencies: list[str]
    units: list[str]
    duties: list[str]
    shares: list[tuple[int, str]]
    origin_sets: list[tuple[list[str], list[str]]]
    arrays: list[tuple[str, str, list[int], int]]


class TariffImage:
    """A tariff as arrays, in memory or mapped from a file. Make one with `build` or `open_image`."""

    def __init__(self, header: _Header, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self.tariff_hash = header.tariff_hash
        self.starts = tuple(header.starts)
        """First days of the periods, ascending; the last period has no end."""
        self.slots = tuple(
            Slot(tax, Schedule(schedule), preference, MeasureKind(kind), act)
            for tax, schedule, preference, kind, act in header.slots
        )
        self.codes = tuple(header.codes)
        self.currencies = tuple(header.currencies)
        self.units = tuple(header.units)
        self.duties: tuple[Duty | None, ...] = (None, *parse_written(header.duties[1:]))
        """The duties that rows point at; the first stands for none."""
        self.columns = {name: arrays[name] for name in _COLUMNS}
        self.cells: npt.NDArray[np.int32] = arrays["cells"]
        self._header = header
        self._chain_starts: npt.NDArray[np.int32] = arrays["chain_starts"]
        self._chain_rows: npt.NDArray[np.int32] = arrays["chain_rows"]
        self._arrays = arrays
        self._flat = self.cells.reshape(-1)
        # A memoryview hands out Python ints in a fraction of the time that a NumPy scalar takes.
        self._cell = memoryview(self._flat)
        self._duty_of = memoryview(self.columns["duty"])
        self._given_of = memoryview(self.columns["given"])
        self._position = {code: position for position, code in enumerate(self.codes)}
        self._codes, self._periods = len(self.codes), len(self.starts)
        self._period_of: dict[date, int] = {}
        self._slot = {slot: number for number, slot in enumerate(self.slots)}
        self._string = {text: number for number, text in enumerate(header.strings)}
        self._start_days = np.array([start.toordinal() - _EPOCH for start in self.starts], np.int32)
        self._general = self._related(lambda slot: slot._replace(preference=""))
        self._suspension = self._related(lambda slot: slot._replace(kind=MeasureKind.SUSPENSION))
        self._quota = self._related(lambda slot: slot._replace(kind=MeasureKind.QUOTA))
        # One line asks lists: an element of an array costs several times as much.
        self._general_of, self._suspension_of, self._quota_of = (
            related.tolist() for related in (self._general, self._suspension, self._quota)
        )
        self._origin_sets = [(tuple(of), tuple(without)) for of, without in header.origin_sets]
        countries = sorted({c for of, without in self._origin_sets for c in (*of, *without)})
        self.countries = {country: number for number, country in enumerate(countries, 1)}
        """The countries that any row names → column; all others are column 0."""
        self._open_to = np.array(
            [
                [(not of or c in of) and c not in without for c in ("", *countries)]
                for of, without in self._origin_sets
            ],
            np.bool_,
        ).reshape(len(self._origin_sets), len(countries) + 1)
        self._measures: dict[int, Measure] = {}

    def _related(self, other: Any) -> npt.NDArray[np.int32]:
        """For each slot the number of another slot, -1 where there is none; one more -1 for "no slot"."""
        return np.array([*(self._slot.get(other(slot), -1) for slot in self.slots), -1], np.int32)

    # one line

    def slot(
        self,
        tax: str,
        schedule: Schedule,
        preference: str = "",
        kind: MeasureKind = MeasureKind.DUTY,
        act: str = "",
    ) -> int:
        """The number of a slot, -1 when no row of any day has it."""
        return self._slot.get(Slot(tax, schedule, preference, kind, act), -1)

    def row(
        self,
        code: str,
        slot: int,
        day: date,
        origin: str = "",
        quota_order_id: str = "",
        additional_codes: tuple[str, ...] = (),
    ) -> int:
        """The row of one line in one slot, or a code below 0. No fall-back: what the slot itself says."""
        position = self._position.get(code)
        period = self._period_of.get(day)
        if period is None:
            period = self._period(day)
        if position is None or period < 0:
            return NOT_IN_FORCE
        if slot < 0:
            return NOT_GIVEN
        cell: int = self._cell[(slot * self._periods + period) * self._codes + position]
        if cell > _FIRST_CHAIN:
            return cell
        return self._walk(_FIRST_CHAIN - cell, origin, quota_order_id, additional_codes)

    def _period(self, day: date) -> int:
        """The column of a day, -1 before the first; days asked for are remembered, as lodgements share theirs."""
        if len(self._period_of) >= _MOST_DAYS:
            self._period_of.clear()
        period = self._period_of[day] = bisect_right(self.starts, day) - 1
        return period

    def choose(
        self,
        code: str,
        slot: int,
        day: date,
        origin: str = "",
        quota_order_id: str = "",
        additional_codes: tuple[str, ...] = (),
    ) -> int:
        """The general rule of `TariffView.choose` for a slot of kind DUTY: the quota claimed, else a suspension, else
        the duty; a denied preference falls back on the general rate. A row may be DERIVED: ask the view for its duty.
        """
        row = self._chosen(code, slot, day, origin, quota_order_id, additional_codes)
        if row >= 0 and self._given_of[row] == _NO_PREFERENCE:
            general: int = self._general_of[slot]
            if general != slot:
                row = self._chosen(code, general, day, origin, quota_order_id, additional_codes)
        return row if row < 0 or self._given_of[row] < _NO_PREFERENCE else NOT_GIVEN

    def _chosen(
        self, code: str, slot: int, day: date, origin: str, quota: str, additional_codes: tuple[str, ...]
    ) -> int:
        if quota:
            return self.row(code, self._quota_of[slot], day, origin, quota, additional_codes)
        suspension: int = self._suspension_of[slot]
        if suspension >= 0:
            row = self.row(code, suspension, day, origin, quota, additional_codes)
            if row >= 0 or row == DISAGREE:
                return row
        return self.row(code, slot, day, origin, quota, additional_codes)

    def _walk(self, chain: int, origin: str, quota: str, additional_codes: tuple[str, ...]) -> int:
        found, nearest = -1, NOT_FOR_ORIGIN
        for row in self._chain_rows[self._chain_starts[chain] : self._chain_starts[chain + 1]].tolist():
            measure = self.measure(row)
            if not measure.is_for(origin):
                continue
            nearest = CLAIM_MISSING
            if measure.quota_order_id != quota:
                continue
            if measure.additional_code and measure.additional_code not in additional_codes:
                continue
            if found < 0:
                found = row
            elif specificity(measure) == specificity(self.measure(found)) and self._differ(found, row):
                return DISAGREE
        return found if found >= 0 else nearest

    def _differ(self, one: int, other: int) -> bool:
        return any(
            self.columns[name][one] != self.columns[name][other] for name in ("duty", "given", "derived")
        )

    def duty(self, row: int) -> Duty | None:
        """The duty of a row, None when it gives no rate of its own."""
        return self.duties[self._duty_of[row]]

    def measure(self, row: int) -> Measure:
        """The whole row of law, as it stood in its edition."""
        known = self._measures.get(row)
        if known is None:
            known = self._measures[row] = self._rebuilt(row)
        return known

    def _rebuilt(self, row: int) -> Measure:
        at = {name: int(column[row]) for name, column in self.columns.items()}
        text = self._header.strings
        origins, excluded = self._origin_sets[at["origins"]]
        last = date.fromordinal(at["last_day"] + _EPOCH) if at["last_day"] != _OPEN_END else None
        share = self._header.shares[at["derived"]]
        return Measure(
            commodity=text[at["commodity"]],
            tax=text[at["tax"]],
            schedule=_SCHEDULES[at["schedule"]],
            period=Period(date.fromordinal(at["first_day"] + _EPOCH), last),
            law=LegalRef(text[at["act"]], text[at["at"]]),
            given=GIVEN[at["given"]],
            duty=self.duties[at["duty"]],
            kind=_KINDS[at["kind"]],
            preference=text[at["preference"]],
            origins=origins,
            excluded_origins=excluded,
            quota_order_id=text[at["quota"]],
            additional_code=text[at["additional"]],
            text=text[at["text"]],
            verified=bool(at["verified"]),
            derived=Share(*share) if at["derived"] else None,
        )

    # many lines

    def positions(self, codes: pl.Series | Sequence[str]) -> npt.NDArray[np.int32]:
        """The column of each code, -1 for one that the tariff never knew."""
        column = codes if isinstance(codes, pl.Series) else pl.Series(codes, dtype=pl.String)
        found = column.replace_strict(
            pl.Series(self.codes, dtype=pl.String),
            pl.Series(np.arange(len(self.codes), dtype=np.int32)),
            default=-1,
            return_dtype=pl.Int32,
        )
        return found.to_numpy()

    def slot_numbers(
        self, tax: str, schedule: Schedule, preferences: pl.Series | Sequence[str]
    ) -> npt.NDArray[np.int32]:
        """The DUTY slot of each line by the preference it claims, -1 for one that the tariff never knew."""
        column = (
            preferences if isinstance(preferences, pl.Series) else pl.Series(preferences, dtype=pl.String)
        )
        known = {
            slot.preference: number
            for slot, number in self._slot.items()
            if slot == Slot(tax, schedule, slot.preference)
        }
        return _mapped(column, known, -1)

    def country_numbers(self, countries: pl.Series | Sequence[str]) -> npt.NDArray[np.int32]:
        """The column of each country of origin for `lookup`, 0 for one that no row names."""
        column = countries if isinstance(countries, pl.Series) else pl.Series(countries, dtype=pl.String)
        return _mapped(column, self.countries, 0)

    def claim_numbers(self, claims: pl.Series | Sequence[str]) -> npt.NDArray[np.int32]:
        """The number of each quota or additional code for `lookup`; "" is 0, one that no row names -1."""
        column = claims if isinstance(claims, pl.Series) else pl.Series(claims, dtype=pl.String)
        return _mapped(column, self._string, -1)

    def lookup(
        self,
        positions: npt.NDArray[np.int32],
        slots: int | npt.NDArray[np.int32],
        days: int | npt.NDArray[np.int32],
        origins: npt.NDArray[np.int32] | None = None,
        quotas: npt.NDArray[np.int32] | None = None,
        additional: npt.NDArray[np.int32] | None = None,
    ) -> npt.NDArray[np.int32]:
        """The row of each line in its slot, or a code below 0: `row` for columns.

        positions: of `positions`. slots: one for all, or each line's. days: days since 1970-01-01 (a Polars Date's
        own numbers), one or each line's. origins, quotas, additional: of `country_numbers` and `claim_numbers`; None:
        no line has any. A line with more than one additional code goes the way of one line.
        """
        periods = np.searchsorted(self._start_days, days, side="right") - 1
        outside = (positions < 0) | (periods < 0)
        missing = np.asarray(slots) < 0
        index = (np.asarray(slots, np.int64) * len(self.starts) + periods) * len(self.codes) + positions
        rows: npt.NDArray[np.int32] = (
            np.take(self._flat, index, mode="clip")
            if len(self._flat)
            else np.full(positions.shape, NOT_GIVEN, np.int32)
        )
        if np.any(missing):
            rows = np.where(missing, np.int32(NOT_GIVEN), rows)
        if np.any(outside):
            rows = np.where(outside, np.int32(NOT_IN_FORCE), rows)
        chained = np.flatnonzero(rows <= _FIRST_CHAIN)
        if len(chained):
            claims = [
                np.zeros(len(chained), np.int32) if column is None else column[chained]
                for column in (origins, quotas, additional)
            ]
            rows[chained] = self._walk_columns(_FIRST_CHAIN - rows[chained], *claims)
        return rows

    def choose_rows(
        self,
        positions: npt.NDArray[np.int32],
        slots: int | npt.NDArray[np.int32],
        days: int | npt.NDArray[np.int32],
        origins: npt.NDArray[np.int32] | None = None,
        quotas: npt.NDArray[np.int32] | None = None,
        additional: npt.NDArray[np.int32] | None = None,
    ) -> npt.NDArray[np.int32]:
        """`choose` for columns: slots of kind DUTY; arguments as `lookup`."""
        wanted = np.broadcast_to(np.asarray(slots, np.int32), positions.shape)
        rows = self._chosen_rows(positions, wanted, days, origins, quotas, additional)
        given = self.columns["given"]
        if not len(given):
            return rows
        denied = np.flatnonzero((rows >= 0) & (given[np.maximum(rows, 0)] == _NO_PREFERENCE))
        if len(denied):
            general = self._general[wanted[denied]]
            chosen = self._chosen_rows(
                positions[denied],
                general,
                days if isinstance(days, int) else days[denied],
                *(None if column is None else column[denied] for column in (origins, quotas, additional)),
            )
            rows[denied] = chosen
        silent = (rows >= 0) & (given[np.maximum(rows, 0)] >= _NO_PREFERENCE)
        return np.where(silent, np.int32(NOT_GIVEN), rows)

    def _chosen_rows(
        self,
        positions: npt.NDArray[np.int32],
        slots: npt.NDArray[np.int32],
        days: int | npt.NDArray[np.int32],
        origins: npt.NDArray[np.int32] | None,
        quotas: npt.NDArray[np.int32] | None,
        additional: npt.NDArray[np.int32] | None,
    ) -> npt.NDArray[np.int32]:
        asked = slots if quotas is None else np.where(quotas != 0, self._quota[slots], slots)
        rows = self.lookup(positions, asked, days, origins, quotas, additional)
        if np.all(self._suspension < 0):
            return rows
        suspension = self._suspension[slots]
        suspended = self.lookup(positions, suspension, days, origins, None, additional)
        taken = (suspended >= 0) | (suspended == DISAGREE)
        if quotas is not None:
            taken &= quotas == 0
        return np.where(taken, suspended, rows)

    def _walk_columns(
        self,
        chains: npt.NDArray[np.int32],
        origins: npt.NDArray[np.int32],
        quotas: npt.NDArray[np.int32],
        additional: npt.NDArray[np.int32],
    ) -> npt.NDArray[np.int32]:
        columns = self.columns
        starts, ends = self._chain_starts[chains], self._chain_starts[chains + 1]
        found = np.full(len(chains), NOT_FOR_ORIGIN, np.int32)
        for step in range(int((ends - starts).max(initial=0))):
            row = self._chain_rows[np.minimum(starts + step, ends - 1)]
            is_for = (starts + step < ends) & self._open_to[columns["origins"][row], origins]
            code = columns["additional"][row]
            holds = is_for & (columns["quota"][row] == quotas) & ((code == 0) | (code == additional))
            before = np.maximum(found, 0)
            differ = np.zeros(len(chains), np.bool_)
            for name in ("duty", "given", "derived"):
                differ |= columns[name][row] != columns[name][before]
            clash = holds & (found >= 0) & differ & (columns["rank"][row] == columns["rank"][before])
            fresh = holds & (found < 0) & (found != DISAGREE)
            found = np.where(is_for & (found == NOT_FOR_ORIGIN), np.int32(CLAIM_MISSING), found)
            found = np.where(fresh, row, found)
            found = np.where(clash, np.int32(DISAGREE), found)
        return found

    def trade_defence_slots(self, schedule: Schedule) -> tuple[int, ...]:
        """The slots whose rows are due beside the duty, one per act: `lookup` each of them for every line."""
        return tuple(
            number
            for slot, number in self._slot.items()
            if slot.kind is MeasureKind.TRADE_DEFENCE and slot.schedule is schedule
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self._arrays.values())

    # the file

    def save(self, path: Path) -> None:
        """Write the image; whoever opens the path meanwhile sees the old file or the whole new one."""
        header = msgspec.structs.replace(self._header, arrays=[], payload_sha256="")
        offset, digest = 0, hashlib.sha256()
        pieces: list[bytes] = []
        for name, array in self._arrays.items():
            octets = np.ascontiguousarray(array).tobytes()
            octets += bytes(-len(octets) % 64)
            header.arrays.append((name, array.dtype.str, list(array.shape), offset))
            offset += len(octets)
            digest.update(octets)
            pieces.append(octets)
        header.payload_sha256 = digest.hexdigest()
        head = msgspec.json.encode(header)
        head += b" " * (-(len(_MAGIC) + 8 + 32 + len(head)) % 64)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with partial.open("wb") as file:
            file.write(_MAGIC + len(head).to_bytes(8, "little") + hashlib.sha256(head).digest() + head)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


def _mapped(column: pl.Series, numbers: Mapping[str, int], default: int) -> npt.NDArray[np.int32]:
    if not numbers:
        return np.full(len(column), default, np.int32)
    return column.replace_strict(
        pl.Series(list(numbers), dtype=pl.String),
        pl.Series(list(numbers.values()), dtype=pl.Int32),
        default=default,
        return_dtype=pl.Int32,
    ).to_numpy()


def open_image(path: Path, tariff_hash: str = "", check: bool = True) -> TariffImage:
    """Map a saved image; its arrays are read when they are touched, and shared by all who map the file.

    tariff_hash: the tariff it must be of, "" for any. check: read everything once and compare with the stored hash.
    ImageDamaged when the file is not an image, not of that tariff, or not what was written.
    """
    octets = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.zeros(0, np.uint8)
    lead = len(_MAGIC) + 8
    if octets[: len(_MAGIC)].tobytes() != _MAGIC:
        raise ImageDamaged(f"{path.name}: no tariff image")
    length = int.from_bytes(octets[len(_MAGIC) : lead].tobytes(), "little")
    head = octets[lead + 32 : lead + 32 + length].tobytes()
    if hashlib.sha256(head).digest() != octets[lead : lead + 32].tobytes():
        raise ImageDamaged(f"{path.name}: the header is not what was written")
    header = msgspec.json.decode(head, type=_Header)
    if tariff_hash and header.tariff_hash != tariff_hash:
        raise ImageDamaged(f"{path.name}: the image of another tariff")
    payload = octets[lead + 32 + length :]
    if check and hashlib.sha256(payload).hexdigest() != header.payload_sha256:
        raise ImageDamaged(f"{path.name}: the rates are not what was written")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, kind, shape, offset in header.arrays:
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
        if offset + size > len(payload):
            raise ImageDamaged(f"{path.name}: the file is cut short")
        arrays[name] = np.asarray(payload[offset : offset + size]).view(kind).reshape(shape)
    return TariffImage(header, arrays)


def build(tariff: Tariff) -> TariffImage:
    """The image of a tariff. Each cell is what `TariffView.measures` answers, so both always agree."""
    return _Builder(tariff).image()


class _Builder:
    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self.measures = [measure for edition in tariff.editions for measure in edition.measures]
        self.row_of = {id(measure): row for row, measure in enumerate(self.measures)}
        known = {
            code for edition in tariff.editions for code in (*edition.nomenclature.codes, *edition.by_code)
        }
        self.codes = tuple(sorted(known - {""}))
        slots = {slot_of(measure) for measure in self.measures}
        # A quota or suspension is asked for through the duty it replaces, even where that duty has no row.
        slots |= {
            Slot(*slot[:3]) for slot in slots if slot.kind in (MeasureKind.QUOTA, MeasureKind.SUSPENSION)
        }
        self.slots = sorted(slots, key=lambda slot: [str(part) for part in slot])
        self.slot_numbers = {slot: number for number, slot in enumerate(self.slots)}
        self.chains: dict[tuple[int, ...], int] = {}

    def image(self) -> TariffImage:
        changes = self._changes()
        days = sorted(changes)
        cells = np.full((len(self.slots), len(days), len(self.codes)), NOT_IN_FORCE, np.int32)
        for period, day in enumerate(days):
            if period:
                cells[:, period] = cells[:, period - 1]
            self._fill(cells[:, period], day, changes[day])
        columns, header = self._rows()
        header.starts = days
        starts = np.cumsum([0, *map(len, self.chains)], dtype=np.int32)
        rows = np.array([row for chain in self.chains for row in chain], np.int32)
        return TariffImage(header, {"cells": cells, **columns, "chain_starts": starts, "chain_rows": rows})

    def _changes(self) -> dict[date, set[str]]:
        """The days on which the law changes → the codes that are touched, each with all that lies below it."""
        changes: dict[date, set[str]] = {}
        for edition in self.tariff.editions:
            dated: Iterable[tuple[str, Period]] = (
                *((measure.commodity, measure.period) for measure in edition.measures),
                *((commodity.code, commodity.period) for commodity in edition.nomenclature),
            )
            until = edition.period.until
            for code, period in dated:
                first = max(period.first_day, edition.period.first_day)
                ends = [end for end in (period.until, until) if end is not None]
                if ends and min(ends) <= first:
                    continue
                changes.setdefault(first, set()).add(code)
                if ends:
                    changes.setdefault(min(ends), set()).add(code)
        return changes

    def _fill(self, cells: npt.NDArray[np.int32], day: date, touched: set[str]) -> None:
        view = self.tariff.as_of(day)
        codes: set[int] = set()
        for code in touched:
            codes.update(range(*prefix_range(self.codes, code)))
        for position in sorted(codes):
            code = self.codes[position]
            if not view.knows(code):
                cells[:, position] = NOT_IN_FORCE
                continue
            cells[:, position] = NOT_GIVEN
            slots: dict[int, list[Measure]] = {}
            for measure in view.measures(code):
                slots.setdefault(self.slot_numbers[slot_of(measure)], []).append(measure)
            for slot, measures in slots.items():
                cells[slot, position] = self._cell(measures)

    def _cell(self, measures: list[Measure]) -> int:
        first = measures[0]
        if len(measures) == 1 and not (
            first.origins or first.excluded_origins or first.quota_order_id or first.additional_code
        ):
            return self.row_of[id(first)]
        ranked = sorted(measures, key=lambda m: (*(not special for special in specificity(m)), sort_key(m)))
        chain = tuple(self.row_of[id(measure)] for measure in ranked)
        return _FIRST_CHAIN - self.chains.setdefault(chain, len(self.chains))

    def _rows(self) -> tuple[dict[str, npt.NDArray[Any]], _Header]:
        strings, currencies, units = _Numbered([""]), _Numbered([""]), _Numbered([""])
        duties: _Numbered[Duty | None] = _Numbered([None])
        shares: _Numbered[tuple[int, str]] = _Numbered([(0, "")])
        origin_sets: _Numbered[tuple[tuple[str, ...], tuple[str, ...]]] = _Numbered([((), ())])
        columns: dict[str, list[int]] = {name: [] for name in _COLUMNS}
        append = {name: column.append for name, column in columns.items()}
        for row in self.measures:
            rate_ppm, specific, currency, unit, flags = _in_numbers(row.duty)
            append["rate_ppm"](rate_ppm)
            append["specific_millionths"](specific)
            append["currency"](currencies[currency])
            append["unit"](units[unit])
            append["flags"](flags)
            append["given"](GIVEN.index(row.given))
            append["kind"](_KINDS.index(row.kind))
            append["schedule"](_SCHEDULES.index(row.schedule))
            append["verified"](row.verified)
            append["rank"](2 * specificity(row)[0] + specificity(row)[1])
            append["duty"](duties[row.duty])
            append["derived"](shares[(row.derived.ppm, row.derived.preference)] if row.derived else 0)
            append["commodity"](strings[row.commodity])
            append["tax"](strings[row.tax])
            append["preference"](strings[row.preference])
            append["origins"](origin_sets[row.origins, row.excluded_origins])
            append["quota"](strings[row.quota_order_id])
            append["additional"](strings[row.additional_code])
            append["act"](strings[row.law.act])
            append["at"](strings[row.law.at])
            append["text"](strings[row.text])
            append["first_day"](row.period.first_day.toordinal() - _EPOCH)
            last = row.period.last_day
            append["last_day"](last.toordinal() - _EPOCH if last else int(_OPEN_END))
        header = _Header(
            tariff_hash=self.tariff.hash,
            payload_sha256="",
            starts=[],
            slots=[(s.tax, s.schedule.value, s.preference, s.kind.value, s.act) for s in self.slots],
            codes=list(self.codes),
            strings=strings.listed,
            currencies=currencies.listed,
            units=units.listed,
            duties=[duty_text(duty) if duty else "" for duty in duties.listed],
            shares=shares.listed,
            origin_sets=[(list(of), list(without)) for of, without in origin_sets.listed],
            arrays=[],
        )
        return {name: np.array(column, _COLUMNS[name]) for name, column in columns.items()}, header


class _Numbered[Value](dict[Value, int]):
    """Values numbered in the order in which they are first met; the given ones come first."""

    def __init__(self, first: Iterable[Value]) -> None:
        super().__init__()
        self.listed: list[Value] = []
        for value in first:
            self[value]

    def __missing__(self, value: Value) -> int:
        self[value] = number = len(self.listed)
        self.listed.append(value)
        return number


def _in_numbers(duty: Duty | None) -> tuple[int, int, str, str, int]:
    """(rate_ppm, specific_millionths, currency, unit, flags) of a duty: one share and one price at the most, both
    added, no floor or ceiling. Any other has -1 for both figures."""
    if duty is None or duty.at_least or duty.at_most or len(duty.base) > 2:
        return -1, -1, "", "", 0
    shares = [term for term in duty.base if not term.unit]
    prices = [term for term in duty.base if term.unit]
    if len(shares) > 1 or len(prices) > 1 or any(term.sign < 0 for term in duty.base):
        return -1, -1, "", "", 0
    rate_ppm = shares[0].rate_ppm if shares else 0
    if not prices:
        return rate_ppm, 0, "", "", IN_NUMBERS
    price = prices[0]
    return rate_ppm, price.specific_millionths, price.currency, price.unit, IN_NUMBERS
