"""Medians and quantiles over the rows of small arrays, where numpy's own spend most of their time on generality."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["median", "median_columns", "quantile"]


def median(rows: NDArray[np.floating[Any]]) -> NDArray[Any]:
    """Median over the first axis, of one row or more without NaN, as `numpy.median` with ``axis=0``."""
    ordered = np.sort(rows, axis=0)
    n = ordered.shape[0]
    middle: NDArray[Any] = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
    return middle


def median_columns(**columns: NDArray[np.floating[Any]]) -> dict[str, NDArray[Any]]:
    """Median over the first axis of several arrays of as many rows, of one or two axes, sorted together."""
    wide = {name: column.reshape(column.shape[0], -1) for name, column in columns.items()}
    medians = median(np.concatenate(list(wide.values()), axis=1))
    edges = np.cumsum([0, *(column.shape[1] for column in wide.values())]).tolist()
    return {name: medians[first:last] for name, first, last in zip(wide, edges[:-1], edges[1:], strict=True)}


def quantile(rows: NDArray[np.floating[Any]], share: float) -> NDArray[Any]:
    """Quantile over the first axis, as `numpy.quantile` with ``axis=0`` (Hyndman and Fan 1996, type 7)."""
    ordered = np.sort(rows, axis=0)
    place = share * (ordered.shape[0] - 1)
    low = int(place)
    high = min(low + 1, ordered.shape[0] - 1)
    between: NDArray[Any] = ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return between
