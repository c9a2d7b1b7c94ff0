"""Everything about one recording on one sheet."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from murmur.plot.cycles import beat, levels, tachogram
from murmur.plot.sound import phonocardiogram, spectrogram
from murmur.plot.style import SOFT, new_figure, styled
from murmur.wording import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

__all__ = ["SHOWN_S", "overview"]

#: Seconds of sound that are shown where nothing else is asked for: more can't be told apart on a sheet.
SHOWN_S = 6.0
#: Characters of a line across the sheet.
LINE = 135


def overview(recording: Recording, analysis: Analysis, *, start_s: float = 0.0, end_s: float | None = None) -> Figure:
    """Draw a sheet: what is heard in words, phonocardiogram, spectrogram, average beat, S1 and rate beat by beat.

    Parameters
    ----------
    recording : Recording
    analysis : Analysis
        Of that recording.
    start_s, end_s : float, optional
        What is shown of the sound, in seconds: by default the first 6.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("sheet.pdf")`` writes it.

    Raises
    ------
    ParameterError
        If nothing of the recording lies between `start_s` and `end_s`, or matplotlib is not installed.
    """
    end_s = start_s + SHOWN_S if end_s is None else end_s
    with styled():
        figure = new_figure(10.0, 8.0)
        places: Any = figure.subplot_mosaic(
            [["wave", "wave"], ["spectrum", "spectrum"], ["beat", "levels"], ["beat", "rate"]],
            height_ratios=(1.5, 1.5, 1.1, 1.1), width_ratios=(1.15, 1.0),
        )  # fmt: skip
        places["spectrum"].sharex(places["wave"])
        phonocardiogram(recording, analysis, start_s=start_s, end_s=end_s, ax=places["wave"])
        spectrogram(recording, analysis, start_s=start_s, end_s=end_s, ax=places["spectrum"])
        places["wave"].set_xlabel("")
        beat(analysis, ax=places["beat"])
        levels(analysis, ax=places["levels"])
        tachogram(analysis, ax=places["rate"])
        places["levels"].set_xlabel("")
        story = tell(analysis)
        said = [*story.warnings, *(sentence for sentence, _ in story.sentences)]
        lines = [line for text in (f"{story.title}   {story.context}", *said) for line in textwrap.wrap(text, LINE)]
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=9.5)
        figure.supxlabel("For research and education, not a medical device.", x=0.99, ha="right", fontsize=7, color=SOFT)
    return figure
