"""One column of a table: what its cells are, what they mean, and how to get them.

A table is a tuple of columns. Its rows, the first line of its CSV file, its types in SQLite and Parquet, its data dictionary
and its Data Package all derive from that tuple.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Cell = str | float | int | bool | None
Row = dict[str, Cell]
T_contra = TypeVar("T_contra", contravariant=True)

#: Decimals of a number, by its unit.
_DECIMALS = {"dB": 2, "ms": 1, "Hz": 1, "1/min": 1}


@dataclass(frozen=True, slots=True)
class Column(Generic[T_contra]):
    """One column of a table.

    Attributes
    ----------
    name : str
        As in the first line of the table.
    kind : type
        str, int, float or bool, which CSV spells ``true`` and ``false``; a cell of any kind may be empty.
    get : callable
        Takes what a row is about and returns the cell, or None for an empty one. In the table of cycles it takes an
        `Analysis` and returns the cells of all its cycles as an array.
    meaning : str
        One sentence for the data dictionary.
    unit : str
        Such as "s" or "dB"; empty if there is none.
    words : tuple of str
        All values that a cell may have, if they are fixed and not a sign's.
    sign : str
        The sign whose value the cells are, by its name in `murmur.findings.registry.SIGNS`.
    key : bool
        Whether the column is part of the table's primary key.
    decimals : int
        To which a float is rounded: by default 2 of dB, 1 of ms, Hz and 1/min, and 4 of all else.
    """

    name: str
    kind: type
    get: Callable[[T_contra], Any]
    meaning: str
    unit: str = ""
    words: tuple[str, ...] = ()
    sign: str = ""
    key: bool = False
    decimals: int = -1

    def __post_init__(self) -> None:
        if self.decimals < 0:
            object.__setattr__(self, "decimals", _DECIMALS.get(self.unit, 4))

    @property
    def choices(self) -> tuple[str, ...]:
        """All values that a cell may have, if they are fixed; a sign states those of its own."""
        if not self.sign:
            return self.words
        from murmur.findings.registry import SIGNS  # only here: a table is declared without loading what concludes

        return next(sign.choices for sign in SIGNS if sign.name == self.sign)

    def cell(self, of: T_contra) -> Cell:
        """Return the cell of one row: rounded if it is a float, None if it is not finite."""
        value: Cell = self.get(of)
        if not isinstance(value, float):
            return value
        return round(value, self.decimals) + 0.0 if math.isfinite(value) else None  # no "-0.0"


def row_of(columns: Iterable[Column[T_contra]], of: T_contra) -> Row:
    """Return the row about one thing, shape {column: cell}."""
    return {column.name: column.cell(of) for column in columns}


def kinds_of(columns: Iterable[Column[Any]]) -> dict[str, type]:
    """Return the names of columns, in their order, with the type of their cells."""
    return {column.name: column.kind for column in columns}
