"""One page of plots from plain numbers: nothing here knows of sounds. Drawing needs matplotlib (extra: bench)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.accuracy.figures import Array, Figure, draws, interval, ratio, weighted_auroc, wilson
from murmur.errors import MissingFileError, ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Confusion", "Lines", "Page", "Panel", "Points", "Reliability", "Roc", "check_page", "draw_page"]

#: Told apart by the colour-blind, too.
COLOURS = ("#0b5d8a", "#c8553d", "#5d8a3a", "#7b5aa6", "#b8862b", "#5a5a5a")
GREY, LIGHT = "#6b6b6b", "#dddddd"
ENDINGS = (".png", ".svg", ".pdf")
MOST_COLUMNS = 4
LEGEND_COLUMNS = 2
FEWEST_IN_BIN = 20
GRID = np.linspace(0.0, 1.0, 201)
#: Height of a panel, and of each line of a legend under it, in inches.
PANEL_IN, LINE_IN = 4.1, 0.2
STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.edgecolor": GREY,
    "axes.labelcolor": "#333333",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
}


class Panel(Protocol):
    """One plot of a page."""

    @property
    def title(self) -> str:
        """What it shows."""

    @property
    def legend_lines(self) -> int:
        """How many lines of legend are under the axes."""

    def draw(self, axes: Axes) -> None:
        """Draw itself."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Sensitivity at each share of false alarms of `GRID`, its 95 % band, and the area under it."""

    name: str
    sensitivity: Array
    low: Array
    high: Array
    area: Figure


