"""Levels compared within each cycle, so that neither the gain nor the sensor's response matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.cycles import ComparisonRules, Levels, compare_levels
from murmur.measure.cycles import BANDS_HZ, N_PARTS, CycleLevels
from murmur.measure.robust import median_of_sorted, quantile_of_sorted
from murmur.signal.spectrogram import N_BINS

Table = NDArray[np.float64]

#: Bands of a murmur, 80 to 600 Hz, in `BANDS_HZ`; a rough murmur is loud in the lowest of them.
MURMUR_BANDS = slice(3, 7)
#: All bands except 60 to 100 Hz, which overlaps its neighbours.
PROFILE_BANDS = (0, 1, 3, 4, 5, 6, 7)
#: Heart sounds stand out in 45 to 80 and 80 to 150 Hz. Mid-systole lies well away from S1 and S2; late diastole, 60 to 90 %,
#: is the quiet reference, and counts as no quieter than a share of S2's power: a noise gate's silence is no reference.
_RULES = ComparisonRules(
    murmur_bands=(MURMUR_BANDS.start, MURMUR_BANDS.stop),
    bands=np.array(PROFILE_BANDS),
    sound_bands=np.array([1, 3]),
    mid_systole=(2, 8),
    late_diastole=(6, 9),
    early_diastole=(1, 3),
    middle_diastole=(3, 6),
    least_power=1e-6,
)
_MURMUR, _PROFILE = (MURMUR_BANDS.stop - MURMUR_BANDS.start,), (len(PROFILE_BANDS),)
#: A row of the table of a `Comparison`, which `murmur.kernels.cycles.compare_levels` fills but for the spectra.
COMPARISON = np.dtype(
    [
        ("profile", np.float64, (N_PARTS,)),
        ("diastole_profile", np.float64, (N_PARTS,)),
        ("mid_systole", np.float64),
        ("excess", np.float64),
        ("late_diastole", np.float64),
        ("low_against_s1", np.float64),
        ("low_against_s2", np.float64),
        ("above_late_by_band", np.float64, _MURMUR),
        ("against_s2_by_band", np.float64, _MURMUR),
        ("pairs_above_late", np.float64, (N_PARTS // 2, *_PROFILE)),
        ("mid_against_s2", np.float64, _PROFILE),
        ("mid_against_s1", np.float64, _PROFILE),
        ("early_above_late", np.float64, _PROFILE),
        ("middle_above_late", np.float64, _PROFILE),
        ("late_against_s2", np.float64, _PROFILE),
        ("mid_above_diastole", np.float64, _PROFILE),
        ("mid_above_late", np.float64, _PROFILE),
        ("s1_against_s2", np.float64, (len(BANDS_HZ),)),
        ("sounds_stand_out", np.float64, (2,)),
        ("systole_spectrum", np.float64, (N_BINS,)),
        ("late_spectrum", np.float64, (N_BINS,)),
    ]
)


#: The columns of a `Comparison`, by name.
#:
#: - profile, diastole_profile: each part above late diastole, 80 to 600 Hz
#: - mid_systole: mid-systole above late diastole, 80 to 600 Hz
#: - excess: power of mid-systole less that of late diastole, as a share of S2's, 80 to 600 Hz (no dB)
#: - late_diastole: late diastole against S2, 80 to 600 Hz
#: - low_against_s1, low_against_s2: mid-systole between 80 and 150 Hz
#: - above_late_by_band, against_s2_by_band: mid-systole in each band of a murmur, by its mean power
#: - pairs_above_late to mid_above_late: by mean levels, in each of PROFILE_BANDS; the first for each fifth of systole
#: - s1_against_s2: in each of BANDS_HZ
#: - sounds_stand_out: S1, and S2, above the mean of systole and diastole, 45 to 150 Hz
#: - systole_spectrum, late_spectrum: levels of mid-systole and late diastole by frequency, dB of full scale
COLUMNS = {
    name: slice(offset // 8, (offset + kind.itemsize) // 8)
    for name, (kind, offset, *_) in COMPARISON.fields.items()  # type: ignore[union-attr]
}
N_COLUMNS = COMPARISON.itemsize // 8
#: Quantiles that a summary holds beside the median.
SHARES = (0.1, 0.2, 0.25, 0.75, 0.8, 0.9)
#: A table of at most this many numbers (16 MB, about two hours) is kept; of a larger one this many are made at a time.
MOST_NUMBERS = 2**21
#: Cycles that are then compared at a time, so that they fit into the cache.
CHUNK = 512


@dataclass(frozen=True, slots=True, eq=False)
class CycleSummary:
    """Median and quantiles of each column of a `Comparison` over some cycles.

    Attributes
    ----------
    cycles : int
        Number of cycles.
    medians : ndarray, shape (numbers,)
        Medians, in the order of `COLUMNS`; NaN without a cycle.
    quantiles : dict of float to ndarray, shape (numbers,)
        Quantiles for each of `SHARES`.
    """

    cycles: int
    medians: NDArray[np.float64]
    quantiles: dict[float, NDArray[np.float64]]


class Comparison:
    """Levels compared within each cycle: a table with one row per cycle and the columns of `COLUMNS`.

    The table is half as large again as the levels that it is made from. That of a long recording is not kept: its columns
    are computed on request, a few at a time, which takes a tenth longer for a day and saves 200 MB.
    """

    __slots__ = ("_levels", "_table")

    def __init__(self, levels: CycleLevels) -> None:
        self._levels = levels
        self._table = _table(levels) if len(levels) * N_COLUMNS <= MOST_NUMBERS else None

    def __len__(self) -> int:
        return len(self._levels)

    def __getitem__(self, name: str) -> Table:
        """Columns by name."""
        return self._columns(COLUMNS[name])

    def summary(self, chosen: NDArray[np.bool_]) -> CycleSummary:
        """Summarize the chosen cycles; `chosen` has shape (cycles,)."""
        cycles = np.flatnonzero(chosen)
        read = np.full((1 + len(SHARES), N_COLUMNS), np.nan)
        if cycles.size:
            at_once = max(MOST_NUMBERS // cycles.size, 1)
            for first in range(0, N_COLUMNS, at_once):
                columns = slice(first, min(first + at_once, N_COLUMNS))
                rows = self._columns(columns, cycles)
                rows.sort(axis=0)
                read[0, columns] = median_of_sorted(rows)
                for row, share in zip(read[1:], SHARES, strict=True):
                    row[columns] = quantile_of_sorted(rows, share)
        return CycleSummary(cycles.size, read[0], dict(zip(SHARES, read[1:], strict=True)))

    def _columns(self, columns: slice, cycles: NDArray[np.int64] | None = None) -> Table:
        """Return some columns of all cycles, or a copy of those of the given cycles."""
        if self._table is not None:
            return self._table[:, columns] if cycles is None else self._table[cycles, columns]
        cycles = np.arange(len(self)) if cycles is None else cycles
        made = np.empty((cycles.size, columns.stop - columns.start))
        for first in range(0, cycles.size, CHUNK):
            chunk = slice(first, first + CHUNK)
            made[chunk] = _table(self._levels[cycles[chunk]])[:, columns]
        return made


def _table(levels: CycleLevels) -> Table:
    rows = np.empty(len(levels), dtype=COMPARISON)
    compare_levels(Levels(*levels.arrays()), _RULES, rows)
    rows["systole_spectrum"], rows["late_spectrum"] = levels.systole_spectrum, levels.late_diastole_spectrum
    return rows.view(np.float64).reshape(len(levels), N_COLUMNS)
