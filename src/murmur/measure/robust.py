"""Medians and quantiles over the rows of small arrays, where numpy's own spend most of their time on generality."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["median", "middle_of", "quantile_of"]

Rows = NDArray[np.floating[Any]]


def median(rows: Rows) -> NDArray[Any]:
    """Median over the first axis, of one row or more without NaN, as `numpy.median` with ``axis=0``."""
    return middle_of(np.sort(rows, axis=0))


def middle_of(ordered: Rows) -> NDArray[Any]:
    """Median of rows that are in order."""
    n = ordered.shape[0]
    middle: NDArray[Any] = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
    return middle


def quantile_of(ordered: Rows, share: float) -> NDArray[Any]:
    """Quantile of rows that are in order, as `numpy.quantile` with ``axis=0`` (Hyndman and Fan 1996, type 7)."""
    place = share * (ordered.shape[0] - 1)
    low = int(place)
    high = min(low + 1, ordered.shape[0] - 1)
    between: NDArray[Any] = ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return between
