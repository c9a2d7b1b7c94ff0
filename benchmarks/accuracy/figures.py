"""Figures with their intervals: a bootstrap by patient, areas under curves, agreement, and calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "NOTHING",
    "Array",
    "Figure",
    "balanced_accuracy",
    "bootstrap",
    "bootstrap_auroc",
    "bootstrap_sums",
    "calibration",
    "draws",
    "interval",
    "quadratic_kappa",
    "ratio",
    "share",
    "weighted_auroc",
    "wilson",
]

T = TypeVar("T")
Array = NDArray[np.float64]

RESAMPLES = 500
#: A recalibration line steeper than this is one through classes that do not overlap: it has no slope.
STEEPEST = 10.0
#: Draws from the probabilities themselves, to learn what error chance alone gives.
CHANCE_DRAWS = 200


@dataclass(frozen=True)
class Figure:
    """A figure, its 95 % interval, and how many groups (patients) it rests on."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n})"


#: Of nobody.
NOTHING = Figure(np.nan, np.nan, np.nan, 0)


def interval(value: ArrayLike, resampled: ArrayLike, n: int) -> Figure:
    """A figure with the 95 % interval of its resamples; those that could not be computed are left out."""
    values = np.asarray(resampled, dtype=np.float64)
    values = values[np.isfinite(values)]
    low, high = np.quantile(values, [0.025, 0.975]) if values.size else (np.nan, np.nan)
    return Figure(float(np.asarray(value)), float(low), float(high), n)


@lru_cache(maxsize=16)
def draws(groups: int, seed: int = 0) -> Array:
    """How often each of one or more groups comes in each resample, shape (resamples, groups), not to be written to."""
    rng = np.random.default_rng(seed)
    drawn = [np.bincount(rng.integers(groups, size=groups), minlength=groups) for _ in range(RESAMPLES)]
    counts = np.array(drawn, dtype=np.float64)
    counts.flags.writeable = False
    return counts


def bootstrap(groups: Sequence[Sequence[T]], figure: Callable[[list[T]], float], seed: int = 0) -> Figure:
    """Compute `figure` over all items, and its interval by resampling the groups (patients) that they come in."""
    values = [
        figure([item for group, times in zip(groups, counts, strict=True) for item in [*group] * int(times)])
        for counts in draws(len(groups), seed)
    ]
    return interval(figure([item for group in groups for item in group]), values, len(groups))


def bootstrap_sums(counts: ArrayLike, figure: Callable[[Array], Array], seed: int = 0) -> Figure:
    """The same for a figure of counts that add up over groups: fast, all resamples at once.

    Parameters
    ----------
    counts : array_like, shape (groups, ...)
        What each group counts.
    figure : callable
        From summed counts, shape (resamples, ...) or (1, ...), to figures, one for each.
    seed : int
        Of the resampling; the same seed draws the same groups, hence differences between two figures are paired.
    """
    table = np.asarray(counts, dtype=np.float64)
    if not table.shape[0]:
        return NOTHING
    summed = np.tensordot(draws(table.shape[0], seed), table, axes=1)
    return interval(figure(table.sum(axis=0, keepdims=True))[0], figure(summed), table.shape[0])


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    above, below = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    shares: Array = np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0)
    return shares


def weighted_auroc(score: ArrayLike, positive: ArrayLike, weights: ArrayLike) -> Array:
    """Area under the ROC curve for each row of weights, (..., n) to (...), ties counted half; NaN without both classes."""
    scores, truth = np.asarray(score, dtype=np.float64), np.asarray(positive, dtype=bool)
    order = np.argsort(scores, kind="stable")
    scores, truth, weight = scores[order], truth[order], np.asarray(weights, dtype=np.float64)[..., order]
    if not scores.size:
        return np.full(weight.shape[:-1], np.nan)
    starts = np.flatnonzero(np.r_[True, scores[1:] != scores[:-1]])
    up = np.add.reduceat(weight * truth, starts, axis=-1)
    down = np.add.reduceat(weight * ~truth, starts, axis=-1)
    below = np.cumsum(down, axis=-1) - 0.5 * down
    return ratio((up * below).sum(axis=-1), up.sum(axis=-1) * down.sum(axis=-1))


