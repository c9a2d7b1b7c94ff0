"""How far a run has come: a bar where a person looks at a terminal, lines of JSON for a program, or nothing."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from murmur.batch import Progress

__all__ = ["Bar", "CountBar", "LineBar", "NoBar", "RichBar"]

#: Up to this many files are done before a bar would be of use.
FEW_FILES = 3
#: Lines of JSON come no more often than this, in seconds; the first and the last always do.
LINE_EVERY_S = 0.5


class Bar(Protocol):
    """What shows how far a run has come."""

    def __enter__(self) -> Bar: ...

    def __exit__(self, *ending: object) -> None: ...

    def update(self, progress: Progress) -> None:
        """Show it."""


class NoBar:
    """Shows nothing."""

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *ending: object) -> None:
        pass

    def update(self, progress: Progress) -> None:
        """Show nothing."""


class LineBar:
    """Lines of JSON on stderr, for a program that has started murmur: what `Progress` holds, and seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next_s = 0.0
        self._last: dict[str, Any] | None = None

    def __enter__(self) -> LineBar:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._last is not None:
            self._tell(self._last)

    def update(self, progress: Progress) -> None:
        """Tell it, if it is time."""
        seconds = time.monotonic() - self._began
        self._last = {**asdict(progress), "seconds": round(seconds, 3)}
        if seconds >= self._next_s:
            self._next_s = seconds + LINE_EVERY_S
            self._tell(self._last)
            self._last = None

    @staticmethod
    def _tell(line: dict[str, Any]) -> None:
        print(json.dumps(line), file=sys.stderr, flush=True)


class RichBar:
    """A bar on stderr with rate, time left, and what went wrong so far; of few files, none."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None
        self._kept = 0

    def __enter__(self) -> RichBar:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _start(self, progress: Progress) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._progress = RichProgress(
            TextColumn("[bold]analyzing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[trouble]}"),
            console=Console(stderr=True),
            redirect_stdout=False,  # data goes its own way
        )
        self._task = self._progress.add_task("", total=progress.total, completed=progress.kept, rate="", trouble="")
        self._progress.start()

    def update(self, progress: Progress) -> None:
        """Show it; the bar itself decides how often it is drawn."""
        if progress.total <= FEW_FILES:
            return
        if self._progress is None:
            self._start(progress)
        trouble = [
            f"[yellow]{progress.unreadable} unreadable[/]" if progress.unreadable else "",
            f"[red]{progress.failed} failed[/]" if progress.failed else "",
        ]
        speed = self._progress.tasks[self._task].speed
        rate = f"{speed:.0f}/s" if speed else ""
        self._progress.update(self._task, completed=progress.done, rate=rate, trouble=" ".join(filter(None, trouble)))


class CountBar:
    """A bar on stderr that counts things, with texts of its own beside it; drawn once something is told.

    Parameters
    ----------
    what : str
        What is being done.
    texts : str
        Names of what `update` is told beside the count.
    """

    def __init__(self, what: str, *texts: str) -> None:
        self._what, self._texts = what, texts
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> CountBar:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, done: int, total: int, **texts: str) -> None:
        """Show how far it has come."""
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn(f"[bold]{self._what}"),
                BarColumn(),
                MofNCompleteColumn(),
                *(TextColumn(f"{{task.fields[{name}]}}") for name in self._texts),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                redirect_stdout=False,  # data goes its own way
            )
            self._task = self._progress.add_task("", total=total, **dict.fromkeys(self._texts, ""))
            self._progress.start()
        self._progress.update(self._task, completed=done, **texts)
