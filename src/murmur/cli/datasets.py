"""``murmur datasets``: what there is, downloads, and manifests."""

from __future__ import annotations

import argparse
import signal
import sys
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from murmur.cli.bars import CountBar
from murmur.cli.codes import DONE, SOME_FAILED, STOPPED
from murmur.errors import DownloadError

if TYPE_CHECKING:
    from murmur.datasets.download import FetchProgress

__all__ = ["datasets"]

_WIDTH = 100
#: Of more things missing than this, only the number is told.
_TOLD = 10


def datasets(options: argparse.Namespace) -> int:
    """Run the action that was asked for; return the exit code."""
    actions = {None: _list, "get": _get, "manifest": _manifest}
    return actions[options.action](options)


def _list(options: argparse.Namespace) -> int:
    from murmur.datasets import about, names

    for name in names():
        of = about(name)
        print(f"{name}: {of.title}")
        size = f"{of.recordings} recordings, about {of.size_gb:g} GB: {of.holds}."
        for sentence in (f"{size[:1].upper()}{size[1:]}", of.where, f"Cite: {of.citation}."):
            print(textwrap.fill(sentence, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))
        print()
    return DONE


def _get(options: argparse.Namespace) -> int:
    from murmur.datasets import about, get

    of = about(options.name)
    if not options.quiet:
        for sentence in (f"{of.title}, {of.url}", f"Licence: {of.licence}.", f"Cite: {of.citation}."):
            print(sentence, file=sys.stderr)
    shown = options.progress and not options.quiet and sys.stderr.isatty()
    try:
        with CountBar("fetching", "size", "trouble") as bar:
            done = get(
                options.name,
                options.folder,
                mirror=options.mirror,
                only=options.only,
                jobs=options.jobs,
                progress=partial(_show, bar) if shown else None,
            )
    except DownloadError as error:
        print(f"murmur: {error}", file=sys.stderr)
        return SOME_FAILED
    except KeyboardInterrupt:
        print("murmur: stopped; the same command goes on from there", file=sys.stderr)
        return STOPPED + signal.SIGINT
    if not options.quiet:
        kept = f", {done.kept} were there" if done.kept else ""
        counts = f"{done.fetched} files fetched ({done.size / 1e6:.1f} MB){kept}; all are as published"
        print(f"{counts}. They are in {options.folder}", file=sys.stderr)
    return DONE


def _manifest(options: argparse.Namespace) -> int:
    from murmur.datasets import open as open_dataset

    data = open_dataset(options.name, options.folder)
    if options.output is None:
        sys.stdout.write(data.manifest())
    else:
        data.write_manifest(options.output)
    _tell("missing", data.missing)
    _tell("without labels", data.unlabelled)
    print(f"{len(data)} recordings. Cite: {data.about.citation}.", file=sys.stderr)
    return DONE


def _tell(what: str, things: Sequence[str]) -> None:
    for thing in things[:_TOLD]:
        print(f"{what}: {thing}", file=sys.stderr)
    if len(things) > _TOLD:
        print(f"{what}: {len(things) - _TOLD} more", file=sys.stderr)


def _show(bar: CountBar, progress: FetchProgress) -> None:
    trouble = f"[red]{progress.failed} failed[/]" if progress.failed else ""
    bar.update(progress.done, progress.total, size=f"{progress.size / 1e6:.1f} MB", trouble=trouble)
