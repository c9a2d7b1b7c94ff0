"""Medians and quantiles over the rows of small arrays, where numpy's own spend most of their time on generality."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating[Any]]


def median(rows: Rows) -> NDArray[Any]:
    """Median over the first axis, of one row or more without NaN, as `numpy.median` with ``axis=0``."""
    return median_of_sorted(np.sort(rows, axis=0))


def median_of_sorted(rows: Rows) -> NDArray[Any]:
    """Median of sorted rows."""
    n = rows.shape[0]
    middle: NDArray[Any] = 0.5 * (rows[(n - 1) // 2] + rows[n // 2])
    return middle


def quantile_of_sorted(rows: Rows, share: float) -> NDArray[Any]:
    """Quantile of sorted rows, as `numpy.quantile` with ``axis=0`` (Hyndman and Fan 1996, type 7)."""
    index = share * (rows.shape[0] - 1)
    low = int(index)
    high = min(low + 1, rows.shape[0] - 1)
    between: NDArray[Any] = rows[low] + (index - low) * (rows[high] - rows[low])
    return between
