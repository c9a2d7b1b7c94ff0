"""``murmur datasets``: what there is, downloads, and manifests."""

from __future__ import annotations

import argparse
import signal
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from murmur.errors import DownloadError

if TYPE_CHECKING:
    from murmur.datasets.download import FetchProgress

__all__ = ["datasets"]

_WIDTH = 100
#: Of more things missing than this, only the number is told.
_TOLD = 10
_SOME_FAILED, _STOPPED = 1, 128


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
    return 0


def _get(options: argparse.Namespace) -> int:
    from murmur.datasets import about, get

    of = about(options.name)
    if not options.quiet:
        for sentence in (f"{of.title}, {of.url}", f"Licence: {of.licence}.", f"Cite: {of.citation}."):
            print(sentence, file=sys.stderr)
    shown = options.progress and not options.quiet and sys.stderr.isatty()
    try:
        with _Bar() as bar:
            done = get(
                options.name,
                options.folder,
                mirror=options.mirror,
                only=options.only,
                jobs=options.jobs,
                progress=bar.update if shown else None,
            )
    except DownloadError as error:
        print(f"murmur: {error}", file=sys.stderr)
        return _SOME_FAILED
    except KeyboardInterrupt:
        print("murmur: stopped; the same command goes on from there", file=sys.stderr)
        return _STOPPED + signal.SIGINT
    if not options.quiet:
        kept = f", {done.kept} were there" if done.kept else ""
        counts = f"{done.fetched} files fetched ({done.size / 1e6:.1f} MB){kept}; all are as published"
        print(f"{counts}. They are in {options.folder}", file=sys.stderr)
    return 0


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
    return 0


def _tell(what: str, things: Sequence[str]) -> None:
    for thing in things[:_TOLD]:
        print(f"{what}: {thing}", file=sys.stderr)
    if len(things) > _TOLD:
        print(f"{what}: {len(things) - _TOLD} more", file=sys.stderr)


class _Bar:
    """A bar on stderr: files, speed, and what can't be had; drawn once something is told."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("[bold]fetching"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[size]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[trouble]}"),
            console=Console(stderr=True),
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("", total=total, size="", trouble="")
        self._progress.start()

    def update(self, progress: FetchProgress) -> None:
        """Show how far it has come."""
        if self._progress is None:
            self._start(progress.total)
        trouble = f"[red]{progress.failed} failed[/]" if progress.failed else ""
        size = f"{progress.size / 1e6:.1f} MB"
        self._progress.update(self._task, completed=progress.done, size=size, trouble=trouble)
