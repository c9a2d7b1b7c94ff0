"""Records of equal-length columns, one row for each heart cycle, that can be put one after another."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns"]


class Columns:
    """Base of frozen dataclasses whose fields are arrays with one row for each cycle."""

    __slots__ = ()

    @classmethod
    def none(cls) -> Self:
        """No rows, with the right shapes."""
        raise TypeError(f"{cls.__name__} has no empty form")

    def _arrays(self) -> list[NDArray[Any]]:
        return [getattr(self, f.name) for f in fields(cast("Any", self))]

    def __len__(self) -> int:
        first = next(iter(cast("Any", self).__dataclass_fields__))
        return int(getattr(self, first).shape[0])

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """One after another; of no parts, none."""
        if len(parts) == 1:
            return parts[0]
        columns = zip(*(part._arrays() for part in [cls.none(), *parts]), strict=True)
        return cls(*(np.concatenate(column) for column in columns))
