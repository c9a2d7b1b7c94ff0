"""Averaged decision trees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import kernel


class Trees(NamedTuple):
    """All nodes of all trees in one table.

    Attributes
    ----------
    roots : int32, shape (trees,)
        The first node of each tree.
    tested, left, right : int32, shape (nodes,)
        The feature that a node tests and its two children; `left` is −1 in a leaf.
    threshold : float32, shape (nodes,)
        A node goes left at or below it.
    share : float32, shape (nodes, classes)
        Share of each class in a leaf.
    """

    roots: np.ndarray
    tested: np.ndarray
    left: np.ndarray
    right: np.ndarray
    threshold: np.ndarray
    share: np.ndarray


@kernel()
def average_trees(features: np.ndarray, trees: Trees, out: np.ndarray) -> None:
    """Mean over the trees of the class shares in the leaf reached.

    Parameters
    ----------
    features : float32, shape (features,)
    trees : Trees
    out : float64, shape (classes,), output
    """
    out[:] = 0.0
    for root in trees.roots:
        node = root
        while trees.left[node] >= 0:
            goes_left = features[trees.tested[node]] <= trees.threshold[node]
            node = trees.left[node] if goes_left else trees.right[node]
        for c in range(out.shape[0]):
            out[c] += trees.share[node, c]
    for c in range(out.shape[0]):
        out[c] /= trees.roots.shape[0]
