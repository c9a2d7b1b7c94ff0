"""How long S1, systole, S2 and diastole last at each heart rate, as tables for the decoder."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.learned.network import FRAMES_PER_STEP
from murmur.settings import FRAME_RATE_HZ

__all__ = ["CYCLE_S", "DurationModel", "DurationTables", "fit_durations"]

Table = NDArray[np.float64]

#: Cycle length of each rate class: 222 to 37 beats per minute, each 1.29 times the one before. With spreads as wide as the
#: steps, thirteen classes decode no better than these eight.
CYCLE_S: Table = 0.27 * 1.29 ** np.arange(8.0)
#: Within a recording systole varies less than between children of one heart rate.
WITHIN_SHARE = 0.5
DIASTOLE_DEVIATION = 0.12
#: The longest and shortest S1, systole, S2 and diastole; a diastole longer than its class allows (a pause) goes on at a
#: constant hazard.
LONGEST_S = (0.24, 0.56, 0.22, 1.3)
SHORTEST_S = (0.04, 0.05, 0.03, 0.05)
PAUSE_SHARE = 0.005
PAUSE_HAZARD_PER_S = 2.0
#: The decoder goes at the pace of the network that it listens to.
STEP_RATE_HZ = FRAME_RATE_HZ // FRAMES_PER_STEP
#: Share of durations spread evenly over a class's range: ectopic beats, fibrillation, a missed sound.
BROAD_SHARE = (0.01, 0.02, 0.01, 0.08)


@dataclass(frozen=True, slots=True, eq=False)
class DurationModel:
    """Mean of S1, systole and S2 as intercept + slope·cycle (s), and the spread about it; diastole is the rest.

    Attributes
    ----------
    intercept_s, slope, deviation_s : ndarray, shape (3,)
        For S1, systole and S2.
    diastole_deviation : float
        Spread of the diastole from beat to beat, as a share of the cycle.
    """

    intercept_s: Table
    slope: Table
    deviation_s: Table
    diastole_deviation: float

    def mean_s(self, cycle_s: float) -> Table:
        """Mean durations (4,) at a cycle length."""
        first = self.intercept_s + self.slope * cycle_s
        return np.append(first, cycle_s - first.sum())

    def systole_s(self, cycle_s: Table) -> tuple[Table, float]:
        """Mean of S1 and systole together at each cycle length, within the classes', and their standard deviation."""
        within = np.minimum(np.maximum(cycle_s, CYCLE_S[0]), CYCLE_S[-1])
        mean: Table = sum(self.intercept_s[:2].tolist()) + sum(self.slope[:2].tolist()) * within
        return mean, math.hypot(*self.deviation_s[:2].tolist())

    def deviations_s(self, cycle_s: float) -> Table:
        """Standard deviations (4,) at a cycle length."""
        return np.append(self.deviation_s, self.diastole_deviation * cycle_s)


def fit_durations(durations_s: Table) -> DurationModel:
    """Fit by least squares; `durations_s` has shape (cycles, 4)."""
    cycle = durations_s.sum(axis=1)
    keep = (cycle > CYCLE_S[0]) & (cycle < 1.6)
    durations_s, cycle = durations_s[keep], cycle[keep]
    design = np.column_stack([np.ones_like(cycle), cycle])
    solution = np.linalg.lstsq(design, durations_s[:, :3], rcond=None)[0]
    residual = durations_s[:, :3] - design @ solution
    spread = 1.4826 * np.median(np.abs(residual - np.median(residual, axis=0)), axis=0)
    return DurationModel(
        intercept_s=solution[0],
        slope=solution[1],
        deviation_s=np.maximum(WITHIN_SHARE * spread, 0.01),
        diastole_deviation=DIASTOLE_DEVIATION,
    )


@dataclass(frozen=True, slots=True, eq=False)
class DurationTables:
    """Log probabilities for `murmur.kernels.semi_markov`; axes (state, class, steps).

    `log_duration` (state, steps, class) is of a whole segment, from the class's shortest, `first` (whole numbers as
    float64), to its longest, `last`; `longest` is of all classes. `log_survival` is of one at least that long;
    `log_residual` of the rest of one that was under way when the recording began.
    """

    log_duration: Table
    log_survival: Table
    log_residual: Table
    log_tail: Table
    first: Table
    last: NDArray[np.int64]
    longest: NDArray[np.int64]
    transition: Table

    @classmethod
    def build(cls, model: DurationModel, class_change: float = 1.6) -> DurationTables:
        """Tabulate; `class_change` is the cost, in nats, of each step between rate classes."""
        longest = np.array([round(s * STEP_RATE_HZ) for s in LONGEST_S], dtype=np.int64)
        shortest = np.array([round(s * STEP_RATE_HZ) for s in SHORTEST_S], dtype=np.int64)
        hazard = PAUSE_HAZARD_PER_S / STEP_RATE_HZ
        n = int(longest.max()) + 1
        classes = CYCLE_S.size
        duration = np.arange(n)
        probability = np.zeros((4, classes, n))
        first = np.zeros((4, classes), dtype=np.int64)
        last = np.zeros((4, classes), dtype=np.int64)
        for c, cycle_s in enumerate(CYCLE_S):
            mean, deviation = model.mean_s(cycle_s), model.deviations_s(cycle_s)
            reach = np.append(4.0 * deviation[:3], max(4.0 * deviation[3], 0.5 * cycle_s))
            for s in range(4):
                middle = np.clip(mean[s], SHORTEST_S[s], LONGEST_S[s])
                first[s, c] = max(int((middle - reach[s]) * STEP_RATE_HZ), shortest[s])
                last[s, c] = min(int((middle + reach[s]) * STEP_RATE_HZ) + 1, longest[s])
                allowed = (duration >= first[s, c]) & (duration <= last[s, c])
                narrow = np.exp(-0.5 * ((duration / STEP_RATE_HZ - middle) / deviation[s]) ** 2) * allowed
                share = BROAD_SHARE[s]
                probability[s, c] = (1 - share) * narrow / narrow.sum() + share * allowed / allowed.sum()
        probability[3] *= 1.0 - PAUSE_SHARE
        survival = probability[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
        survival[3] += PAUSE_SHARE
        # the rest of a segment met at a random moment: P(rest = d) is proportional to P(duration >= d)
        residual = np.where(duration > 0, survival, 0.0)
        residual /= residual.sum(axis=2, keepdims=True)
        survival[3] *= duration <= last[3][:, None]  # beyond the table the pause counts step by step
        apart = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes)))
        transition = np.exp(-class_change * apart)
        transition /= transition.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            log_probability = np.log(probability)
            log_survival, log_residual = np.log(survival), np.log(residual)
        log_duration = np.full((4, int((last - first).max()) + 1, classes), -np.inf)
        for s, c in np.ndindex(4, classes):
            allowed = log_probability[s, c, first[s, c] : last[s, c] + 1]
            log_duration[s, : allowed.size, c] = allowed
        return cls(
            log_duration=log_duration,
            log_survival=log_survival,
            log_residual=log_residual,
            log_tail=np.log([PAUSE_SHARE, 1.0 - hazard, hazard]),
            first=first.astype(np.float64),
            last=last,
            longest=last.max(axis=1),
            transition=np.log(transition),
        )
