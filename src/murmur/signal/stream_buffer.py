"""A stretch of a stream, addressed by its place in the whole."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["StreamBuffer", "carry"]


def carry(held: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """The rows that follow what was held back of a stream, together with it; no copy where nothing was."""
    return np.concatenate([held, rows]) if held.shape[0] else rows


class StreamBuffer:
    """Rows of a stream from `first` on: appended at the end, dropped at the front when nobody needs them."""

    def __init__(self, *row_shape: int, dtype: Any = np.float32) -> None:
        self._rows: NDArray[Any] = np.empty((0, *row_shape), dtype=dtype)
        self._used = 0
        self.first = 0

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Self:
        """Begin with rows, which are the track's from now on."""
        track = cls()
        track.append(rows)
        return track

    @property
    def end(self) -> int:
        """One past the last row's number."""
        return self.first + self._used

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows, which are the track's from now on; the storage doubles when it is full."""
        if self._used == 0:
            self._rows, self._used = rows, rows.shape[0]
            return
        needed = self._used + rows.shape[0]
        if needed > self._rows.shape[0]:
            grown = np.empty((max(needed, 2 * self._rows.shape[0]), *self._rows.shape[1:]), dtype=self._rows.dtype)
            grown[: self._used] = self._rows[: self._used]
            self._rows = grown
        self._rows[self._used : needed] = rows
        self._used = needed

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Rows `start` to `stop` as numbered in the whole stream, as far as it goes; `start` must be held."""
        return self._rows[start - self.first : min(stop, self.end) - self.first]

    def drop_before(self, start: int) -> None:
        """Forget rows before `start`."""
        gone = min(start, self.end) - self.first
        if gone > 0:
            self._rows[: self._used - gone] = self._rows[gone : self._used].copy()
            self._used -= gone
            self.first += gone
