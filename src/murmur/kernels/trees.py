"""Averaged decision trees."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel


@kernel()
def average_trees(
    features: np.ndarray,
    roots: np.ndarray,
    tested: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    share: np.ndarray,
    out: np.ndarray,
) -> None:
    """Mean over the trees of the class shares in the leaf that `features` (n,) falls into; `out` (classes,).

    Nodes of all trees lie in one table, tree by tree from `roots`; a node goes left where feature `tested` is at most its
    `threshold`, and is a leaf where `left` is −1. `share` is (nodes, classes).
    """
    out[:] = 0.0
    for tree in range(roots.shape[0]):
        node = roots[tree]
        while left[node] >= 0:
            node = left[node] if features[tested[node]] <= threshold[node] else right[node]
        for c in range(out.shape[0]):
            out[c] += share[node, c]
    for c in range(out.shape[0]):
        out[c] /= roots.shape[0]
