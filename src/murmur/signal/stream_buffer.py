"""The part of a stream that is still needed, addressed by row numbers of the whole stream."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


def prepend(waiting: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """Rows of a stream after those that waited for them; no copy where none did."""
    return np.concatenate([waiting, rows]) if waiting.shape[0] else rows


class StreamBuffer:
    """Rows of a stream from `first` to `end`: appended at the end, dropped at the front once nothing needs them."""

    def __init__(self, *row_shape: int, dtype: Any = np.float32) -> None:
        self._rows: NDArray[Any] = np.empty((0, *row_shape), dtype=dtype)
        self._used = 0
        self.first = 0

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Self:
        """Begin with rows, which belong to the buffer from now on."""
        buffer = cls()
        buffer.append(rows)
        return buffer

    @property
    def end(self) -> int:
        """One past the last row's number."""
        return self.first + self._used

    @property
    def held(self) -> NDArray[Any]:
        """All rows that are held."""
        return self._rows[: self._used]

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows, which belong to the buffer from now on; the storage doubles when it is full."""
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
        """Rows `start` to `stop`, as far as the stream goes; `start` must be held."""
        return self._rows[start - self.first : min(stop, self.end) - self.first]

    def drop_before(self, start: int) -> None:
        """Drop the rows before `start`."""
        dropped = min(start, self.end) - self.first
        if dropped > 0:
            self._rows[: self._used - dropped] = self._rows[dropped : self._used].copy()
            self._used -= dropped
            self.first += dropped
