"""Rate, intervals and irregularity, from the cycles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.robust import median
from murmur.records import Record
from murmur.segmentation.result import CardiacCycles

#: A cycle this many times as long as the median is a pause if it also lasts PAUSE_LEAST_S.
PAUSE_FACTOR = 1.8
PAUSE_LEAST_S = 1.5
#: A cycle that is shorter than the median by this factor, and the next one longer by at least the second, are a premature
#: beat and its compensation (as in screening of RR intervals for ectopy).
PREMATURE_FACTOR, COMPENSATION_FACTOR = 0.82, 1.08
#: Sample entropy compares every cycle with every other; it needs so many, and takes at most the first so many.
FEWEST_FOR_ENTROPY, MOST_FOR_ENTROPY = 12, 1000
#: Cycles that follow one another meet within this, and differ by more unless they are equal except for rounding.
ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Pause(Record):
    """A long cycle."""

    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Rhythm(Record):
    """Intervals between S1 onsets; None where too few cycles are trusted.

    Attributes
    ----------
    heart_rate_bpm : float or None
        60 over the mean cycle, in seconds: the rate as one counts it.
    cycle_s, systole_s, diastole_s : float or None
        Medians; systole from S1 onset to S2 onset, diastole from S2 onset to the next S1 onset.
    rmssd_ms, pnn50, variation : float or None
        Root mean square of successive differences, share of successive differences above 50 ms, coefficient of variation of
        the cycles (Task Force of the ESC and NASPE, 1996).
    sample_entropy : float or None
        Of the cycles, m = 1, tolerance 0.2 standard deviations (Richman and Moorman, 2000); needs 12 cycles.
    irregularity : float or None
        Median absolute difference of successive cycles, over the median cycle.
    premature_beats : int
        Number of early beats followed by a longer cycle.
    pauses : tuple of Pause
        Cycles of at least 1.8 median cycles and 1.5 s.
    cycles : int
        Number of cycles behind these figures.
    """

    heart_rate_bpm: float | None = None
    cycle_s: float | None = None
    systole_s: float | None = None
    diastole_s: float | None = None
    rmssd_ms: float | None = None
    pnn50: float | None = None
    variation: float | None = None
    sample_entropy: float | None = None
    irregularity: float | None = None
    premature_beats: int = 0
    pauses: tuple[Pause, ...] = ()
    cycles: int = 0


def describe_rhythm(cycles: CardiacCycles, trusted: NDArray[np.bool_]) -> Rhythm:
    """Summarize the rhythm of the trusted cycles.

    Only cycles that follow one another are compared. The rhythm needs less confidence in a cycle than a measurement of sound
    does: an early or a faint beat is a beat, and leaving it out would change the rate.

    Parameters
    ----------
    cycles : CardiacCycles
        All cycles.
    trusted : ndarray of bool, shape (cycles,)
        Which of them count.
    """
    onset_s, end_s = cycles.s1_onset_s, cycles.end_s
    cycle_s = end_s - onset_s
    kept_s = cycle_s[trusted]
    if kept_s.size < 2:
        return Rhythm(cycles=int(kept_s.size))
    median_s, mean_s = float(median(kept_s)), float(kept_s.sum()) / kept_s.size
    adjacent = trusted[1:] & trusted[:-1] & (np.abs(onset_s[1:] - end_s[:-1]) < ROUNDING_S)
    before_s, after_s = cycle_s[:-1][adjacent], cycle_s[1:][adjacent]
    premature = (before_s < PREMATURE_FACTOR * median_s) & (after_s > COMPENSATION_FACTOR * median_s)
    premature &= after_s > before_s / PREMATURE_FACTOR
    paused = trusted & (cycle_s >= max(PAUSE_FACTOR * median_s, PAUSE_LEAST_S))
    change_s = np.abs(after_s - before_s)
    few = change_s.size < 2
    return Rhythm(
        heart_rate_bpm=60.0 / mean_s,
        cycle_s=median_s,
        systole_s=float(median((cycles.s2_onset_s - onset_s)[trusted])),
        diastole_s=float(median((end_s - cycles.s2_onset_s)[trusted])),
        rmssd_ms=None if few else 1e3 * math.sqrt(change_s @ change_s / change_s.size),
        pnn50=None if few else np.count_nonzero(change_s > 0.05) / change_s.size,
        variation=_deviation(kept_s) / mean_s,
        sample_entropy=sample_entropy(kept_s),
        irregularity=None if few else float(median(change_s)) / median_s,
        premature_beats=int(np.count_nonzero(premature)),
        pauses=tuple(Pause(float(onset_s[i]), float(cycle_s[i])) for i in np.flatnonzero(paused)),
        cycles=int(kept_s.size),
    )


def _deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation; `numpy.std` spends most of its time on generality."""
    apart = values - values.sum() / values.size
    return math.sqrt(apart @ apart / values.size)


def sample_entropy(values: NDArray[np.float64], length: int = 1, tolerance: float = 0.2) -> float | None:
    """Sample entropy (Richman and Moorman, 2000, doi:10.1152/ajpheart.2000.278.6.H2039).

    Parameters
    ----------
    values : ndarray, shape (n,)
        Such as the lengths of consecutive cycles.
    length : int
        Length of the shorter templates, m.
    tolerance : float
        Largest difference of values that match, in standard deviations, r.

    Returns
    -------
    float or None
        None for fewer than 12 values, equal values, or values without a match.
    """
    values = values[:MOST_FOR_ENTROPY]
    n = values.size
    if n < FEWEST_FOR_ENTROPY or (spread := _deviation(values)) < ROUNDING_S:
        return None
    close = np.abs(values[:, None] - values) <= tolerance * spread
    starts = n - length
    matches = np.logical_and.reduce([close[m : m + starts, m : m + starts] for m in range(length)])
    short = (np.count_nonzero(matches) - starts) // 2
    long = (np.count_nonzero(matches & close[length:, length:]) - starts) // 2
    return math.log(short / long) if short and long else None
