"""Records of equal-length columns, one row for each heart cycle, and how they grow as cycles come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from murmur.signal.stream_buffer import StreamBuffer

__all__ = ["ColumnBuffer", "Columns"]


class Columns:
    """Base of frozen dataclasses whose fields are arrays with one row for each cycle."""

    __slots__ = ()

    @classmethod
    def none(cls) -> Self:
        """No rows, with the right shapes."""
        raise TypeError(f"{cls.__name__} has no empty form")

    def arrays(self) -> list[NDArray[Any]]:
        """Each column."""
        return [getattr(self, f.name) for f in fields(cast("Any", self))]

    def __len__(self) -> int:
        first = next(iter(cast("Any", self).__dataclass_fields__))
        return int(getattr(self, first).shape[0])

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Self:
        return type(self)(*(array[rows] for array in self.arrays()))

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """One after another; of no parts, none."""
        growing = ColumnBuffer(cls)
        for part in parts:
            growing.append(part)
        return growing.whole()


Kind = TypeVar("Kind", bound=Columns)


class ColumnBuffer(Generic[Kind]):
    """Columns that rows are added to as they come.

    Each column is one array that grows. A list of parts would take as much memory again when it is joined; and of a day in
    small blocks it would hold a million small arrays, which take more than what is in them.
    """

    def __init__(self, kind: type[Kind]) -> None:
        self._kind = kind
        self._first: Kind | None = None
        self._tracks: list[StreamBuffer] = []

    def append(self, rows: Kind) -> None:
        """Add rows, which are this one's from now on."""
        if self._first is None:
            self._first = rows  # of most recordings all there are
            return
        if not self._tracks:
            self._tracks = [StreamBuffer.of(column) for column in self._first.arrays()]
        for track, column in zip(self._tracks, rows.arrays(), strict=True):
            track.append(column)

    def drop(self, count: int) -> None:
        """Forget so many of the first rows that are held."""
        if self._first is not None and not self._tracks:
            self._tracks = [StreamBuffer.of(column) for column in self._first.arrays()]
        for track in self._tracks:
            track.drop_before(track.first + count)

    def whole(self) -> Kind:
        """All rows that are held."""
        if self._tracks:
            return self._kind(*(track.rows(track.first, track.end) for track in self._tracks))
        return self._kind.none() if self._first is None else self._first
