"""Figures with their bootstrap intervals, resampled by patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

__all__ = ["Figure", "bootstrap", "calibration"]

T = TypeVar("T")

RESAMPLES = 500


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n})"


def bootstrap(groups: Sequence[Sequence[T]], figure: Callable[[list[T]], float], seed: int = 0) -> Figure:
    """Compute `figure` over all items, and its interval by resampling the groups (patients) that they come in."""
    rng = np.random.default_rng(seed)
    everything = [item for group in groups for item in group]
    values = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(len(groups), size=len(groups))
        values.append(figure([item for g in chosen for item in groups[g]]))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Figure(float(figure(everything)), float(low), float(high), len(groups))


def calibration(probability: Sequence[float], truth: Sequence[bool], bins: int = 8) -> dict[str, Any]:
    """Slope and intercept of the recalibration line in log odds, and the expected calibration error.

    The error, over bins of equal count, is corrected for what sampling alone gives: the mean error of outcomes drawn from
    the probabilities themselves is taken off.
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), 1e-4, 1 - 1e-4)
    y = np.asarray(truth, dtype=np.float64)
    x = np.log(p / (1 - p))
    slope, intercept = 1.0, 0.0
    for _ in range(50):  # Newton's method for a logistic regression of one variable
        q = 1 / (1 + np.exp(-(slope * x + intercept)))
        w = q * (1 - q)
        gradient = np.array([np.sum((y - q) * x), np.sum(y - q)])
        hessian = np.array([[np.sum(w * x * x), np.sum(w * x)], [np.sum(w * x), np.sum(w)]]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        slope, intercept = slope + step[0], intercept + step[1]

    def error(outcome: np.ndarray) -> float:
        order = np.array_split(np.argsort(p), bins)
        return float(sum(abs(p[o].mean() - outcome[o].mean()) * o.size for o in order) / p.size)

    rng = np.random.default_rng(0)
    by_chance = np.mean([error((rng.random(p.size) < p).astype(float)) for _ in range(200)])
    return {"slope": float(slope), "intercept": float(intercept), "error": max(error(y) - float(by_chance), 0.0)}
