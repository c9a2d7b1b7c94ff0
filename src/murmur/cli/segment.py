"""``murmur segment``: where the heart sounds are, in CirCor's format."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from murmur.cli.arguments import ENGINE, add_shared, engine_of
from murmur.cli.codes import failures_of_input


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Find only where the heart sounds are, in CirCor's format: start_s, end_s and state (1 S1, 2 systole, 3 S2, "
        "4 diastole), separated by tabs."
    )
    parser.add_argument("file", metavar="FILE", help="the recording")
    parser.add_argument("-o", "--output", metavar="FILE.tsv", help="output file (stdout)")
    add_shared(parser, *ENGINE)


def run(options: argparse.Namespace) -> None:
    """Segment a recording."""
    from murmur.formats.circor import segments_text
    from murmur.io.writing import write_text
    from murmur.pipeline.analysis import segment

    engine = engine_of(options)
    with failures_of_input():
        found = segment(options.file, **engine)
    confidence, settings = found.cycles.confidence, engine["settings"]
    trusted = int((confidence >= settings.least_confidence).sum())
    if trusted < settings.least_cycles:
        few = f"only {trusted} of {len(confidence)} cycles are reliable"
        print(f"murmur: {options.file}: {few}: these states are a guess", file=sys.stderr)
    text = segments_text(found.intervals)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write_text(Path(options.output), text)
