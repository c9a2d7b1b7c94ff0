"""Records of columns of equal length, and buffers to which rows are appended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from murmur.signal.stream_buffer import StreamBuffer


class Columns:
    """Base of frozen dataclasses whose fields are arrays of equal length, or such dataclasses themselves."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @classmethod
    def none(cls) -> Self:
        """No rows, with the right shapes."""
        raise NotImplementedError

    def arrays(self) -> list[NDArray[Any]]:
        """Every column."""
        parts = [getattr(self, name) for name in self.__dataclass_fields__]
        return [array for part in parts for array in (part.arrays() if isinstance(part, Columns) else [part])]

    def replaced(self, arrays: Iterator[NDArray[Any]]) -> Self:
        """A record of the same form with other columns, in the order of `arrays`."""
        parts = [getattr(self, name) for name in self.__dataclass_fields__]
        return type(self)(*(part.replaced(arrays) if isinstance(part, Columns) else next(arrays) for part in parts))

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.__dataclass_fields__))))

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Self:
        return self.replaced(array[rows] for array in self.arrays())

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Parts one after another; no rows if there are none."""
        buffer = ColumnBuffer(cls)
        for part in parts:
            buffer.append(part)
        return buffer.whole()


Kind = TypeVar("Kind", bound=Columns)


class ColumnBuffer(Generic[Kind]):
    """Columns that rows are appended to as they come.

    Each column is one array that grows. A list of parts would need as much memory again when it is joined, and for a day in
    small blocks a million small arrays, which take more memory than what is in them.
    """

    def __init__(self, kind: type[Kind]) -> None:
        self._kind = kind
        self._first: Kind | None = None
        self._buffers: list[StreamBuffer] = []

    def append(self, rows: Kind) -> None:
        """Add rows, which belong to the buffer from now on."""
        if self._first is None:
            self._first = rows  # of most recordings all there are
            return
        for buffer, column in zip(self._grown(), rows.arrays(), strict=True):
            buffer.append(column)

    def drop(self, count: int) -> None:
        """Drop so many of the first rows."""
        for buffer in self._grown():
            buffer.drop_before(buffer.first + count)

    def whole(self) -> Kind:
        """All rows that are held."""
        if self._buffers:
            return cast("Kind", self._first).replaced(buffer.held for buffer in self._buffers)
        return self._kind.none() if self._first is None else self._first

    def _grown(self) -> list[StreamBuffer]:
        """A buffer for each column."""
        if self._first is not None and not self._buffers:
            self._buffers = [StreamBuffer.of(column) for column in self._first.arrays()]
        return self._buffers
