"""``murmur datasets``: public data sets, downloads, and manifests."""

from __future__ import annotations

import argparse
import signal
import sys
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from murmur.cli.arguments import add_shared, whole_number
from murmur.cli.codes import DONE, STOPPED, InputFailed
from murmur.errors import DownloadError

if TYPE_CHECKING:
    from murmur.cli.bars import Bar
    from murmur.datasets.download import FetchProgress

_WIDTH = 100
#: So many missing things are listed by name.
_LISTED = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command and of its actions."""
    parser.description = "Public data sets of heart sounds. Without ACTION: what each holds, its source and its licence."
    actions = parser.add_subparsers(metavar="ACTION")
    get = actions.add_parser(
        "get",
        help="download a data set as published",
        description="Download a data set as published, every file checked against the checksum that its host lists. The "
        "same command again fetches only what is missing, and resumes partial files.",
        epilog="Example: murmur datasets get cinc2016 cinc2016/ --only 'training-a/*'",
    )
    _add_dataset(get, "target folder, created if it does not exist")
    add = get.add_argument
    only = "only files whose paths match, such as 'training-a/*', and the tables needed to read them; may be repeated"
    add("--only", action="append", default=[], metavar="PATTERN", help=only)
    add("--mirror", metavar="URL", help="folder on another web server with the same files and a SHA256SUMS.txt")
    add("--jobs", type=whole_number(1), default=4, metavar="N", help="files at a time (4)")
    add("--no-progress", action="store_false", dest="progress", help="show no bar")
    add_shared(get, "quiet")
    get.set_defaults(run=_get)
    manifest = actions.add_parser(
        "manifest",
        help="write a manifest with the labels of a data set",
        description="Write a manifest for murmur analyze --manifest: path, patient, site, position and labels (label_…), "
        "which are carried through to recordings.csv. Missing files and labels are reported on stderr.",
    )
    _add_dataset(manifest, "folder of the data set")
    manifest.add_argument("-o", "--output", metavar="FILE.csv", help="output file (stdout)")
    manifest.set_defaults(run=_manifest)


def _add_dataset(parser: argparse.ArgumentParser, folder: str) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the data set; murmur datasets lists them")
    parser.add_argument("folder", metavar="DIR", help=folder)


def run(options: argparse.Namespace) -> None:
    """List the data sets."""
    from murmur.datasets import about, names

    for name in names():
        of = about(name)
        print(f"{name}: {of.title}")
        size = f"{of.recordings} recordings, about {of.size_gb:g} GB: {of.holds}."
        for sentence in (f"{size[:1].upper()}{size[1:]}", of.where, f"Cite: {of.citation}."):
            print(textwrap.fill(sentence, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))
        print()


def _get(options: argparse.Namespace) -> int:
    from murmur.cli.bars import Bar
    from murmur.datasets import about, get

    of = about(options.name)
    if not options.quiet:
        for sentence in (f"{of.title}, {of.url}", f"Licence: {of.licence}.", f"Cite: {of.citation}."):
            print(sentence, file=sys.stderr)
    shown = options.progress and not options.quiet and sys.stderr.isatty()
    try:
        with Bar("fetching", shown) as bar:
            done = get(
                options.name,
                options.folder,
                mirror=options.mirror,
                only=options.only,
                jobs=options.jobs,
                progress=partial(_show, bar),
            )
    except DownloadError as error:
        raise InputFailed(str(error)) from error
    except KeyboardInterrupt:
        print("murmur: stopped; the same command continues from there", file=sys.stderr)
        return STOPPED + signal.SIGINT
    if not options.quiet:
        kept = f", {done.kept} unchanged" if done.kept else ""
        print(f"{done.fetched} files fetched ({done.size / 1e6:.1f} MB){kept}: {options.folder}", file=sys.stderr)
        print("All checksums match those published.", file=sys.stderr)
    return DONE


def _manifest(options: argparse.Namespace) -> None:
    from murmur.datasets import open as open_dataset

    data = open_dataset(options.name, options.folder)
    if options.output is None:
        sys.stdout.write(data.manifest())
    else:
        data.write_manifest(options.output)
    _print_some("missing", data.missing)
    _print_some("without labels", data.unlabelled)
    print(f"{len(data)} recordings. Cite: {data.about.citation}.", file=sys.stderr)


def _print_some(what: str, things: Sequence[str]) -> None:
    for thing in things[:_LISTED]:
        print(f"{what}: {thing}", file=sys.stderr)
    if len(things) > _LISTED:
        print(f"{what}: {len(things) - _LISTED} more", file=sys.stderr)


def _show(bar: Bar, progress: FetchProgress) -> None:
    failed = f"[red]{progress.failed} failed[/]" if progress.failed else ""
    bar.update(progress.done, progress.total, f"{progress.size / 1e6:.1f} MB", failed)
