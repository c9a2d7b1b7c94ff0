"""The metrics of segmentation, defined once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Intervals = Sequence[tuple[float, float, int]]


@dataclass
class OnsetScore:
    """Pooled counts of onsets found, missed and invented, and the errors of those found."""

    hits: int = 0
    misses: int = 0
    false_alarms: int = 0
    errors_s: list[float] = field(default_factory=list)

    def add(self, other: OnsetScore) -> None:
        """Pool another recording's counts."""
        self.hits += other.hits
        self.misses += other.misses
        self.false_alarms += other.false_alarms
        self.errors_s += other.errors_s

    @property
    def sensitivity(self) -> float:
        """Share of labelled onsets that were found."""
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def positive_predictivity(self) -> float:
        """Share of found onsets that are labelled."""
        return self.hits / max(self.hits + self.false_alarms, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and positive predictivity."""
        return 2 * self.hits / max(2 * self.hits + self.misses + self.false_alarms, 1)


def match_onsets(found_s: Array, true_s: Array, tolerance_s: float) -> list[tuple[int, int]]:
    """Match one to one within the tolerance, nearest pairs first; return pairs of indices (found, true)."""
    pairs = []
    for j, t in enumerate(true_s):
        for i in range(int(np.searchsorted(found_s, t - tolerance_s)), found_s.size):
            if found_s[i] > t + tolerance_s:
                break
            pairs.append((abs(float(found_s[i] - t)), i, j))
    found_for: dict[int, int] = {}
    true_for: dict[int, int] = {}
    for _, i, j in sorted(pairs):
        if i not in true_for and j not in found_for:
            true_for[i], found_for[j] = j, i
    return list(true_for.items())


def labelled_spans(labels: Intervals) -> list[tuple[float, float]]:
    """Return the spans that labels cover without a gap, in order."""
    spans: list[list[float]] = []
    for start, end, _ in sorted(labels):
        if spans and start <= spans[-1][1] + 1e-3:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    return [(a, b) for a, b in spans]


def _labelled_onsets_s(labels: Intervals, state: int) -> Array:
    return np.array(sorted({start for start, _, s in labels if s == state}), dtype=np.float64)


def score_onsets(found_s: Array, labels: Intervals, state: int, tolerance_s: float = 0.06) -> OnsetScore:
    """Score one recording's onsets of `state` (1 for S1, 3 for S2) inside the labelled spans.

    A found onset outside the spans is not judged, and an unmatched one within the tolerance of a span's edge is no false
    alarm. A labelled onset at the beginning of a span counts only for an S1 or S2: otherwise the labels begin there, not a
    state.
    """
    found_s, true_s = np.sort(np.asarray(found_s, dtype=np.float64)), _labelled_onsets_s(labels, state)
    matched = match_onsets(found_s, true_s, tolerance_s)
    unmatched = np.delete(found_s, [i for i, _ in matched])
    spans = labelled_spans(labels)
    return OnsetScore(
        hits=len(matched),
        misses=true_s.size - len(matched),
        false_alarms=sum(any(a + tolerance_s <= t <= b - tolerance_s for a, b in spans) for t in unmatched),
        errors_s=[float(found_s[i] - true_s[j]) for i, j in matched],
    )


def right_cycles(
    s1_s: Array, s2_s: Array, end_s: Array, labels: Intervals, tolerance_s: float = 0.06
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which cycles lie in labelled spans, by index, and of each whether its S1 and S2 are where the labels say."""
    judged = np.zeros(s1_s.size, dtype=bool)
    for first_s, last_s in labelled_spans(labels):
        judged |= (s1_s >= first_s) & (end_s <= last_s)
    right = np.ones(s1_s.size, dtype=bool)
    for found_s, state in ((s1_s, 1), (s2_s, 3)):
        hit = np.zeros(s1_s.size, dtype=bool)
        hit[[i for i, _ in match_onsets(found_s, _labelled_onsets_s(labels, state), tolerance_s)]] = True
        right &= hit
    index = np.flatnonzero(judged)
    return index, right[index]
