"""Progress on stderr: a bar for people, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from murmur.batch import Progress

#: JSON lines come no more often than this, in seconds; the first and the last are always written.
LINE_EVERY_S = 0.5


class Bar(AbstractContextManager["Bar"]):
    """A bar with count, rate, time left and notes.

    Parameters
    ----------
    what : str
        What is being done.
    shown : bool
        Whether it is drawn at all.
    least : int
        Fewest things of which it is drawn.
    """

    def __init__(self, what: str, shown: bool = True, least: int = 1) -> None:
        self._what, self._shown, self._least = what, shown, least
        self._progress: Any = None
        self._task: Any = None

    def __exit__(self, *ending: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, done: int, total: int, *notes: str) -> None:
        """Show how far it has come; the bar itself decides how often it is drawn."""
        if not self._shown or total < self._least:
            return
        if self._progress is None:
            self._start(done, total)
        speed = self._progress.tasks[self._task].speed or 0.0
        rate = f"{speed:.0f}/s" if speed >= 1.0 else ""
        self._progress.update(self._task, completed=done, notes="  ".join(filter(None, [rate, *notes])))

    def _start(self, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn(f"[bold]{self._what}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[notes]}"),
            console=Console(stderr=True),
            redirect_stdout=False,  # data goes its own way
        )
        self._task = self._progress.add_task("", total=total, completed=done, notes="")
        self._progress.start()


class JsonLines(AbstractContextManager["JsonLines"]):
    """A line of JSON now and then: the fields of `Progress`, and seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next_s = 0.0
        self._last: dict[str, Any] | None = None

    def __exit__(self, *ending: object) -> None:
        if self._last is not None:
            self._print(self._last)

    def update(self, progress: Progress) -> None:
        """Print it, if it is time."""
        seconds = time.monotonic() - self._began
        self._last = {**asdict(progress), "seconds": round(seconds, 3)}
        if seconds >= self._next_s:
            self._next_s = seconds + LINE_EVERY_S
            self._print(self._last)
            self._last = None

    @staticmethod
    def _print(line: dict[str, Any]) -> None:
        print(json.dumps(line), file=sys.stderr, flush=True)
