"""One person's figures from visit to visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from murmur.errors import ParameterError
from murmur.patients.changes import MONTH_DAYS
from murmur.patients.figures import FIGURES, Figure
from murmur.plot.style import DASHES, INK, SIGN, SOFT, drawing, new_sheet, styled
from murmur.wording.story import capitalized

if TYPE_CHECKING:
    from matplotlib import figure as mpl
    from matplotlib.axes import Axes

    from murmur.patients.visits import VisitHistory

#: Up to so many visits are all named on the axis; of more, the first and the last.
NAMED = 8
_LIMITS = {"murmur_probability": (-7.2, 7.2), "expected_grade": (-0.15, 3.15), "murmur_extent": (-0.05, 1.05)}


def trend(history: VisitHistory, figure: str = "above_quiet_db", *, ax: Axes | None = None) -> Axes:
    """Draw one figure over the visits.

    Bars are the standard deviation of noise; the figure is red if it has a trend or has changed by more than noise.

    Parameters
    ----------
    history : VisitHistory
        From `murmur.compare_visits`.
    figure : str, default "above_quiet_db"
        One of `murmur.patients.figures.FIGURES`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        If there is no such figure, or matplotlib is not installed.

    See Also
    --------
    history : All figures on a sheet.

    Examples
    --------
    >>> import murmur
    >>> visits = [murmur.analyze("13918_MV.wav", visit=visit) for visit in ("1", "2", "3")]
    >>> ax = murmur.plot.trend(murmur.compare_visits("13918", visits), "s1_s2_level_db")
    >>> ax.get_title(loc="left")
    'S1 against S2 (dB)'
    """
    if figure not in FIGURES:
        raise ParameterError(f"figure must be one of {', '.join(FIGURES)}, not {figure!r}")
    followed = FIGURES[figure]
    with drawing(ax, 4.0, 2.4) as axes:
        _draw_values(axes, history, followed)
        _name_visits(axes, history)
        unit = f" ({followed.unit})" if followed.unit in {"dB", "/min"} else ""
        axes.set_title(f"{capitalized(followed.title)}{unit}")
        if figure in _LIMITS:
            axes.set_ylim(*_LIMITS[figure])
        if figure == "murmur_probability":  # drawn as log odds, on which noise is even; labelled as what it is
            probabilities = (0.01, 0.1, 0.5, 0.9, 0.99)
            axes.set_yticks([followed.scale(p) for p in probabilities], [f"{100 * p:.0f} %" for p in probabilities])
        return axes


def _draw_values(ax: Axes, history: VisitHistory, figure: Figure) -> None:
    measured = [visit for visit in history.visits if visit.figures[figure.name] is not None]
    when = np.array([visit.when for visit in measured])
    values = np.array([figure.scale(visit.figures[figure.name] or 0.0) for visit in measured])
    noise = np.array([visit.noise_sd[figure.name] or 0.0 for visit in measured])
    found = next((t for t in history.trends if t.figure == figure.name and t.more_than_noise), None)
    changed = any(c.figure == figure.name and c.more_than_noise for c in history.changes)
    ax.errorbar(
        when, values, yerr=noise, fmt="o-", color=SIGN if found or changed else INK, ecolor=SOFT, elinewidth=0.9,
        markersize=4, linewidth=1.0,
    )  # fmt: skip
    if found is not None:
        line = values.mean() + found.slope / (MONTH_DAYS if found.per == "month" else 1.0) * (when - when.mean())
        ax.plot(when, line, color=SIGN, linewidth=1.0, linestyle=DASHES)


def _name_visits(ax: Axes, history: VisitHistory) -> None:
    first, last = history.visits[0], history.visits[-1]
    named = history.visits if len(history.visits) <= NAMED else (first, last)
    long = max(len(v.visit) for v in named) > 4
    ax.set_xticks([v.when for v in named], [v.visit or "no name" for v in named], rotation=30 if long else 0,
                  ha="right" if long else "center")  # fmt: skip
    room = 0.06 * (last.when - first.when) or 0.5
    ax.set_xlim(first.when - room, last.when + room)


def history(history: VisitHistory) -> mpl.Figure:
    """Draw all figures of one person over the visits on a sheet.

    Parameters
    ----------
    history : VisitHistory
        From `murmur.compare_visits`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        If matplotlib is not installed.

    See Also
    --------
    trend : A single figure.
    """
    with styled():
        sheet = new_sheet(10.0, 5.0, f"Patient {history.patient}: bars are one standard deviation of noise", 10.0)
        for ax, figure in zip(sheet.subplots(2, 3, sharex=True).flat, FIGURES, strict=True):
            trend(history, figure, ax=ax)
    return sheet
