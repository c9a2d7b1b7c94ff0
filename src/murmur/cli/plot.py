"""``murmur plot``: plots of a recording, or of one person's recordings, as a file."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur.cli.arguments import ENGINE, add_shared, engine_of, number
from murmur.cli.codes import failures_of_input
from murmur.errors import ParameterError

if TYPE_CHECKING:
    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

SUFFIXES = (".png", ".svg", ".pdf")
KINDS = ("overview", "phonocardiogram", "spectrogram", "cycle", "levels", "tachogram", "chest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Draw a recording and its findings, by default all on one sheet. Needs murmur-pcg[plot]."
    add, start = parser.add_argument, number("seconds", or_zero=True)
    add("files", nargs="+", metavar="FILE", help="recording; for --kind chest, one person's recordings")
    add("-o", "--output", required=True, metavar="OUT", help="output file: OUT.png, OUT.svg or OUT.pdf")
    add("--kind", choices=KINDS, default="overview", help="kind of plot (overview)")
    add("--start", type=start, default=0.0, metavar="S", help="start of the interval shown, in seconds (0)")
    add("--end", type=number("seconds"), metavar="S", help="end of the interval shown (6 seconds after its start)")
    add_shared(parser, "site", *ENGINE)


def run(options: argparse.Namespace) -> None:
    """Draw the plot."""
    from murmur.io.recording import load
    from murmur.io.writing import write_whole
    from murmur.pipeline.analysis import analyze
    from murmur.plot.style import styled

    target = Path(options.output)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(f"-o {options.output}: must end in one of {', '.join(SUFFIXES)}")
    if len(options.files) > 1 and options.kind != "chest":
        count = len(options.files)
        raise ParameterError(f"--kind {options.kind} draws one recording, not {count}; only --kind chest takes several")
    with styled():  # before any work: a missing package is a usage error
        engine = engine_of(options)
        channel = engine.pop("channel")
        with failures_of_input():
            recordings = [load(path, channel=channel, site=options.site) for path in options.files]
            analyses = [analyze(recording, **engine) for recording in recordings]
        if options.kind == "chest":
            _check_chest(analyses)
        figure = _figure(options, recordings, analyses)
        # no date: the same recording gives the same file
        metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
        write_whole(target, partial(figure.savefig, format=suffix[1:], dpi=120, metadata=metadata))


def _check_chest(analyses: list[Analysis]) -> None:
    """Without a site, a chest would look like one without a murmur; with two people's sites, like one person's."""
    from murmur.plot.chest import PLACES

    if not any(analysis.info.site in PLACES for analysis in analyses):
        raise ParameterError("--kind chest: no recording has a site on the chest, by its name or by --site")
    if len(people := sorted({analysis.info.patient for analysis in analyses if analysis.info.patient})) > 1:
        raise ParameterError(f"--kind chest draws one person's recordings, not those of {', '.join(people)}")


def _figure(options: argparse.Namespace, recordings: list[Recording], analyses: list[Analysis]) -> Any:
    import murmur.plot as plots
    from murmur.plot.sheet import SHOWN_S
    from murmur.plot.style import new_figure

    interval = {"start_s": options.start, "end_s": options.end}
    if options.kind == "overview":
        return plots.overview(recordings[0], analyses[0], **interval)
    if options.kind == "chest":
        figure = new_figure(4.6, 4.0)
        plots.chest_map(analyses, ax=figure.subplots())
        return figure
    figure = new_figure(9.0, 3.2)
    if options.kind in {"phonocardiogram", "spectrogram"}:
        if options.end is None:
            interval["end_s"] = options.start + SHOWN_S
        getattr(plots, options.kind)(recordings[0], analyses[0], ax=figure.subplots(), **interval)
    else:
        getattr(plots, options.kind)(analyses[0], ax=figure.subplots())
    return figure
