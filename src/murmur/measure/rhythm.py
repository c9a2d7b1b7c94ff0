"""Rate, intervals and irregularity, from the beats."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.robust import median
from murmur.records import Record
from murmur.segmentation.result import CardiacCycles

__all__ = ["Pause", "Rhythm", "describe_rhythm", "sample_entropy"]

#: A cycle this many times the median is a pause, if it also lasts PAUSE_LEAST_S.
PAUSE_FACTOR = 1.8
PAUSE_LEAST_S = 1.5
#: A cycle this much shorter than the one before and than the median is premature (as in RR-interval screening for ectopy).
PREMATURE_FACTOR = 0.82
#: Sample entropy compares every cycle with every other: of a long recording it takes the first this many.
LONGEST_ENTROPY = 1000
#: Cycles that differ by less than this are equal but for rounding.
LEAST_SPREAD_S = 1e-6


@dataclass(frozen=True, slots=True)
class Pause(Record):
    """A long cycle."""

    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Rhythm(Record):
    """Intervals between S1 onsets of consecutive trusted beats; None where there are too few.

    Attributes
    ----------
    heart_rate_bpm : float or None
        60 over the mean cycle, as one counts it.
    cycle_s, systole_s, diastole_s : float or None
        Medians; systole from S1 onset to S2 onset, diastole from S2 onset to the next S1 onset.
    rmssd_ms, pnn50, variation : float or None
        Root mean square of successive differences, share of successive differences above 50 ms, coefficient of variation of
        the cycles (Task Force of the ESC and NASPE, 1996).
    sample_entropy : float or None
        Of the cycles, m = 1, tolerance 0.2 standard deviations (Richman and Moorman, 2000); needs 12 cycles.
    irregularity : float or None
        Robust beat-to-beat irregularity: median absolute successive difference over the median cycle.
    premature_beats : int
        Early beats followed by a compensating or longer cycle.
    pauses : tuple of Pause
        Cycles of at least 1.8 median cycles and 1.5 s.
    cycles : int
        How many cycles these figures rest on.
    """

    heart_rate_bpm: float | None
    cycle_s: float | None
    systole_s: float | None
    diastole_s: float | None
    rmssd_ms: float | None
    pnn50: float | None
    variation: float | None
    sample_entropy: float | None
    irregularity: float | None
    premature_beats: int
    pauses: tuple[Pause, ...]
    cycles: int


def describe_rhythm(beats: CardiacCycles, trusted: NDArray[np.bool_]) -> Rhythm:
    """Sum up the rhythm of the trusted beats; only beats that follow one another are compared.

    Fewer doubts than for a measurement of sound will do here: an early or a faint beat is a beat, and leaving it out would
    change the rate.
    """
    onset, end = beats.s1_onset_s, beats.end_s
    cycle = end - onset
    kept = cycle[trusted]
    if kept.size < 2:
        return Rhythm(None, None, None, None, None, None, None, None, None, 0, (), int(kept.size))
    usual_s, mean_s = float(median(kept)), float(kept.sum()) / kept.size
    adjacent = trusted[1:] & trusted[:-1] & (np.abs(onset[1:] - end[:-1]) < 1e-6)
    before, after = cycle[:-1][adjacent], cycle[1:][adjacent]  # the cycle that ends with a premature S1, and the next
    early = (before < PREMATURE_FACTOR * usual_s) & (after > 1.08 * usual_s) & (after > before / PREMATURE_FACTOR)
    pauses = tuple(
        Pause(float(onset[i]), float(cycle[i]))
        for i in np.flatnonzero(trusted & (cycle >= max(PAUSE_FACTOR * usual_s, PAUSE_LEAST_S)))
    )
    change = np.abs(after - before)
    few = change.size < 2
    return Rhythm(
        heart_rate_bpm=60.0 / mean_s,
        cycle_s=usual_s,
        systole_s=float(median((beats.s2_onset_s - onset)[trusted])),
        diastole_s=float(median((end - beats.s2_onset_s)[trusted])),
        rmssd_ms=None if few else 1e3 * math.sqrt(change @ change / change.size),
        pnn50=None if few else np.count_nonzero(change > 0.05) / change.size,
        variation=_deviation(kept) / mean_s,
        sample_entropy=sample_entropy(kept),
        irregularity=None if few else float(median(change)) / usual_s,
        premature_beats=int(np.count_nonzero(early)),
        pauses=pauses,
        cycles=int(kept.size),
    )


def _deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation, where `numpy.std` spends most of its time on generality."""
    apart = values - values.sum() / values.size
    return math.sqrt(apart @ apart / values.size)


def sample_entropy(values: NDArray[np.float64], length: int = 1, tolerance: float = 0.2) -> float | None:
    """Sample entropy (Richman and Moorman, 2000, doi:10.1152/ajpheart.2000.278.6.H2039); None below 12 values."""
    values = values[:LONGEST_ENTROPY]
    n = values.size
    if n < 12 or (spread := _deviation(values)) < LEAST_SPREAD_S:
        return None
    radius = tolerance * spread

    close = np.abs(values[:, None] - values) <= radius
    starts = n - length
    alike = np.logical_and.reduce([close[m : m + starts, m : m + starts] for m in range(length)])
    short = (np.count_nonzero(alike) - starts) // 2
    long = (np.count_nonzero(alike & close[length:, length:]) - starts) // 2
    return math.log(short / long) if short and long else None
