"""``murmur report``: HTML pages for people, of a run or of recordings."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from murmur.cli.arguments import ENGINE, add_shared, settings_of
from murmur.cli.codes import DONE, SOME_FAILED
from murmur.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write a page per patient, with plots and sound, and an index: of a run (murmur analyze -o OUT), or of recordings. "
        "A page needs no other file and no network. Needs murmur-pcg[report]."
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="OUT|PATH", help="output folder of a run; or recordings, as for analyze")
    add_shared(parser, "manifest")
    add("-o", "--output", metavar="TO", help="folder for the pages (OUT/report), or NAME.html for a single patient's page")
    add_shared(parser, "patients", "jobs")
    add("--index-only", action="store_true", help="write only the index")
    add_shared(parser, "resume", "quiet", *ENGINE)


def run(options: argparse.Namespace) -> int:
    """Write the pages; return the exit code."""
    from murmur.batch import gather
    from murmur.batch.store import STORE_NAME
    from murmur.cli.bars import Bar
    from murmur.report import write_reports

    settings = settings_of(options)
    of_run = len(options.paths) == 1 and os.path.isfile(os.path.join(options.paths[0], STORE_NAME))  # noqa: PTH113, PTH118
    source: Any = options.paths[0] if of_run else gather(options.paths, options.manifest)
    if of_run:
        _refuse_what_a_run_has(options)
    begin = time.monotonic()
    with Bar("writing pages", shown=not options.quiet and sys.stderr.isatty()) as bar:
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
        kept = f" ({written.kept} unchanged)" if written.kept else ""
        pages = "index" if options.index_only else f"{written.pages} page{'' if written.pages == 1 else 's'}{kept}"
        print(f"{pages} in {time.monotonic() - begin:.1f} s: {written.place}", file=sys.stderr)
    return SOME_FAILED if written.failed or written.unread else DONE


def _refuse_what_a_run_has(options: argparse.Namespace) -> None:
    given = {"--manifest": options.manifest, "--channel": options.channel, "--set": options.changes or None}
    for name, value in given.items():
        if value is not None:
            raise ParameterError(f"{name}: {options.paths[0]} is a run, which has its own; to change it, analyze again")
