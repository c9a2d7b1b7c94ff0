"""What all plots share: colours, style, axes and sheets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from murmur.errors import ParameterError
from murmur.segmentation.result import State

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, TRACE = "#1a1c1f", "#5c6167", "#33373c"
#: Marks what is abnormal.
SIGN = "#a8201a"
#: Blue and orange differ for nearly everybody, and in grey by their lightness.
COLOURS = {State.S1: "#0b62a8", State.S2: "#c8590a"}
#: Of a line that is a reference and was not measured.
DASHES: Any = (0, (4, 3))

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
    # equal pictures are equal files
    "svg.hashsalt": "murmur",
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw in murmur's style; the caller's own settings return afterwards."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise ParameterError("plots need matplotlib: pip install 'murmur-pcg[plot]'") from error
    with mpl.rc_context(_STYLE):
        yield


@contextlib.contextmanager
def drawing(ax: Axes | None, width: float = 8.0, height: float = 2.6) -> Iterator[Axes]:
    """Draw in murmur's style on the axes given, or on new ones of so many inches."""
    with styled():
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
        yield ax


def new_figure(width: float, height: float, layout: str | None = "constrained") -> Figure:
    """Make a figure that pyplot does not keep: threads may draw, and it is freed with its last reference."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def new_sheet(width: float, height: float, title: str, title_size: float) -> Figure:
    """Make a figure with a title and the disclaimer."""
    figure = new_figure(width, height)
    figure.suptitle(title, x=0.01, ha="left", fontsize=title_size)
    figure.supxlabel("For research and education, not a medical device.", x=0.99, ha="right", fontsize=7, color=SOFT)
    return figure
