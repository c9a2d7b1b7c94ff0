"""S1, S2 and the short sounds around them, summarized over the trusted cycles of a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.comparison import COLUMNS, CycleSummary
from murmur.measure.cycles import BANDS_HZ
from murmur.measure.robust import median
from murmur.measure.sounds import CycleSounds
from murmur.records import Record

Mask = NDArray[np.bool_]
Column = NDArray[np.float64]

#: Band in which a quiet S1 shows: its total level does not tell.
S1_BAND_HZ = (60, 100)
#: A peak less prominent than this is no sound of its own.
LEAST_PROMINENCE_DB = 3.0
#: A heart sound comes at the same place in each cycle, within so many seconds (S3, S4), or this share of systole (click).
STEADY_S = 0.025
STEADY_SHARE = 0.12
#: S2 has two components where the dip between the peaks of its envelope is at least this deep.
LEAST_DIP_DB = 1.5
#: The components of S2 lie equally far apart in each cycle, within this.
STEADY_SPLIT_S = 0.012
#: S2 is split where this share of the cycles shows it.
SPLIT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class ExtraSound(Record):
    """A sound beside S1 and S2, as found cycle by cycle.

    Attributes
    ----------
    share : float
        Share of cycles with a prominent peak at `place`, within the tolerance of the sound.
    level_db : float or None
        Median level against S1 (S3, S4) or S2 (click) in the sound's band.
    prominence_db : float or None
        Median prominence over its surroundings.
    place : float or None
        Median over the cycles: of S3, in seconds after S2's onset; of S4, in seconds before S1's onset; of a click, as a
        share of systole.
    """

    share: float
    level_db: float | None
    prominence_db: float | None
    place: float | None


@dataclass(frozen=True, slots=True)
class HeartSounds(Record):
    """Levels of S1 against S2, S2's split and the extra sounds; medians over the trusted cycles.

    Attributes
    ----------
    s1_s2_level_db : float
        S1 against S2 between 60 and 100 Hz.
    s1_s2_spread_db : float
        Interquartile range of that over the cycles.
    s1_s2_by_band_db : tuple of float
        S1 against S2 in each band of `murmur.measure.cycles.BANDS_HZ`.
    s2_split_ms : float or None
        Median interval between S2's components; None where S2 has one peak in most cycles.
    s2_split_share : float
        Share of cycles whose S2 has two peaks at about that interval.
    s3, s4, click : ExtraSound
        Extra low sounds after S2 and before S1, and a sharp one in systole.
    cycles : int
        Number of cycles behind these figures.
    """

    s1_s2_level_db: float
    s1_s2_spread_db: float
    s1_s2_by_band_db: tuple[float, ...]
    s2_split_ms: float | None
    s2_split_share: float
    s3: ExtraSound
    s4: ExtraSound
    click: ExtraSound
    cycles: int


def describe_heart_sounds(summary: CycleSummary, sounds: CycleSounds, trusted: Mask) -> HeartSounds:
    """Summarize the trusted cycles, of which there must be one.

    Parameters
    ----------
    summary : CycleSummary
        Of the trusted cycles.
    sounds : CycleSounds
        Of all cycles.
    trusted : ndarray of bool, shape (cycles,)
        Which of them are trusted.
    """
    columns, band = COLUMNS["s1_against_s2"], BANDS_HZ.index(S1_BAND_HZ)
    by_band_db = summary.medians[columns].tolist()
    lower_db, upper_db = (float(summary.quantiles[share][columns][band]) for share in (0.25, 0.75))
    split_ms, split_share = _split(sounds, trusted)
    return HeartSounds(
        s1_s2_level_db=by_band_db[band],
        s1_s2_spread_db=upper_db - lower_db,
        s1_s2_by_band_db=tuple(by_band_db),
        s2_split_ms=split_ms,
        s2_split_share=split_share,
        s3=_extra(sounds.s3_level_db, sounds.s3_prominence_db, sounds.s3_lag_s, trusted, STEADY_S),
        s4=_extra(sounds.s4_level_db, sounds.s4_prominence_db, sounds.s4_lead_s, trusted, STEADY_S),
        click=_extra(sounds.click_level_db, sounds.click_prominence_db, sounds.click_place, trusted, STEADY_SHARE),
        cycles=summary.cycles,
    )


def _steady(values: Column, chosen: Mask, tolerance: float) -> tuple[float, Mask]:
    """Return the median of the chosen values, and which of them lie within the tolerance of it."""
    centre = float(median(values[chosen]))
    return centre, chosen & (np.abs(values - centre) <= tolerance)


def _extra(level_db: Column, prominence_db: Column, place: Column, trusted: Mask, tolerance: float) -> ExtraSound:
    prominent = trusted & (prominence_db >= LEAST_PROMINENCE_DB)  # False for NaN
    if prominent.any():
        centre, steady = _steady(place, prominent, tolerance)
        if steady.any():
            share = np.count_nonzero(steady) / np.count_nonzero(trusted)
            return ExtraSound(share, float(median(level_db[steady])), float(median(prominence_db[steady])), centre)
    return ExtraSound(0.0, None, None, None)


def _split(sounds: CycleSounds, trusted: Mask) -> tuple[float | None, float]:
    two = trusted & (sounds.s2_dip_db >= LEAST_DIP_DB)
    if not two.any():
        return None, 0.0
    split_s, steady = _steady(sounds.s2_split_s, two, STEADY_SPLIT_S)
    share = np.count_nonzero(steady) / np.count_nonzero(trusted)
    return (1e3 * split_s if share >= SPLIT_SHARE else None), share
