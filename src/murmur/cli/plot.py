"""``murmur plot``: pictures of a recording, or of one person's recordings, as a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur.cli.codes import DONE, SOME_FAILED
from murmur.errors import MurmurError, OutputError, ParameterError
from murmur.settings import Settings

if TYPE_CHECKING:
    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

__all__ = ["plot"]

SUFFIXES = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 120


def plot(options: argparse.Namespace, settings: Settings) -> int:
    """Draw what was asked for."""
    from murmur.batch.worker import load_models
    from murmur.io.recording import load
    from murmur.pipeline.analysis import analyze
    from murmur.plot.style import styled

    place = Path(options.output)
    if place.suffix.lower() not in SUFFIXES:
        raise ParameterError(f"-o {options.output}: must end in one of {', '.join(SUFFIXES)}")
    if len(options.files) > 1 and options.kind != "chest":
        count = len(options.files)
        raise ParameterError(f"--kind {options.kind} draws one recording, not {count}; several are for --kind chest")
    with styled():  # before any work: what is missing is a usage error
        models = load_models(options.models)
        try:
            recordings = [load(path, channel=options.channel, site=options.site) for path in options.files]
            analyses = [analyze(recording, settings=settings, models=models) for recording in recordings]
        except MurmurError as error:
            print(f"murmur: {error}", file=sys.stderr)
            return SOME_FAILED
        if options.kind == "chest":
            _check_chest(analyses)
        figure = _figure(options, recordings, analyses)
        # no date: the same recording gives the same file
        metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(place.suffix.lower(), {})
        try:
            figure.savefig(place, dpi=DOTS_PER_INCH, metadata=metadata)
        except OSError as error:
            raise OutputError(f"{place}: can't be written: {error.strerror or error}") from error
    return DONE


def _check_chest(analyses: list[Analysis]) -> None:
    """A chest without a site would pass for one without a murmur, and two people's for one's."""
    from murmur.plot.chest import PLACES

    if not any(analysis.info.site in PLACES for analysis in analyses):
        raise ParameterError("--kind chest: none of the recordings has a site on the chest, in its name or by --site")
    if len(people := sorted({analysis.info.patient for analysis in analyses if analysis.info.patient})) > 1:
        raise ParameterError(f"--kind chest draws one person's recordings, not those of {', '.join(people)}")


def _figure(options: argparse.Namespace, recordings: list[Recording], analyses: list[Analysis]) -> Any:
    import murmur.plot as plots
    from murmur.plot.sheet import SHOWN_S
    from murmur.plot.style import new_figure

    stretch = {"start_s": options.start, "end_s": options.end}
    if options.kind == "overview":
        return plots.overview(recordings[0], analyses[0], **stretch)
    if options.kind == "chest":
        figure = new_figure(4.6, 4.0)
        plots.chest_map(analyses, ax=figure.subplots())
        return figure
    figure = new_figure(9.0, 3.2)
    if options.kind in {"phonocardiogram", "spectrogram"}:
        if options.end is None:
            stretch["end_s"] = options.start + SHOWN_S
        getattr(plots, options.kind)(recordings[0], analyses[0], ax=figure.subplots(), **stretch)
    else:
        getattr(plots, options.kind)(analyses[0], ax=figure.subplots())
    return figure