@dataclass(frozen=True, eq=False)
class Roc:
    """ROC curves; the band of the first is shown."""

    title: str
    curves: tuple[Curve, ...]

    @classmethod
    def of(cls, title: str, scores: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> Roc:
        """From scores and truths, one item for each patient."""
        return cls(title, tuple(_curve(name, np.asarray(s, dtype=float), t) for name, (s, t) in scores.items()))

    @property
    def legend_lines(self) -> int:
        """One curve has its legend inside."""
        return len(self.curves) + 1 if len(self.curves) > 1 else 0

    def draw(self, axes: Axes) -> None:
        """Draw itself."""
        axes.plot([0, 1], [0, 1], color=LIGHT, linewidth=1)
        for index, (curve, colour) in enumerate(zip(self.curves, COLOURS, strict=False)):
            a = curve.area
            text = f"{curve.name}  {a.value:.2f} [{a.low:.2f}, {a.high:.2f}]"
            axes.plot(GRID, curve.sensitivity, color=colour, linewidth=1.8 if index == 0 else 1.3, label=text)
            if index == 0:
                axes.fill_between(GRID, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
        axes.set(xlabel="false alarms", ylabel="sensitivity", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        if self.legend_lines:
            _legend_below(axes, title="area under the curve", title_fontsize=8.5)
        else:
            axes.legend(title="area under the curve", title_fontsize=8.5, alignment="left", loc="lower right")


def _curve(name: str, score: Array, truth: Sequence[bool]) -> Curve:
    positive = np.asarray(truth, dtype=bool)
    weights = draws(score.size)
    everyone = np.ones((1, score.size))
    area = interval(weighted_auroc(score, positive, everyone)[0], weighted_auroc(score, positive, weights), score.size)
    band = np.nanquantile(_sensitivities(score, positive, weights), [0.025, 0.975], axis=0)
    return Curve(name, _sensitivities(score, positive, everyone)[0], band[0], band[1], area)


def _sensitivities(score: Array, positive: NDArray[np.bool_], weights: Array) -> Array:
    """Sensitivity at each of `GRID`, shape (rows, grid): the ROC curve of each row of weights."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    ordered = weights[:, order]
    up = np.cumsum(ordered * positive[order], axis=1)[:, ends]
    down = np.cumsum(ordered * ~positive[order], axis=1)[:, ends]
    up, down = ratio(up, up[:, -1:]), ratio(down, down[:, -1:])
    return np.array([np.interp(GRID, np.r_[0.0, d], np.r_[0.0, u]) for u, d in zip(up, down, strict=True)])


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said against what came true, in bins."""

    title: str
    said: Array
    came_true: Array
    low: Array
    high: Array
    histogram: Array
    note: str = ""
    legend_lines: int = 0

    @classmethod
    def of(
        cls, title: str, probability: ArrayLike, truth: ArrayLike, *, note: str = "", bins: int = 8, equal: str = "count"
    ) -> Reliability:
        """From probabilities and truths, in bins of equal "count", or of equal "width" less the nearly empty ones."""
        p, y = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=bool)
        if equal == "count":
            parts = [part for part in np.array_split(np.argsort(p, kind="stable"), bins) if part.size]
        else:
            place = np.minimum((p * bins).astype(int), bins - 1)
            parts = [part for b in range(bins) if (part := np.flatnonzero(place == b)).size >= FEWEST_IN_BIN]
        edges = np.array([wilson(int(y[part].sum()), part.size) for part in parts])
        return cls(
            title,
            np.array([p[part].mean() for part in parts]),
            np.array([y[part].mean() for part in parts]),
            edges[:, 0],
            edges[:, 1],
            np.histogram(p, bins=20, range=(0.0, 1.0))[0] / p.size,
            note,
        )

    def draw(self, axes: Axes) -> None:
        """Draw itself."""
        axes.plot([0, 1], [0, 1], color=LIGHT, linewidth=1)
        # How often each probability was said, at the foot and out of the way.
        axes.bar((np.arange(20) + 0.5) / 20, 0.25 * self.histogram / self.histogram.max(), 0.045, color=LIGHT, linewidth=0)
        errors = np.maximum([self.came_true - self.low, self.high - self.came_true], 0.0)
        axes.errorbar(
            self.said, self.came_true, errors, color=COLOURS[0], marker="o", markersize=4.5, linewidth=1.3, elinewidth=1
        )
        axes.text(0.02, 0.98, self.note, va="top", fontsize=8.5, transform=axes.transAxes)
        axes.set(
            xlabel="probability (grey: how often said)",
            ylabel="share that came true",
            xlim=(-0.02, 1.02),
            ylim=(-0.02, 1.02),
            aspect="equal",
        )


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of what is true (rows) against what was found (columns)."""

    title: str
    words: tuple[str, ...]
    counts: Array
    legend_lines: int = 0

    def draw(self, axes: Axes) -> None:
        """Draw itself."""
        shares = np.nan_to_num(ratio(self.counts, self.counts.sum(axis=1, keepdims=True)))
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.15)
        for (row, column), count in np.ndenumerate(self.counts):
            share = shares[row, column]
            colour = "white" if share > 0.6 else "#222222"
            axes.text(column, row - 0.08, f"{count:.0f}", ha="center", va="center", color=colour, fontsize=11)
            axes.text(column, row + 0.24, f"{100 * share:.0f} %", ha="center", va="center", color=colour, fontsize=7.5)
        ticks = range(len(self.words))
        axes.set_xticks(ticks, self.words)
        axes.set_yticks(ticks, self.words, rotation=90, va="center")
        axes.set(xlabel="found", ylabel="true")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)


@dataclass(frozen=True, eq=False)
class Points:
    """Figures with their intervals side by side, one series for each name."""

    title: str
    places: tuple[str, ...]
    series: Mapping[str, tuple[Figure, ...]]
    label: str
    legend_lines: int = 1

    def draw(self, axes: Axes) -> None:
        """Draw itself."""
        for index, (name, figures) in enumerate(self.series.items()):
            x = np.arange(len(figures)) + 0.12 * (index - 0.5 * (len(self.series) - 1))
            _error_bars(axes, x, figures, name, COLOURS[index % len(COLOURS)], line=False)
        axes.set_xticks(range(len(self.places)), self.places)
        axes.set(xlabel=self.label, xlim=(-0.5, len(self.places) - 0.5))
        axes.grid(axis="y", color=LIGHT, linewidth=0.7)
        _legend_below(axes, ncols=len(self.series), columnspacing=1.2)


@dataclass(frozen=True, eq=False)
class Lines:
    """Figures with their intervals along an axis, and a limit that they should not fall below."""

    title: str
    places: tuple[str, ...]
    series: Mapping[str, tuple[Figure, ...]]
    label: str
    limit: float | None = None
    limit_name: str = ""
    legend_lines: int = 2

    def draw(self, axes: Axes) -> None:
        """Draw itself."""
        if self.limit is not None:
            axes.axhline(self.limit, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=self.limit_name)
        for index, (name, figures) in enumerate(self.series.items()):
            x = np.arange(len(figures)) + 0.06 * (index - 0.5 * (len(self.series) - 1))
            _error_bars(axes, x, figures, name, COLOURS[index % len(COLOURS)], line=True)
        axes.set_xticks(range(len(self.places)), self.places)
        axes.set(xlabel=self.label, xlim=(-0.3, len(self.places) - 0.7))
        axes.grid(axis="y", color=LIGHT, linewidth=0.7)
        _legend_below(axes, ncols=LEGEND_COLUMNS, columnspacing=1.2)


def _legend_below(axes: Axes, **style: Any) -> None:
    """Put the legend under the axis' own label, where it hides nothing."""
    from matplotlib.transforms import ScaledTranslation

    down = ScaledTranslation(0.0, -0.42, axes.figure.dpi_scale_trans)
    axes.legend(
        loc="upper left", bbox_to_anchor=(-0.03, 0.0), bbox_transform=axes.transAxes + down, alignment="left", **style
    )


def _error_bars(
    axes: Axes, x: NDArray[np.floating[Any]], figures: Sequence[Figure], name: str, colour: str, *, line: bool
) -> None:
    values = np.array([f.value for f in figures])
    errors = np.nan_to_num(np.maximum([values - [f.low for f in figures], [f.high for f in figures] - values], 0.0))
    axes.errorbar(
        x,
        values,
        errors,
        color=colour,
        marker="o",
        markersize=5,
        linestyle="-" if line else "none",
        linewidth=1.5,
        elinewidth=1.2,
        label=name,
    )


@dataclass(frozen=True, eq=False)
class Page:
    """A title and its panels."""

    title: str
    panels: tuple[Panel, ...]


def check_page(path: Path) -> None:
    """Say what stands against a page of that name, before the minutes that its figures take.

    Raises
    ------
    ParameterError
        If the name does not end in one of `ENDINGS`, or matplotlib is not installed.
    MissingFileError
        If there is no such folder.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ParameterError(f"{path}: a page of plots ends in {', '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise MissingFileError(f"{path}: its folder does not exist; make it first")
    if find_spec("matplotlib") is None:
        raise ParameterError('plots need matplotlib: pip install -e ".[bench]"')


def draw_page(page: Page, path: Path) -> None:
    """Draw a page as PNG, SVG or PDF, by the ending of the file's name; errors as of `check_page`."""
    check_page(path)
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    columns = min(MOST_COLUMNS, len(page.panels))
    rows = math.ceil(len(page.panels) / columns)
    legends = [max(p.legend_lines for p in page.panels[r * columns : (r + 1) * columns]) for r in range(rows)]
    heights = [PANEL_IN + LINE_IN * lines for lines in legends]
    with rc_context(STYLE):
        canvas = Canvas(figsize=(PANEL_IN * columns, sum(heights) + 0.5), layout="constrained")
        canvas.get_layout_engine().set(w_pad=0.12, h_pad=0.12)  # type: ignore[union-attr, call-arg]
        canvas.suptitle(page.title, x=0.01, ha="left", fontsize=14, fontweight="bold")
        axes_of = canvas.subplots(rows, columns, squeeze=False, height_ratios=heights)
        for panel, axes in zip(page.panels, axes_of.flat, strict=False):
            axes.set_title(panel.title)
            axes.set_anchor("N")
            panel.draw(axes)
        for spare in list(canvas.axes)[len(page.panels) :]:
            spare.remove()
        canvas.savefig(path, dpi=150)
