"""Everything about one recording on one sheet."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from murmur.plot.cycles import cycle, levels, tachogram
from murmur.plot.sound import phonocardiogram, spectrogram
from murmur.plot.style import new_sheet, styled
from murmur.wording import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

#: Seconds of sound that are shown by default: of more, no detail is visible on a sheet.
SHOWN_S = 6.0


def overview(recording: Recording, analysis: Analysis, *, start_s: float = 0.0, end_s: float | None = None) -> Figure:
    """Draw a sheet: the findings in words, phonocardiogram, spectrogram, average cycle, S1 and rate cycle by cycle.

    Parameters
    ----------
    recording : Recording
    analysis : Analysis
        Of that recording.
    start_s, end_s : float, optional
        The part of the sound to show, in seconds: by default the first 6.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("sheet.pdf")`` writes it.

    Raises
    ------
    ParameterError
        If nothing of the recording lies between `start_s` and `end_s`, or matplotlib is not installed.

    See Also
    --------
    phonocardiogram, spectrogram, cycle, levels, tachogram : The plots on it.

    Examples
    --------
    >>> import murmur
    >>> recording = murmur.load("13918_MV.wav")
    >>> sheet = murmur.plot.overview(recording, murmur.analyze(recording))
    >>> len(sheet.axes)
    5
    """
    story = tell(analysis)
    sentences = [*story.warnings, *(sentence for sentence, _ in story.sentences)]
    lines = [line for text in (f"{story.title}   {story.context}", *sentences) for line in textwrap.wrap(text, width=135)]
    end_s = start_s + SHOWN_S if end_s is None else end_s
    with styled():
        figure = new_sheet(10.0, 8.0, "\n".join(lines), 9.5)
        axes: Any = figure.subplot_mosaic(
            [["wave", "wave"], ["spectrum", "spectrum"], ["cycle", "levels"], ["cycle", "rate"]],
            height_ratios=(1.5, 1.5, 1.1, 1.1), width_ratios=(1.15, 1.0),
        )  # fmt: skip
        axes["spectrum"].sharex(axes["wave"])
        for draw, name in ((phonocardiogram, "wave"), (spectrogram, "spectrum")):
            draw(recording, analysis, start_s=start_s, end_s=end_s, ax=axes[name])
        for draw_cycles, name in ((cycle, "cycle"), (levels, "levels"), (tachogram, "rate")):
            draw_cycles(analysis, ax=axes[name])
        for upper in ("wave", "levels"):
            axes[upper].set_xlabel("")
    return figure