def bootstrap_auroc(group: Sequence[Any], score: Sequence[float], positive: Sequence[bool], seed: int = 0) -> Figure:
    """AUROC over items; `group` names the patient of each, by whom its interval is resampled."""
    if not len(score):
        return NOTHING
    names, index = np.unique(np.asarray(group), return_inverse=True)
    value = weighted_auroc(score, positive, np.ones(len(score)))
    return interval(value, weighted_auroc(score, positive, draws(names.size, seed)[:, index]), names.size)


def quadratic_kappa(confusion: Array) -> Array:
    """Cohen's kappa with quadratic weights from counts (..., true, found); NaN where all are alike."""
    classes = np.arange(confusion.shape[-1])
    weight = (classes[:, None] - classes[None, :]) ** 2
    true, found = confusion.sum(axis=-1), confusion.sum(axis=-2)
    by_chance = (true[..., :, None] * found[..., None, :] * weight).sum(axis=(-2, -1))
    kappa: Array = 1.0 - ratio((confusion * weight).sum(axis=(-2, -1)) * confusion.sum(axis=(-2, -1)), by_chance)
    return kappa


def balanced_accuracy(confusion: Array) -> Array:
    """Mean over the true classes of the share found, from counts (..., true, found)."""
    found = ratio(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1))
    there = np.isfinite(found)
    return ratio(np.where(there, found, 0.0).sum(axis=-1), there.sum(axis=-1))


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); anything where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    z = 1.959964
    share = hits / trials
    middle = share + z * z / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(float((middle - half) / scale), 0.0), min(float((middle + half) / scale), 1.0)


def share(found: Sequence[bool]) -> Figure:
    """Share of independent trials (one for each patient) and its Wilson interval, which is honest at 0 and 1, too."""
    low, high = wilson(sum(found), len(found))
    return Figure(sum(found) / len(found) if found else np.nan, low, high, len(found))


def calibration(
    probability: Sequence[float], truth: Sequence[bool], bins: int = 8, group: Sequence[Any] | None = None
) -> dict[str, Any]:
    """Slope and intercept of the recalibration line in log odds, and the expected calibration error.

    The error, over bins of equal count, is corrected for what sampling alone gives: the mean error of outcomes drawn from
    the probabilities themselves is taken off. `group` names the patient of each item, by whom the slope's interval is
    resampled; each its own where it is missing.
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), 1e-4, 1 - 1e-4)
    y = np.asarray(truth, dtype=np.float64)
    if not p.size or y.min() == y.max():
        return {"slope": NOTHING, "intercept": np.nan, "error": np.nan}
    names, index = np.unique(np.arange(p.size) if group is None else np.asarray(group), return_inverse=True)
    x = np.log(p / (1 - p))
    line = _recalibration_line(x, y, np.ones(p.size))
    slopes = [_recalibration_line(x, y, weights[index], line)[0] for weights in draws(names.size)]
    return {
        "slope": interval(line[0], slopes, names.size),
        "intercept": float(line[1]),
        "error": _corrected_error(p, y, bins),
    }


def _recalibration_line(x: Array, y: Array, weights: Array, start: Array | None = None) -> Array:
    """Slope and intercept of a weighted logistic regression of one variable, by Newton's method.

    It starts from a flat line: from a slope of 1 it leaps away where sure probabilities are wrong.
    """
    line = np.zeros(2) if start is None else start
    columns = np.column_stack([x, np.ones_like(x)])
    for _ in range(50):
        q = 1 / (1 + np.exp(-np.clip(columns @ line, -50, 50)))
        hessian = columns.T @ (columns * (weights * q * (1 - q))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, columns.T @ (weights * (y - q)))
        line = line + step
        if np.abs(line).max() > STEEPEST:
            return np.array([np.nan, np.nan])
        if np.abs(step).max() < 1e-6:
            break
    return line


def _corrected_error(p: Array, y: Array, bins: int) -> float:
    order = np.argsort(p, kind="stable")
    p, y = p[order], y[order]
    edges = np.r_[0, np.cumsum([part.size for part in np.array_split(p, min(bins, p.size))])[:-1]]

    def error(outcomes: Array) -> Array:
        """Of each row of outcomes."""
        total: Array = np.abs(np.add.reduceat(outcomes - p, edges, axis=-1)).sum(axis=-1) / p.size
        return total

    rng = np.random.default_rng(0)
    by_chance = np.mean([error((rng.random(p.size) < p).astype(np.float64)) for _ in range(CHANCE_DRAWS)])
    return max(float(error(y)) - float(by_chance), 0.0)
