"""How far a recording can be trusted, as a whole and over time; the right to say "unreadable"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.learned.linear import LinearModel
from murmur.measure.comparison import Comparison
from murmur.measure.measurement import Measurement
from murmur.measure.robust import median
from murmur.measure.seconds import Seconds
from murmur.records import Record
from murmur.segmentation.cycles import EVIDENCE, Cycles
from murmur.segmentation.result import CardiacCycles
from murmur.settings import Settings

Mask = NDArray[np.bool_]

#: A second this far below the median second is one without contact.
LOST_DB = 25.0
#: Shares of the recording from which it counts as clipped (flat tops), as without contact, and as noisy (seconds).
CLIPPED, LOST, NOISY = 0.002, 0.1, 0.5
#: Where no cycle is more probable than this, there may be no heart in the recording.
HEARTBEAT = 0.1
#: Cycles whose confidence is computed at a time: all of an ordinary recording.
CHUNK = 4096
#: A cycle with more than this share of its samples in friction spikes is not trusted.
SPIKED_CYCLE = 0.08
#: An unreadable recording is too short if it lasts less than this for each cycle that is needed.
SHORT_CYCLE_S = 2.0
#: The kinds of a second.
KINDS = ("good", "contact lost", "noisy")


@dataclass(frozen=True, slots=True)
class QualityInterval(Record):
    """Consecutive seconds of one kind: "good", "noisy" (no trusted cycle) or "contact lost"."""

    start_s: float
    end_s: float
    kind: str


@dataclass(frozen=True, slots=True)
class Quality(Record):
    """Signal quality of a recording.

    Attributes
    ----------
    index : float
        Share of the recording, 0 to 1, expected to be segmented correctly: the length of each cycle, weighted by its
        confidence.
    reasons : tuple of str
        What is wrong: "clipped", "noisy", "no heartbeat", "contact lost", "too short"; empty where nothing is.
    readable : bool
        False when no finding should rest on this recording.
    trusted_cycles : int
        Number of cycles that are measured.
    cycle_confidence : float or None
        Mean confidence of all cycles.
    clipped_fraction, spiked_fraction, lost_fraction : float
        Shares of the recording in flat tops, in friction spikes, and without contact.
    intervals : tuple of QualityInterval
        The recording over time.
    """

    index: float
    reasons: tuple[str, ...]
    readable: bool
    trusted_cycles: int
    cycle_confidence: float | None
    clipped_fraction: float
    spiked_fraction: float
    lost_fraction: float
    intervals: tuple[QualityInterval, ...]


def cycle_evidence(cycles: Cycles, compared: Comparison) -> NDArray[np.float64]:
    """Return the evidence for each cycle, and its mean over that cycle and two on either side, shape (cycles, n).

    The evidence is what the posteriors say of a cycle, and how far its S1 and S2 stand out of its systole and diastole (dB):
    the network may find cycles in noise, but they do not stand out.
    """
    count = len(EVIDENCE) + 2
    evidence = np.empty((len(cycles), 2 * count))
    if not len(cycles):
        return evidence
    own, around = evidence[:, :count], evidence[:, count:]
    own[:, :-2], own[:, -2:] = cycles.evidence, compared["sounds_stand_out"]
    padded = np.concatenate([own[:1], own[:1], own, own[-1:], own[-1:]])
    np.add(padded[:-4], padded[1:-3], out=around)
    for shifted in (padded[2:-2], padded[3:-1], padded[4:]):
        around += shifted
    around /= 5.0
    return evidence


def cycle_confidence(cycles: Cycles, compared: Comparison, model: LinearModel) -> NDArray[np.float64]:
    """Return the probability that S1 and S2 of each cycle are correct, shape (cycles,)."""
    evidence = cycle_evidence(cycles, compared)
    confidence = np.empty(len(cycles))
    for first in range(0, len(cycles), CHUNK):
        chunk = slice(first, first + CHUNK)
        confidence[chunk] = model.probabilities(evidence[chunk])[:, 0]
    return confidence


def with_confidence(cycles: Cycles, confidence: NDArray[np.float64]) -> CardiacCycles:
    """Put the confidence beside the boundaries of the cycles."""
    s1_s, systole_s, s2_s, diastole_s, end_s = cycles.bounds_s.T.copy()
    return CardiacCycles(s1_s, systole_s, s2_s, diastole_s, end_s, confidence)


def interrupted_cycles(measurement: Measurement) -> Mask:
    """Return which cycles are no cycles because contact was lost in them, shape (cycles,).

    They hold a second of silence, or two seconds far quieter than the loudest one that they touch: a pause is not as quiet.
    """
    bounds_s, seconds = measurement.cycles.bounds_s[:, [0, 4]] - measurement.start_s, measurement.seconds
    interrupted = np.zeros(bounds_s.shape[0], dtype=bool)
    for cycle in np.flatnonzero(bounds_s[:, 1] - bounds_s[:, 0] >= 1.0):
        s1_s, end_s = bounds_s[cycle]
        within = slice(max(math.ceil(s1_s), 0), int(end_s))
        level_db = seconds.level_db[within]
        if level_db.size:
            loudest = seconds.level_db[max(int(s1_s), 0) : int(end_s) + 1].max()
            quiet = np.count_nonzero(level_db < loudest - LOST_DB)
            interrupted[cycle] = quiet >= 2 or (seconds.silent[within] > 0.5).any()
    return interrupted


def assess_quality(
    measurement: Measurement, confidence: NDArray[np.float64], interrupted: Mask, settings: Settings
) -> tuple[Quality, Mask]:
    """Judge a recording.

    Parameters
    ----------
    measurement : Measurement
        What the engine found.
    confidence : ndarray, shape (cycles,)
        Probability that each cycle is correct.
    interrupted : ndarray of bool, shape (cycles,)
        Which cycles are no cycles: `interrupted_cycles`.
    settings : Settings
        What a trusted cycle and a readable recording need.

    Returns
    -------
    quality : Quality
    trusted : ndarray of bool, shape (cycles,)
        Which cycles count in the figures of the recording.
    """
    bounds_s, seconds, start_s = measurement.cycles.bounds_s, measurement.seconds, measurement.start_s
    trusted = (confidence >= settings.least_confidence) & (measurement.spike_share <= SPIKED_CYCLE) & ~interrupted
    trusted_cycles, held_s = int(trusted.sum()), measurement.duration_s - start_s
    length_s = np.where(interrupted, 0.0, bounds_s[:, 4] - bounds_s[:, 0])
    index = float(min((length_s * confidence).sum() / held_s, 1.0))
    readable = trusted_cycles >= settings.least_cycles and index >= settings.least_quality
    lost, noisy = _lost_and_noisy(seconds, bounds_s[trusted][:, [0, 4]] - start_s)
    n = max(lost.size, 1)
    lost_fraction = int(np.count_nonzero(lost)) / n
    reasons = []
    if measurement.clipped_fraction >= CLIPPED:
        reasons.append("clipped")
    if lost_fraction > LOST:
        reasons.append("contact lost")
    if np.count_nonzero(noisy) > NOISY * lost.size:
        reasons.append("noisy" if np.any(confidence > HEARTBEAT) else "no heartbeat")
    if not readable and not reasons:
        reasons.append("too short" if held_s < SHORT_CYCLE_S * settings.least_cycles else "noisy")
    quality = Quality(
        index=index,
        reasons=tuple(reasons),
        readable=readable,
        trusted_cycles=trusted_cycles,
        cycle_confidence=float(confidence.sum()) / confidence.size if confidence.size else None,
        clipped_fraction=measurement.clipped_fraction,
        spiked_fraction=float(seconds.spike_share.sum()) / n,
        lost_fraction=lost_fraction,
        intervals=_intervals((lost + 2 * noisy).tolist(), start_s, measurement.duration_s),
    )
    return quality, trusted


def why_unreadable(quality: Quality, settings: Settings) -> str:
    """Return what an unreadable recording lacks, and the settings with which it is analyzed anyway."""
    cycles, lacking, remedies = quality.trusted_cycles, [], []
    if cycles < settings.least_cycles:
        lacking.append(f"{cycles or 'no'} reliable cycle{'s' * (cycles != 1)}, {settings.least_cycles} needed")
        remedies.append(f"--set least_cycles={cycles}")
    if quality.index < settings.least_quality:
        lacking.append(f"quality {quality.index:.2f}, {settings.least_quality:g} needed")
        remedies.append(f"--set least_quality={math.floor(100.0 * quality.index) / 100.0:g}")
    why = f"{', '.join(quality.reasons)}; {'; '.join(lacking)}: no findings"
    return f"{why}. To analyze anyway: {' '.join(remedies)}" if cycles else why


def _lost_and_noisy(seconds: Seconds, trusted_s: NDArray[np.float64]) -> tuple[Mask, Mask]:
    """Return which seconds are without contact, and which are noisy; `trusted_s` are start and end of trusted cycles."""
    covered = np.zeros(seconds.level_db.size, dtype=bool)
    for s1_s, end_s in trusted_s.tolist():
        covered[max(int(s1_s), 0) : int(end_s) + 1] = True
    # without a trusted cycle the loudest second is the reference; of silence, −inf
    reference_db = float(median(seconds.level_db[covered]) if covered.any() else seconds.level_db.max(initial=-np.inf))
    lost = ((seconds.silent > 0.5) | (seconds.level_db < reference_db - LOST_DB)) & ~covered
    return lost, ~(covered | lost)


def _intervals(kinds: list[int], start_s: float, end_s: float) -> tuple[QualityInterval, ...]:
    """Join seconds of one kind; the last interval lasts until the end."""
    starts = [second for second, kind in enumerate(kinds) if second == 0 or kind != kinds[second - 1]]
    ends = [*(start_s + second for second in starts[1:]), end_s]
    return tuple(
        QualityInterval(start_s + start, end, KINDS[kinds[start]]) for start, end in zip(starts, ends, strict=False)
    )
