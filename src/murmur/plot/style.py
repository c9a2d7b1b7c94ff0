"""What all plots share: colours, how they look, and where their axes come from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from murmur.errors import ParameterError
from murmur.segmentation.result import State

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "INK", "SIGN", "SOFT", "TRACE", "axes", "new_figure", "styled"]

INK, SOFT, TRACE = "#1a1c1f", "#5c6167", "#33373c"
#: What is abnormal.
SIGN = "#a8201a"
#: Blue and orange are told apart by nearly everybody, and in grey by their lightness.
COLOURS = {State.S1: "#0b62a8", State.S2: "#c8590a"}

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": "#9a9ea4",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    # text stays text: small, searchable, and in the reader's own font
    "svg.fonttype": "none",
    # the same picture is the same file
    "svg.hashsalt": "murmur",
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw as murmur does; the caller's own settings are back afterwards."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise ParameterError("plots need matplotlib: pip install 'murmur-pcg[plot]'") from error
    with mpl.rc_context(_STYLE):
        yield


def axes(given: Axes | None, width: float = 8.0, height: float = 2.6) -> Axes:
    """Return the axes to draw on: those given, else new ones of so many inches."""
    if given is not None:
        return given
    import matplotlib.pyplot as plt

    made: Axes = plt.subplots(figsize=(width, height), layout="constrained")[1]
    return made


def new_figure(width: float, height: float, layout: str | None = "constrained") -> Figure:
    """Make a figure that no window and no global list knows: threads may draw, and it goes when nobody holds it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure
