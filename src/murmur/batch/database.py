"""SQLite as murmur uses it: transactions begun by hand, errors with a remedy, and file names that are not text."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from murmur.errors import OutputError


def connect(path: str) -> sqlite3.Connection:
    """Open a database; "" is a temporary one, in memory as long as it is small."""
    database = sqlite3.connect(path, isolation_level=None)
    database.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    return database


def text(count: int) -> str:
    """Placeholders for `count` texts that are given as `os.fsencode` makes them: a file's name need not be UTF-8."""
    return ", ".join(["CAST(? AS TEXT)"] * count)


def placeholders(count: int) -> str:
    """Placeholders for `count` values."""
    return ", ".join("?" * count)


class Database:
    """A connection whose errors name the database and a remedy.

    Parameters
    ----------
    path : str
        "" for a temporary one.
    label : str
        Its name in messages.

    Raises
    ------
    OutputError
        From any method, if the database can't be read or written.
    """

    def __init__(self, path: str, label: str) -> None:
        self.label = label
        with self.errors():
            self._connection = connect(path)

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into an `OutputError` with a remedy."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise OutputError(f"{self.label}: {error}: {_remedy(str(error))}") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all of what is done inside, or nothing."""
        with self.errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    def run(self, script: str) -> None:
        """Run statements."""
        with self.errors():
            self._connection.executescript(script)

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query."""
        with self.errors():
            yield from self._connection.execute(query, values)

    def value(self, query: str) -> Any:
        """Return the single value of a query."""
        return next(self.rows(query))[0]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _remedy(reason: str) -> str:
    if "full" in reason or "disk I/O" in reason:
        return "free some space and run the same command again: all results in it are kept"
    if "locked" in reason:
        return "another program is writing to it; close that and run the same command again"
    if "not a database" in reason or "malformed" in reason:
        return "it is damaged, or was not written by murmur; start over with --no-resume"
    return "is the folder writable?"
