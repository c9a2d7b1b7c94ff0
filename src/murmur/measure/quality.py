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
from murmur.records import Record
from murmur.segmentation.cycles import EVIDENCE, Cycles
from murmur.settings import Settings

__all__ = ["Quality", "Stretch", "assess_quality", "cycle_confidence", "cycle_evidence", "interrupted_cycles"]

Mask = NDArray[np.bool_]

#: A second this far below the usual second is one without contact.
LOST_DB = 25.0
#: Share of the input in flat tops from which a recording counts as clipped.
CLIPPED = 0.002
#: Where no beat is more likely than this to be one, there may be no heart in the recording.
HEARTBEAT = 0.1
#: Cycles whose confidence is reckoned together: all of an ordinary recording.
STRETCH = 4096
#: A cycle with more than this share of its samples in friction spikes is not measured.
SPIKED_CYCLE = 0.08
#: What a second can be.
KINDS = ("good", "contact lost", "noisy")
GOOD, LOST, NOISY = range(3)


@dataclass(frozen=True, slots=True)
class Stretch(Record):
    """Consecutive seconds of one kind: "good", "noisy" (no trusted beat) or "contact lost"."""

    start_s: float
    end_s: float
    kind: str


@dataclass(frozen=True, slots=True)
class Quality(Record):
    """Signal quality of a recording.

    Attributes
    ----------
    index : float
        Share of the recording, 0 to 1, that is expected to be segmented right: each beat's length weighed by its confidence.
    reasons : tuple of str
        What is wrong: "clipped", "noisy", "no heartbeat", "contact lost", "too short"; empty where nothing is.
    readable : bool
        False when no finding should rest on this recording.
    trusted_cycles : int
        Beats that are measured.
    cycle_confidence : float or None
        Mean confidence of all beats.
    clipped_fraction, spiked_fraction, lost_fraction : float
        Shares of the recording in flat tops, in friction spikes, and without contact.
    stretches : tuple of Stretch
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
    stretches: tuple[Stretch, ...]


def cycle_evidence(cycles: Cycles, compared: Comparison) -> NDArray[np.float64]:
    """Evidence for each cycle and its mean over the two cycles on either side, shape (cycles, n).

    To what the posteriors say of a cycle comes how far its S1 and S2 stand out of its systole and diastole (dB): the network
    may hear beats in noise, but they do not stand out.
    """
    count = len(EVIDENCE) + 2
    evidence = np.empty((len(cycles), 2 * count))
    if not len(cycles):
        return evidence
    own, around = evidence[:, :count], evidence[:, count:]
    own[:, :-2], own[:, -2:] = cycles.evidence, compared["sounds_stand_out"]
    padded = np.concatenate([own[:1], own[:1], own, own[-1:], own[-1:]])
    np.add(padded[:-4], padded[1:-3], out=around)
    for stretch in (padded[2:-2], padded[3:-1], padded[4:]):
        around += stretch
    around /= 5.0
    return evidence


def cycle_confidence(cycles: Cycles, compared: Comparison, model: LinearModel) -> NDArray[np.float64]:
    """Probability that each cycle's S1 and S2 are right."""
    evidence = cycle_evidence(cycles, compared)
    confidence = np.empty(len(cycles))
    for first in range(0, len(cycles), STRETCH):
        stretch = slice(first, first + STRETCH)
        confidence[stretch] = model.probabilities(evidence[stretch])[:, 0]
    return confidence


def interrupted_cycles(measurement: Measurement) -> Mask:
    """Tell which cycles are none, since contact was lost in them, shape (cycles,).

    They hold a second of silence, or two that are far quieter than the loudest that they touch: a pause is not as quiet.
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
    """Judge a recording; return its quality and which cycles are trusted, shape (cycles,)."""
    bounds_s, seconds = measurement.cycles.bounds_s, measurement.seconds
    trusted = (confidence >= settings.least_confidence) & (measurement.spike_share <= SPIKED_CYCLE) & ~interrupted
    length_s = np.where(interrupted, 0.0, bounds_s[:, 4] - bounds_s[:, 0])
    start_s = measurement.start_s
    index = float(min((length_s * confidence).sum() / (measurement.duration_s - start_s), 1.0))

    n = seconds.level_db.shape[0]
    covered = np.zeros(n, dtype=bool)
    for s1_s, end_s in (bounds_s[trusted][:, [0, 4]] - start_s).tolist():
        covered[max(int(s1_s), 0) : int(end_s) + 1] = True
    # where no beat is, the loudest second speaks; of silence, −inf
    usual = float(median(seconds.level_db[covered]) if covered.any() else seconds.level_db.max(initial=-np.inf))
    lost = ((seconds.silent > 0.5) | (seconds.level_db < usual - LOST_DB)) & ~covered
    noisy = ~(covered | lost)
    trusted_cycles = int(trusted.sum())
    readable = trusted_cycles >= settings.least_cycles and index >= settings.least_quality
    reasons = []
    if measurement.clipped_fraction >= CLIPPED:
        reasons.append("clipped")
    lost_fraction = int(np.count_nonzero(lost)) / n if n else 0.0
    if lost_fraction > 0.1:
        reasons.append("contact lost")
    if np.count_nonzero(noisy) > 0.5 * n:
        reasons.append("noisy" if np.any(confidence > HEARTBEAT) else "no heartbeat")
    if not readable and not reasons:
        reasons.append("too short" if measurement.duration_s - start_s < 2.0 * settings.least_cycles else "noisy")
    quality = Quality(
        index=index,
        reasons=tuple(reasons),
        readable=readable,
        trusted_cycles=trusted_cycles,
        cycle_confidence=float(confidence.sum()) / confidence.size if confidence.size else None,
        clipped_fraction=measurement.clipped_fraction,
        spiked_fraction=float(seconds.spike_share.sum()) / n if n else 0.0,
        lost_fraction=lost_fraction,
        stretches=_stretches((LOST * lost + NOISY * noisy).tolist(), start_s, measurement.duration_s),
    )
    return quality, trusted


def _stretches(kinds: list[int], start_s: float, end_s: float) -> tuple[Stretch, ...]:
    """Join seconds of one kind; the last lasts until the end."""
    starts = [second for second, kind in enumerate(kinds) if second == 0 or kind != kinds[second - 1]]
    ends = [*(start_s + second for second in starts[1:]), end_s]
    return tuple(Stretch(start_s + start, end, KINDS[kinds[start]]) for start, end in zip(starts, ends, strict=False))
