"""How long S1, systole, S2 and diastole last at each heart rate, as tables for the decoder."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.semi_markov import DurationTables
from murmur.learned.network import FRAMES_PER_STEP
from murmur.settings import FRAME_RATE_HZ

Table = NDArray[np.float64]

#: Cycle length of each rate class: 222 to 37 beats per minute, each 1.29 times the one before. With spreads as wide as the
#: steps between them, thirteen classes decode no better than these eight.
CYCLE_S: Table = 0.27 * 1.29 ** np.arange(8.0)
#: Within a recording systole varies less than between children of one heart rate.
WITHIN_SHARE = 0.5
#: The longest and shortest S1, systole, S2 and diastole; a diastole longer than its class allows (a pause) goes on at a
#: constant hazard.
LONGEST_S = (0.24, 0.56, 0.22, 1.3)
SHORTEST_S = (0.04, 0.05, 0.03, 0.05)
PAUSE_SHARE = 0.005
PAUSE_HAZARD_PER_S = 2.0
#: The decoder takes the steps of the network.
STEP_RATE_HZ = FRAME_RATE_HZ // FRAMES_PER_STEP
#: Share of durations spread evenly over a class's range: ectopic beats, fibrillation, a missed sound.
BROAD_SHARE = (0.01, 0.02, 0.01, 0.08)


@dataclass(frozen=True, slots=True, eq=False)
class DurationModel:
    """Mean of S1, systole and S2 as intercept + slope·cycle (s), and the spread about it; diastole is the rest of the cycle.

    Attributes
    ----------
    intercept_s, slope, deviation_s : ndarray, shape (3,)
        For S1, systole and S2.
    diastole_deviation : float
        Spread of the diastole from cycle to cycle, as a share of the cycle.
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
        """Mean of S1 and systole together, from the shortest to the longest class's cycle, and their standard deviation."""
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
        diastole_deviation=0.12,
    )


def tabulate(model: DurationModel, class_change: float = 1.6) -> DurationTables:
    """Log probabilities for the decoder; `class_change` is the cost, in nats, of each step between rate classes."""
    shortest, longest, p = _duration_distributions(model)
    classes, steps = p.shape[1:]
    p[3] *= 1.0 - PAUSE_SHARE
    survival = p[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    survival[3] += PAUSE_SHARE
    # the rest of a segment met at a random moment: P(rest = d) is proportional to P(duration >= d)
    residual = np.where(np.arange(steps) > 0, survival, 0.0)
    residual /= residual.sum(axis=2, keepdims=True)
    survival[3] *= np.arange(steps) <= longest[3][:, None]  # beyond the table the pause counts step by step
    transition = np.exp(-class_change * np.abs(np.subtract.outer(np.arange(classes), np.arange(classes))))
    transition /= transition.sum(axis=1, keepdims=True)
    hazard = PAUSE_HAZARD_PER_S / STEP_RATE_HZ
    log_outlast, log_stay, log_end = np.log([PAUSE_SHARE, 1.0 - hazard, hazard]).tolist()
    with np.errstate(divide="ignore"):
        log_p, log_survival, log_residual = np.log(p), np.log(survival), np.log(residual)
    return DurationTables(
        log_p=from_shortest(log_p, shortest, longest),
        log_survival=log_survival,
        log_residual=log_residual,
        log_outlast=log_outlast,
        log_stay=log_stay,
        log_end=log_end,
        shortest=shortest,
        longest=longest,
        log_a=np.log(transition),
        log_pi=np.full((4, classes), -np.log(4 * classes)),
    )


def from_shortest(log_p: Table, shortest: NDArray[np.int64], longest: NDArray[np.int64]) -> Table:
    """Duration tables (4, classes, steps) as (4, durations, classes), each class from its shortest duration on."""
    out = np.full((4, int((longest - shortest).max()) + 1, log_p.shape[1]), -np.inf)
    for s, c in np.ndindex(*shortest.shape):
        allowed = log_p[s, c, shortest[s, c] : longest[s, c] + 1]
        out[s, : allowed.size, c] = allowed
    return out


def _duration_distributions(model: DurationModel) -> tuple[NDArray[np.int64], NDArray[np.int64], Table]:
    """Shortest and longest duration in steps, (4, classes), and the probability of each, (4, classes, steps)."""
    most, least = (np.array([round(s * STEP_RATE_HZ) for s in seconds]) for seconds in (LONGEST_S, SHORTEST_S))
    d = np.arange(most.max() + 1)
    shortest, longest = np.zeros((2, 4, CYCLE_S.size), dtype=np.int64)
    p = np.zeros((4, CYCLE_S.size, d.size))
    for c, cycle_s in enumerate(CYCLE_S):
        mean, deviation = np.clip(model.mean_s(cycle_s), SHORTEST_S, LONGEST_S), model.deviations_s(cycle_s)
        reach = np.append(4.0 * deviation[:3], max(4.0 * deviation[3], 0.5 * cycle_s))
        shortest[:, c] = np.maximum(((mean - reach) * STEP_RATE_HZ).astype(np.int64), least)
        longest[:, c] = np.minimum(((mean + reach) * STEP_RATE_HZ).astype(np.int64) + 1, most)
        allowed = (d >= shortest[:, c, None]) & (d <= longest[:, c, None])
        for s, share in enumerate(BROAD_SHARE):
            narrow = np.exp(-0.5 * ((d / STEP_RATE_HZ - mean[s]) / deviation[s]) ** 2) * allowed[s]
            p[s, c] = (1 - share) * narrow / narrow.sum() + share * allowed[s] / allowed[s].sum()
    return shortest, longest, p
