"""``murmur report``: pages that people read, of a run or of recordings."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from murmur.errors import ParameterError
from murmur.settings import Settings

__all__ = ["report"]

DONE, SOME_FAILED = 0, 1


def report(options: argparse.Namespace, settings: Settings) -> int:
    """Write the pages, and say where they are."""
    from murmur.batch import gather
    from murmur.batch.store import STORE_NAME
    from murmur.report import write_reports

    of_run = len(options.paths) == 1 and os.path.isfile(os.path.join(options.paths[0], STORE_NAME))  # noqa: PTH113, PTH118
    source: Any = options.paths[0] if of_run else gather(options.paths, options.manifest)
    if of_run:
        _refuse_of_run(options)
    begin = time.monotonic()
    with _Bar(options.quiet) as bar:
        written = write_reports(
            source,
            options.output,
            patients=options.patient or None,
            jobs=options.jobs,
            settings=None if of_run else settings,
            models_dir=options.models,
            channel=options.channel,
            resume=options.resume,
            index_only=options.index_only,
            progress=bar.update,
        )
    for problem in written.problems:
        print(f"failed: {problem}", file=sys.stderr)
    if (more := written.failed + written.unread - len(written.problems)) > 0:
        print(f"failed: {more} more", file=sys.stderr)
    if not options.quiet:
        kept = f" ({written.kept} of them from before)" if written.kept else ""
        pages = "index" if options.index_only else f"{written.pages} page{'' if written.pages == 1 else 's'}{kept}"
        print(f"{pages} in {time.monotonic() - begin:.1f} s: {Path(written.place)}", file=sys.stderr)
    return SOME_FAILED if written.failed or written.unread else DONE


def _refuse_of_run(options: argparse.Namespace) -> None:
    """What a run has of its own can't be said again."""
    given = {"--manifest": options.manifest, "--channel": options.channel, "--set": options.changes or None}
    for name, value in given.items():
        if value is not None:
            raise ParameterError(
                f"{name}: {options.paths[0]} is a run, which has its own; run murmur analyze again to change it"
            )


class _Bar:
    """How many pages are written, where a person looks on."""

    def __init__(self, quiet: bool) -> None:
        self._wanted = not quiet and sys.stderr.isatty()
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, done: int, total: int) -> None:
        """Show it."""
        if not self._wanted or total < 2:
            return
        if self._progress is None:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), redirect_stdout=False)
            self._task = self._progress.add_task("writing pages", total=total)
            self._progress.start()
        self._progress.update(self._task, completed=done)
