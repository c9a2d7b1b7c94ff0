"""How far a run has come: a bar where a person looks at a terminal, else nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from murmur.batch import Progress

__all__ = ["Bar", "NoBar", "RichBar"]


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


class RichBar:
    """A bar on stderr with rate, time left, and what went wrong so far."""

    def __init__(self, total: int) -> None:
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
        self._task = self._progress.add_task("", total=total, rate="", trouble="")

    def __enter__(self) -> RichBar:
        self._progress.start()
        return self

    def __exit__(self, *ending: object) -> None:
        self._progress.stop()

    def update(self, progress: Progress) -> None:
        """Show it; the bar itself decides how often it is drawn."""
        trouble = [
            f"[yellow]{progress.unreadable} unreadable[/]" if progress.unreadable else "",
            f"[red]{progress.failed} failed[/]" if progress.failed else "",
        ]
        speed = self._progress.tasks[self._task].speed
        rate = f"{speed:.0f}/s" if speed else ""
        self._progress.update(self._task, completed=progress.done, rate=rate, trouble=" ".join(filter(None, trouble)))
