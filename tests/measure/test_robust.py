"""Medians and quantiles are numpy's."""

import numpy as np
import pytest

from murmur.measure.robust import median, quantile_of_sorted


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 41])
@pytest.mark.parametrize("columns", [(), (5,), (3, 4)])
def test_they_are_numpys(rows, columns):
    values = np.random.default_rng(rows).standard_normal((rows, *columns))
    np.testing.assert_allclose(median(values), np.median(values, axis=0), rtol=1e-12)
    for share in (0.0, 0.2, 0.5, 0.8, 1.0):
        np.testing.assert_allclose(
            quantile_of_sorted(np.sort(values, axis=0), share), np.quantile(values, share, axis=0), rtol=1e-12, atol=1e-15
        )
