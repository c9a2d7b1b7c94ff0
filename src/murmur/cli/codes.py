"""Exit codes, and which errors lead to which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from murmur.errors import MurmurError

#: All done; some inputs failed; wrong usage; stopped by a signal, whose number is added.
DONE, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 128


class InputFailed(Exception):  # noqa: N818
    """The command was right and its input is not: the exit code is SOME_FAILED."""


@contextmanager
def failures_of_input() -> Iterator[None]:
    """Take errors of murmur in this block for those of an input."""
    try:
        yield
    except MurmurError as error:
        raise InputFailed(str(error)) from error
