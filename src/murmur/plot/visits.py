"""One person's figures from visit to visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from murmur.errors import ParameterError
from murmur.patients.visits import FIGURES, scale_of
from murmur.plot.style import INK, SIGN, SOFT, axes, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from murmur.patients.visits import VisitHistory

__all__ = ["course", "trend"]

#: More visits than this are not all named on the axis.
NAMED = 8
_LIMITS = {"murmur_probability": (-7.2, 7.2), "expected_grade": (-0.15, 3.15), "murmur_extent": (-0.05, 1.05)}


def trend(course: VisitHistory, figure: str = "above_quiet_db", *, ax: Axes | None = None) -> Axes:
    """Draw one figure over the visits, each with the standard deviation that noise alone gives it; red where it has a trend.

    Parameters
    ----------
    course : VisitHistory
        From `murmur.compare_visits`.
    figure : str, default "above_quiet_db"
        Which of `murmur.patients.visits.FIGURES`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        If there is no such figure, or matplotlib is not installed.
    """
    known = {f.name: f for f in FIGURES}
    if figure not in known:
        raise ParameterError(f"figure must be one of {', '.join(known)}, not {figure!r}")
    with styled():
        ax = axes(ax, 4.0, 2.4)
        scale, title, unit = scale_of(figure), known[figure].title, known[figure].unit
        told = [v for v in course.visits if v.figures[figure] is not None]
        when = np.array([v.when for v in told])
        values = np.array([scale(v.figures[figure] or 0.0) for v in told])
        noise = np.array([v.noise_sd[figure] or 0.0 for v in told])
        found = next((t for t in course.trends if t.figure == figure), None)
        clear = found is not None and found.more_than_noise
        changed = any(c.figure == figure and c.more_than_noise for c in course.changes)
        colour = SIGN if clear or changed else INK
        ax.errorbar(
            when, values, yerr=noise, fmt="o-", color=colour, ecolor=SOFT, elinewidth=0.9, markersize=4, linewidth=1.0
        )
        if found is not None and clear:
            per = 365.25 / 12 if found.per == "month" else 1.0
            line = values.mean() + found.slope / per * (when - when.mean())
            ax.plot(when, line, color=SIGN, linewidth=1.0, linestyle=(0, (4, 3)))
        ax.set_title(f"{title[0].upper()}{title[1:]}{f' ({unit})' if unit in {'dB', '/min'} else ''}")
        shown = course.visits if len(course.visits) <= NAMED else (course.visits[0], course.visits[-1])
        long = max(len(v.visit) for v in shown) > 4
        ax.set_xticks([v.when for v in shown], [v.visit or "no name" for v in shown], rotation=30 if long else 0,
                      ha="right" if long else "center")  # fmt: skip
        ends = [course.visits[0].when, course.visits[-1].when]
        room = 0.06 * (ends[1] - ends[0]) or 0.5
        ax.set_xlim(ends[0] - room, ends[1] + room)
        if figure in _LIMITS:
            ax.set_ylim(*_LIMITS[figure])
        if figure == "murmur_probability":  # drawn as log odds, on which noise is even; named as what it is
            probabilities = (0.01, 0.1, 0.5, 0.9, 0.99)
            ax.set_yticks([scale(p) for p in probabilities], [f"{100 * p:.0f} %" for p in probabilities])
    return ax


def course(course: VisitHistory) -> Figure:
    """Draw all figures of one person over the visits on a sheet; errors as of `trend`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with styled():
        figure = new_figure(10.0, 5.0)
        for ax, followed in zip(figure.subplots(2, 3, sharex=True).flat, FIGURES, strict=True):
            trend(course, followed.name, ax=ax)
        figure.suptitle(
            f"Patient {course.patient}: bars are one standard deviation of noise", x=0.01, ha="left", fontsize=10
        )
        figure.supxlabel("For research and education, not a medical device.", x=0.99, ha="right", fontsize=7, color=SOFT)
    return figure
