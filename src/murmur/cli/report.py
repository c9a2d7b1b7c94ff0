"""``murmur report``: pages that people read, of a run or of recordings."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from murmur.cli.codes import DONE, SOME_FAILED
from murmur.errors import ParameterError
from murmur.settings import Settings

__all__ = ["report"]


def report(options: argparse.Namespace, settings: Settings) -> int:
    """Write the pages, and say where they are."""
    from murmur.batch import gather
    from murmur.batch.store import STORE_NAME
    from murmur.cli.bars import CountBar
    from murmur.report import write_reports

    of_run = len(options.paths) == 1 and os.path.isfile(os.path.join(options.paths[0], STORE_NAME))  # noqa: PTH113, PTH118
    source: Any = options.paths[0] if of_run else gather(options.paths, options.manifest)
    if of_run:
        _refuse_of_run(options)
    begin = time.monotonic()
    shown = not options.quiet and sys.stderr.isatty()
    with CountBar("writing pages") as bar:
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
            progress=bar.update if shown else None,
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
