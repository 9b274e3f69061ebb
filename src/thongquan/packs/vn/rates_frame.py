"""The choice of import duty for many lines at once: rates.py over the arrays of a tariff's image.

Each line gets the row of law that `DutyOfLine.claimed` would levy, in the same order of questions: the schedule that
needs no claim, the schedule claimed, and which of the two is for these goods and lower. One day a call, because
agreements and most-favoured origins are of a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ...engine.assessment.frame import beside
from ...engine.codes import CodeList
from ...engine.money import PPM
from ...engine.tariff.image import (
    CLAIM_MISSING,
    GIVEN,
    IN_NUMBERS,
    NOT_FOR_ORIGIN,
    NOT_GIVEN,
    TariffImage,
)
from ...engine.tariff.measures import Given, MeasureKind, Schedule
from .rates import IMPORT_DUTY, ORDINARY, OUT_OF_QUOTA, agreements, most_favoured

type Rows = npt.NDArray[np.int32]
type Which = npt.NDArray[np.bool_]

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DERIVED: Final = GIVEN.index(Given.DERIVED)
_REFUSED: Final = GIVEN.index(Given.NO_PREFERENCE)
_NO_SHARE: Final = -1
"""Rate of a row that is no share of the value alone, or of none: no comparison is made with it."""


def import_duties(
    image: TariffImage, preferences: CodeList, partners: CodeList, lines: pl.DataFrame, day: date
) -> pl.DataFrame:
    """Add the import duty of each line by the law of a day, as `assess_frame` takes it. Row order is kept.

    lines: commodity_code, origin_country_code, preference_code (the schedule claimed, "" none), quota_order_id and
    additional_code ("" none) as text without nulls, and shown, Boolean: whether the certificate and the direct
    transport that the claimed agreement asks are declared; its members are asked here.
    preferences, partners: the lists codes/preferences and codes/mfn_partners.
    Added: NK_row, row of the image (below 0: why there is none), NK_rate_ppm, null where the duty is no share of the
    value alone, NK_pending where the rate is not known, and NK_alone where the line must go the way of one: its duty
    has a price by the unit, a floor or a ceiling. A line carries one additional code at the most; others go alone too.
    """
    choice = _Choice(image, preferences, partners, lines, day)
    rows = choice.claimed()
    rates = choice.rates(rows)
    known = rows >= 0
    share = known & (rates != _NO_SHARE)
    pending = ~known | choice.without_base(rows)
    added = [
        pl.Series(f"{IMPORT_DUTY}_row", rows, dtype=pl.Int32),
        pl.Series(f"{IMPORT_DUTY}_rate_ppm", rates, dtype=pl.Int64).set(pl.Series(~share), None),
        pl.Series(f"{IMPORT_DUTY}_pending", pending, dtype=pl.Boolean),
        pl.Series(f"{IMPORT_DUTY}_alone", ~pending & ~share, dtype=pl.Boolean),
    ]
    return beside(lines, added)


@dataclass(frozen=True)
class _Choice:
    """One choice under way: a column of each line's figures, and the questions of `DutyOfLine` over them."""

    image: TariffImage
    preferences: CodeList
    partners: CodeList
    lines: pl.DataFrame
    day: date

    @cached_property
    def positions(self) -> Rows:
        return self.image.positions(self.lines["commodity_code"])

    @cached_property
    def origins(self) -> Rows:
        return self.image.country_numbers(self.lines["origin_country_code"])

    @cached_property
    def additional(self) -> Rows:
        return self.image.claim_numbers(self.lines["additional_code"])

    @cached_property
    def quotas(self) -> Rows:
        return self.image.claim_numbers(self.lines["quota_order_id"])

    @cached_property
    def favoured(self) -> Which:
        """Whose origin enjoys most-favoured-nation treatment."""
        return self._is_in("origin_country_code", sorted(most_favoured(self.partners, self.day)))

    @cached_property
    def agreed(self) -> Which:
        """Whose claim is an agreement of the day that the origin is a member of, with everything shown."""
        held = np.zeros(self.lines.height, np.bool_)
        for agreement in agreements(self.preferences, self.day).values():
            claims = self._is_in("preference_code", [agreement.preference])
            if claims.any():
                held |= claims & self._is_in("origin_country_code", sorted(agreement.members))
        shown: Which = self.lines["shown"].to_numpy()
        return held & shown

    def _is_in(self, column: str, values: Sequence[str]) -> Which:
        found: Which = self.lines[column].is_in(list(values)).to_numpy()
        return found

    def _slot(self, preference: str, kind: MeasureKind = MeasureKind.DUTY) -> int:
        return self.image.slot(IMPORT_DUTY, Schedule.IMPORT, preference, kind)

    def _rows(self, slots: int | Rows, quotas: Rows | None = None) -> Rows:
        return self.image.choose_rows(
            self.positions, slots, self.day.toordinal() - _EPOCH, self.origins, quotas, self.additional
        )

    def rates(self, rows: Rows) -> npt.NDArray[np.int64]:
        """The share of the value that each row takes, a share of the general rate worked out; else _NO_SHARE."""
        columns = self.image.columns
        at = np.maximum(rows, 0)
        plain = (rows >= 0) & ((columns["flags"][at] & IN_NUMBERS) != 0) & (columns["unit"][at] == 0)
        rates = np.where(plain, columns["rate_ppm"][at], _NO_SHARE).astype(np.int64)
        derived = self._derived(rows)
        if derived.any():
            general = self.rates(self._general_rows)
            ppm = np.array(
                [
                    row.derived.ppm if row.derived else 0
                    for row in map(self.image.measure, rows[derived].tolist())
                ]
            )
            product = general[derived] * ppm
            exact = (general[derived] != _NO_SHARE) & (product % PPM == 0)
            rates[derived] = np.where(exact, product // PPM, _NO_SHARE)
        return rates

    def without_base(self, rows: Rows) -> Which:
        """Rows that are a share of a general rate that there is not."""
        return self._derived(rows) & (self._general_rows < 0)

    def _derived(self, rows: Rows) -> Which:
        found: Which = (rows >= 0) & (self.image.columns["given"][np.maximum(rows, 0)] == _DERIVED)
        return found

    @cached_property
    def _general_rows(self) -> Rows:
        """The general rate that no quota is claimed for."""
        return self._rows(self._slot(""))

    @cached_property
    def outside_quota(self) -> Rows:
        """As `DutyOfLine.outside_quota`."""
        own = self._rows(self._slot(OUT_OF_QUOTA))
        quota = self._slot("", MeasureKind.QUOTA)
        cells = self.image.lookup(
            self.positions, quota, self.day.toordinal() - _EPOCH, self.origins, None, self.additional
        )
        printed = (own < 0) & (cells == CLAIM_MISSING) & (self._general_rows >= 0)
        return np.where(printed, self._general_rows, own)

    @cached_property
    def unclaimed(self) -> Rows:
        """As `DutyOfLine.unclaimed`."""
        general = self._rows(self._slot(""), self.quotas)
        ordinary = self._rows(self._slot(ORDINARY))
        quota = self._slot("", MeasureKind.QUOTA)
        if quota >= 0:
            cells = self.image.lookup(
                self.positions, quota, self.day.toordinal() - _EPOCH, self.origins, None, self.additional
            )
            silent = (general < 0) & (self.quotas == 0) & (cells == CLAIM_MISSING) & (self.outside_quota >= 0)
            general = np.where(silent, self.outside_quota, general)
        return np.where(self.favoured, general, ordinary)

    def claimed(self) -> Rows:
        """As `DutyOfLine.claimed`."""
        other = self.unclaimed
        rows = np.where(self._is_in("preference_code", [OUT_OF_QUOTA]), self.outside_quota, other)
        ordinary = self._is_in("preference_code", [ORDINARY])
        if ordinary.any():
            rows = np.where(ordinary, self._rows(self._slot(ORDINARY)), rows)
        if not self.agreed.any():
            return rows
        slots = self.image.slot_numbers(IMPORT_DUTY, Schedule.IMPORT, self.lines["preference_code"])
        return np.where(self.agreed, self._preferred(self._rows(slots), slots, other), rows)

    def _preferred(self, preferred: Rows, slots: Rows, other: Rows) -> Rows:
        """As `DutyOfLine._preferred`: the agreement's row, or the other one where it has none for the goods or the
        origin, or the other is lower."""
        columns = self.image.columns
        at, beside_it = np.maximum(preferred, 0), np.maximum(other, 0)
        # Where an agreement refuses one (`*`), `choose_rows` has gone on to the general rate, and may have failed.
        own = self.image.lookup(
            self.positions, slots, self.day.toordinal() - _EPOCH, self.origins, None, self.additional
        )
        refused = (own == NOT_FOR_ORIGIN) | ((own >= 0) & (columns["given"][np.maximum(own, 0)] == _REFUSED))
        unlike = (preferred >= 0) & (other >= 0) & (columns["additional"][beside_it] != 0)
        unlike &= columns["additional"][at] == 0
        one, two = self.rates(other), self.rates(preferred)
        lower = (one != _NO_SHARE) & (two != _NO_SHARE) & (one < two)
        chosen = np.where(unlike, np.int32(NOT_GIVEN), preferred)
        return np.where(refused | (lower & ~unlike), other, chosen)
