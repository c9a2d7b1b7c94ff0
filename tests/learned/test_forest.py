"""The forest against walking its trees by hand."""

import numpy as np
import pytest

from murmur.learned.forest import Forest


def grow(rng, features, depth, classes, nodes):
    """Append a random tree to `nodes`, rows of (tested, threshold, left, right, share); return its root."""
    at = len(nodes)
    share = rng.dirichlet(np.ones(classes))
    nodes.append([int(rng.integers(features)), float(rng.normal()), -1, -1, share])
    if depth:
        nodes[at][2] = grow(rng, features, depth - 1 if rng.random() < 0.8 else 0, classes, nodes)
        nodes[at][3] = grow(rng, features, depth - 1, classes, nodes)
    return at


@pytest.fixture
def forest():
    rng = np.random.default_rng(3)
    nodes = []
    roots = [grow(rng, 5, 4, 3, nodes) for _ in range(7)]
    tested, threshold, left, right, share = zip(*nodes, strict=True)
    return Forest(
        roots=np.array(roots, dtype=np.int32),
        tested=np.array(tested, dtype=np.int32),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        threshold=np.array(threshold, dtype=np.float32),
        share=np.array(share, dtype=np.float32),
    )


def walk(forest, root, features):
    if forest.left[root] < 0:
        return forest.share[root]
    low = features[forest.tested[root]] <= forest.threshold[root]
    return walk(forest, forest.left[root] if low else forest.right[root], features)


def test_probabilities_are_the_mean_of_the_leaves(forest):
    rng = np.random.default_rng(4)
    for _ in range(50):
        features = rng.normal(size=5).astype(np.float32)
        wanted = np.mean([walk(forest, root, features) for root in forest.roots], axis=0)
        np.testing.assert_allclose(forest.probabilities(features), wanted, rtol=1e-5)


def test_nodes_that_point_outside_are_refused(forest):
    with pytest.raises(ValueError, match="outside"):
        Forest(
            forest.roots, forest.tested, forest.left + 10_000 * (forest.left >= 0), forest.right, forest.threshold,
            forest.share,
        )  # fmt: skip


def test_it_says_how_many_features_it_needs(forest):
    assert forest.features == forest.tested.max() + 1
