"""Levels compared within each cycle, so that neither gain nor the sensor's response counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.columns import Columns
from murmur.features.cycles import BANDS_HZ, N_PARTS, CycleLevels
from murmur.kernels.cycles import compare_levels
from murmur.spectrogram import N_BINS

__all__ = ["COLUMNS", "MURMUR_BANDS", "PROFILE_BANDS", "Comparison", "compare_cycles"]

#: Bands of a murmur, 80 to 600 Hz, in `BANDS_HZ`; in the lowest of them a rough one is loud.
MURMUR_BANDS = slice(3, 7)
#: All bands but 60 to 100 Hz, which overlaps its neighbours.
PROFILE_BANDS = (0, 1, 3, 4, 5, 6, 7)
#: 45 to 80 and 80 to 150 Hz, where heart sounds stand out.
SOUND_BANDS = (1, 3)
#: First and one past the last part of mid-systole, well away from S1 and S2; of late diastole, the quiet reference (60 to
#: 90 %); and of early and middle diastole.
_PLACES = np.array([[2, 8], [6, 9], [1, 3], [3, 6]])
#: Late diastole counts as no quieter than this share of S2's power: a noise gate's silence is no reference.
LEAST_POWER = 1e-6


def _columns() -> dict[str, slice]:
    murmur, each = MURMUR_BANDS.stop - MURMUR_BANDS.start, len(PROFILE_BANDS)
    sizes = {
        "profile": N_PARTS,
        "diastole_profile": N_PARTS,
        "mid_systole": 1,
        "excess": 1,
        "late_diastole": 1,
        "low_against_s1": 1,
        "low_against_s2": 1,
        "above_late_by_band": murmur,
        "against_s2_by_band": murmur,
        "pairs_above_late": N_PARTS // 2 * each,
        "mid_against_s2": each,
        "mid_against_s1": each,
        "early_above_late": each,
        "middle_above_late": each,
        "late_against_s2": each,
        "mid_above_diastole": each,
        "mid_above_late": each,
        "s1_against_s2": len(BANDS_HZ),
        "sounds_stand_out": 2,
        "systole_spectrum": N_BINS,
        "late_spectrum": N_BINS,
    }
    edges = np.cumsum([0, *sizes.values()]).tolist()
    return {name: slice(first, last) for name, first, last in zip(sizes, edges[:-1], edges[1:], strict=True)}


#: Which columns of `Comparison.db` are what.
#:
#: - profile, diastole_profile: each part above late diastole, 80 to 600 Hz
#: - mid_systole: mid-systole above late diastole, 80 to 600 Hz
#: - excess: power of mid-systole less that of late diastole, as a share of S2's, 80 to 600 Hz (no dB)
#: - late_diastole: late diastole against S2, 80 to 600 Hz
#: - low_against_s1, low_against_s2: mid-systole between 80 and 150 Hz
#: - above_late_by_band, against_s2_by_band: mid-systole in each band of a murmur, by its mean power
#: - pairs_above_late to mid_above_late: by mean levels, in each of PROFILE_BANDS; the first for each fifth of systole
#: - s1_against_s2: in each of BANDS_HZ
#: - sounds_stand_out: S1, and S2, above the mean of systole and diastole, in SOUND_BANDS
#: - systole_spectrum, late_spectrum: levels of mid-systole and late diastole by frequency, dB of full scale
COLUMNS = _columns()


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Columns):
    """What is compared within each cycle.

    Attributes
    ----------
    db : ndarray, shape (cycles, numbers)
        See `COLUMNS`.
    """

    db: NDArray[np.float64]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Columns by name."""
        return self.db[:, COLUMNS[name]]

    def in_order(self, chosen: NDArray[np.bool_]) -> Comparison:
        """Return the chosen cycles with each column in order of size, as medians and quantiles are read from it."""
        return Comparison(np.sort(self.db[chosen], axis=0))


def compare_cycles(levels: CycleLevels) -> Comparison:
    """Compare the levels of each cycle."""
    db = np.empty((len(levels), COLUMNS["late_spectrum"].stop))
    compare_levels(
        levels.s1, levels.s2, levels.systole, levels.diastole, np.array([MURMUR_BANDS.start, MURMUR_BANDS.stop]),
        np.array(PROFILE_BANDS), np.array(SOUND_BANDS), _PLACES, LEAST_POWER, db,
    )  # fmt: skip
    db[:, COLUMNS["systole_spectrum"]] = levels.systole_spectrum
    db[:, COLUMNS["late_spectrum"]] = levels.late_diastole_spectrum
    return Comparison(db)
