"""SQLite as murmur uses it: transactions begun by hand, and file names that are no text."""

from __future__ import annotations

import sqlite3

__all__ = ["connect", "text"]


def connect(path: str) -> sqlite3.Connection:
    """Open a database; "" is one of its own that goes when it is closed, in memory as long as it is small."""
    database = sqlite3.connect(path, isolation_level=None)
    database.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    return database


def text(count: int) -> str:
    """Places for `count` texts that are given as `os.fsencode` makes them: a file's name need not be UTF-8."""
    return ", ".join(["CAST(? AS TEXT)"] * count)
