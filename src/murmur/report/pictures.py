"""The plots of a page, as SVG."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from murmur import plot
from murmur.plot.style import new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from murmur.io.recording import Recording
    from murmur.patients.visits import VisitHistory
    from murmur.pipeline.analysis import Analysis
    from murmur.report.sound import Span

#: Inches per second of sound, without the axis; at 96 pixels per inch there is room to name the sounds of a cycle.
INCHES_PER_S, LEAST_INCHES = 0.65, 6.0
LEFT_INCHES, RIGHT_INCHES = 0.55, 0.1
#: Seconds that fit across a sheet of paper.
PAPER_S = 6.0
_POINT = re.compile(r"(-?\d+\.\d)\d+")
_NUMBERS = re.compile(r' (?:d|points|x|y)="[^"]*"')
_IMAGE = re.compile(r"data:image/png;base64,([^\"]*)")
_ID = re.compile(r'\bid="|url\(#|href="#')


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, and where its time axis lies.

    Attributes
    ----------
    svg : str
    width_px : int
        Width at which its letters have the intended size.
    left, right : float
        Shares of the width at which the time axis begins and ends.
    """

    svg: str
    width_px: int
    left: float = 0.0
    right: float = 1.0


def _shortened(numbers: re.Match[str]) -> str:
    """Shorten coordinates to tenths of a point, which is invisible, and lines to one letter for all their points."""
    return _POINT.sub(r"\1", numbers.group()).replace("\nL ", " ")


def _with_fewer_colours(image: re.Match[str]) -> str:
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(image.group(1)))) as picture:
        # the eye distinguishes no more colours in a spectrogram
        picture.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


class Pictures:
    """Draws the pictures of one page, with ids that are unique in it."""

    def __init__(self) -> None:
        self._count = 0

    def strip(self, recording: Recording, analysis: Analysis, span: Span) -> Picture:
        """Phonocardiogram and spectrogram over one time axis."""
        width = max(INCHES_PER_S * span.duration_s, LEAST_INCHES) + LEFT_INCHES + RIGHT_INCHES
        left, right = LEFT_INCHES / width, 1.0 - RIGHT_INCHES / width
        shown = {"start_s": span.start_s, "end_s": span.end_s}
        with styled():
            figure = new_figure(width, 3.0, layout=None)
            wave, spectrum = figure.subplots(2, sharex=True)
            figure.subplots_adjust(left=left, right=right, top=0.99, bottom=0.15, hspace=0.06)
            plot.phonocardiogram(recording, analysis, ax=wave, **shown)
            plot.spectrogram(recording, analysis, ax=spectrum, **shown)
            wave.set_xlabel("")
            wave.tick_params(labelbottom=False)
            label = "Phonocardiogram with S1 and S2 marked, and its spectrogram up to 800 Hz"
            return self._finished(figure, label, left, right)

    def paper(self, recording: Recording, analysis: Analysis, span: Span) -> Picture:
        """As much of the phonocardiogram as is legible on a sheet of paper."""
        end_s = min(span.end_s, span.start_s + PAPER_S)
        return self._one(
            partial(plot.phonocardiogram, recording, analysis, start_s=span.start_s, end_s=end_s),
            f"Phonocardiogram with S1 and S2 marked, from {span.start_s:.1f} to {end_s:.1f} s",
            (7.4, 1.5),
        )

    def cycles(self, analysis: Analysis) -> list[Picture]:
        """The average cycle, and S1 and heart rate cycle by cycle."""
        kinds: tuple[tuple[Callable[..., Axes], str], ...] = (
            (plot.cycle, "Average cycle: sound above late diastole, 80 to 600 Hz"),
            (plot.levels, "S1 against S2, cycle by cycle"),
            (plot.tachogram, "Heart rate, cycle by cycle"),
        )
        return [self._one(partial(draw, analysis), label, (3.9, 2.4)) for draw, label in kinds]

    def chest(self, analyses: Sequence[Analysis]) -> Picture:
        """The murmur by site."""
        return self._one(partial(plot.chest_map, analyses), "Chest: level of the murmur at each site", (4.0, 3.3))

    def history(self, history: VisitHistory) -> Picture:
        """All figures over the visits."""
        return self._finished(plot.history(history), "Figures over the visits")

    def _one(self, draw: Callable[..., Axes], label: str, size: tuple[float, float]) -> Picture:
        with styled():
            figure = new_figure(*size)
            draw(ax=figure.subplots())
            return self._finished(figure, label)

    def _finished(self, figure: Figure, label: str, left: float = 0.0, right: float = 1.0) -> Picture:
        """Write a figure as an SVG element that can share a page with others."""
        file = io.StringIO()
        with styled():
            figure.savefig(file, format="svg", dpi=96, metadata={"Date": None, "Creator": None})
        text = file.getvalue()
        text = text[text.index("<svg") :]
        self._count += 1
        text = _ID.sub(rf"\g<0>p{self._count}-", text)
        text = _NUMBERS.sub(_shortened, text)
        text = _IMAGE.sub(_with_fewer_colours, text)
        width, height = figure.get_size_inches()
        head = f'<svg class="picture" role="img" aria-label="{label}" viewBox="0 0 {72 * width:.2f} {72 * height:.2f}"'
        body = re.sub(r"<metadata>.*?</metadata>", "", text[text.index(">") + 1 :], flags=re.DOTALL)
        names = ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        return Picture(head + names + body.strip(), round(96 * width), left, right)
