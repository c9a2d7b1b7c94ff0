"""Logistic regression, stored as arrays."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Standardized features are clipped to ± this: a value never seen in training should not decide alone.
CLIP = 3.5


def sigmoid(log_odds: float) -> float:
    """Probability from log odds."""
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -50.0), 50.0)))


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Standardize, clip, project; softmax over several classes or a sigmoid for one.

    Attributes
    ----------
    centre, scale : ndarray, shape (features,)
        Subtracted and divided by.
    weight : ndarray, shape (outputs, features)
        One row for each class, or one row for the positive class of two.
    bias : ndarray, shape (outputs,)
        Added.
    """

    centre: Array
    scale: Array
    weight: Array
    bias: Array

    def __post_init__(self) -> None:
        outputs, features = self.weight.shape
        if self.centre.shape != (features,) or self.scale.shape != (features,) or self.bias.shape != (outputs,):
            raise ValueError(f"arrays do not fit a linear model of {features} features and {outputs} outputs")

    def scores(self, features: Array) -> Array:
        """Log odds (one output) or unnormalised log probabilities; (…, features) to (…, outputs)."""
        z = features - self.centre
        z /= self.scale
        np.minimum(np.maximum(z, -CLIP, out=z), CLIP, out=z)
        scores: Array = z @ self.weight.T + self.bias
        return scores

    def scores_of(self, features: Sequence[float]) -> list[float]:
        """Scores of one vector, in plain Python: NumPy's calls would take longer than these few sums."""
        standard, rows = _plain(self)
        parts = zip(features, standard, strict=True)
        z = [min(max((value - centre) / scale, -CLIP), CLIP) for value, (centre, scale) in parts]
        return [bias + sum(map(operator.mul, weight, z)) for weight, bias in rows]

    def probabilities_of(self, features: Sequence[float]) -> list[float]:
        """Probabilities of one vector, in plain Python."""
        scores = self.scores_of(features)
        if len(scores) == 1:
            return [sigmoid(scores[0])]
        top = max(scores)
        exponent = [math.exp(score - top) for score in scores]
        total = sum(exponent)
        return [value / total for value in exponent]

    def probabilities(self, features: Array) -> Array:
        """Probability of the positive class, shape (…, 1), or of each class, shape (…, outputs)."""
        scores = self.scores(features)
        if scores.shape[-1] == 1:
            positive: Array = 1.0 / (1.0 + np.exp(-scores))
            return positive
        scores = scores - scores.max(axis=-1, keepdims=True)
        exponent = np.exp(scores)
        shares: Array = exponent / exponent.sum(axis=-1, keepdims=True)
        return shares


@lru_cache(maxsize=64)
def _plain(model: LinearModel) -> tuple[list[tuple[float, float]], list[tuple[list[float], float]]]:
    """Centre and scale of each feature, weights and bias of each output, as Python floats."""
    standard = zip(model.centre.tolist(), model.scale.tolist(), strict=True)
    return list(standard), list(zip(model.weight.tolist(), model.bias.tolist(), strict=True))
