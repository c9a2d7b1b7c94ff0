"""``murmur export``: the tables of a run, in another format or to another folder."""

from __future__ import annotations

import argparse
import sys

from murmur.cli.arguments import add_shared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Write the tables of a run (murmur analyze -o OUT) from its murmur.sqlite."
    add_shared(parser, "run", "format", "tables")


def run(options: argparse.Namespace) -> None:
    """Write the tables."""
    from murmur.batch import count_to_do, export_tables

    rows = export_tables(options.folder, options.output, format=options.format)
    counts = ", ".join(f"{count} {name}" for name, count in rows.items())
    if to_do := count_to_do(options.folder):
        counts += f" (the run is not finished: {to_do} to do)"
    print(f"{counts}. Tables are in {options.output or options.folder}", file=sys.stderr)
