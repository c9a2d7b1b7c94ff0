"""What every stage of the stream has in common."""

from __future__ import annotations

from typing import Protocol, TypeVar

Rows_contra = TypeVar("Rows_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Stage(Protocol[Rows_contra, Result_co]):
    """One step from samples to states: rows in, rows out, with identical results for any block size.

    Row numbers lie on an absolute grid, and every result has a bounded context in time. Whatever a stage needs of earlier
    blocks it holds itself.
    """

    def push(self, rows: Rows_contra, last: bool = False) -> Result_co:
        """Take the next rows; return what is settled, after the last rows all that is left."""
