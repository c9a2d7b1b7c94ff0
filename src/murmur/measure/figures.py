"""What is reported of each cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.comparison import Comparison
from murmur.measure.cycles import BANDS_HZ
from murmur.measure.heart_sounds import S1_BAND_HZ
from murmur.measure.murmur import cycle_extents
from murmur.records import Record


@dataclass(frozen=True, slots=True, eq=False)
class CycleFigures(Record):
    """What was measured of each cycle of `Segmentation.cycles`, as columns; NaN (null) where it is not trusted.

    Attributes
    ----------
    trusted : ndarray of bool, shape (cycles,)
        Whether the cycle counts in the recording's figures.
    s1_s2_level_db : ndarray, shape (cycles,)
        S1 against S2 between 60 and 100 Hz.
    murmur_above_late_diastole_db : ndarray, shape (cycles,)
        Mid-systole above late diastole between 80 and 600 Hz.
    murmur_extent : ndarray, shape (cycles,)
        Share of systole that stands at least 3 dB above late diastole and within 12 dB of the loudest part.
    """

    trusted: NDArray[np.bool_]
    s1_s2_level_db: NDArray[np.float64]
    murmur_above_late_diastole_db: NDArray[np.float64]
    murmur_extent: NDArray[np.float64]


def cycle_figures(compared: Comparison, trusted: NDArray[np.bool_]) -> CycleFigures:
    """Take from what was compared within each cycle what is reported of it."""
    s1_s2 = compared["s1_against_s2"][:, BANDS_HZ.index(S1_BAND_HZ)]
    return CycleFigures(
        trusted=trusted,
        s1_s2_level_db=np.where(trusted, s1_s2, np.nan),
        murmur_above_late_diastole_db=np.where(trusted, compared["mid_systole"][:, 0], np.nan),
        murmur_extent=np.where(trusted, cycle_extents(compared["profile"]), np.nan),
    )
