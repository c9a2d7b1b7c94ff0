"""One vector in plain numbers is the same as many in arrays."""

import numpy as np
import pytest

from murmur.learned.linear import CLIP, LinearModel


@pytest.mark.parametrize("outputs", [1, 3])
def test_one_vector_is_treated_as_many_are(outputs):
    rng = np.random.default_rng(outputs)
    model = LinearModel(
        rng.normal(size=5), rng.uniform(0.5, 2.0, 5), rng.normal(size=(outputs, 5)), rng.normal(size=outputs)
    )
    features = rng.normal(size=(20, 5))
    features[0, 1] = 100.0  # beyond what is heeded
    for row, scores, shares in zip(features, model.scores(features), model.probabilities(features), strict=True):
        np.testing.assert_allclose(model.scores_of(row.tolist()), scores, atol=1e-12)
        np.testing.assert_allclose(model.probabilities_of(row.tolist()), shares, atol=1e-12)
    assert abs((100.0 - model.centre[1]) / model.scale[1]) > CLIP
