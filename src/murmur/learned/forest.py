"""Forests of decision trees, stored as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.trees import Trees, average_trees


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Extremely randomised trees (Geurts et al., 2006, doi:10.1007/s10994-006-6226-1), averaged.

    Attributes
    ----------
    roots : ndarray of int32, shape (trees,)
        The first node of each tree.
    tested, left, right : ndarray of int32, shape (nodes,)
        The feature that a node tests and its two children; `left` is −1 in a leaf.
    threshold : ndarray of float32, shape (nodes,)
        A node goes left at or below it.
    share : ndarray of float32, shape (nodes, classes)
        Share of each class among the training recordings in a leaf.
    """

    roots: NDArray[np.int32]
    tested: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    share: NDArray[np.float32]

    def __post_init__(self) -> None:
        nodes = self.tested.shape[0]
        inner = self.left >= 0
        inside = [self.roots, self.left[inner], self.right[inner]]
        if any(part.size and (part.min() < 0 or part.max() >= nodes) for part in inside):
            raise ValueError("a node of the forest points outside it")

    @property
    def features(self) -> int:
        """Number of features that it needs at least."""
        return int(self.tested.max(initial=-1)) + 1

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each class, shape (classes,), from features of shape (n,)."""
        out = np.empty(self.share.shape[1])
        trees = Trees(self.roots, self.tested, self.left, self.right, self.threshold, self.share)
        average_trees(np.ascontiguousarray(features, dtype=np.float32), trees, out)
        return out
