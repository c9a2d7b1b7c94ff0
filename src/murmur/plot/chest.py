"""Where on the chest a murmur is heard, and how loud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from murmur.plot.style import INK, SOFT, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from murmur.pipeline.analysis import Analysis

#: Where each site lies on a chest that is two units wide, seen from the front: the patient's left is on the right.
PLACES = {
    "AV": (-0.17, 0.62),
    "PV": (0.17, 0.62),
    "Erb": (0.17, 0.38),
    "TV": (0.17, 0.10),
    "MV": (0.46, -0.10),
    "Ax": (0.88, -0.02),
}
#: From the faintest murmur that is drawn to the loudest, in dB relative to S2.
FAINTEST_DB, LOUDEST_DB = -30.0, 5.0


def chest_map(analyses: Sequence[Analysis], *, ax: Axes | None = None) -> Axes:
    """Draw the sites of one person, coloured by the level of the murmur in mid-systole relative to S2, 80 to 600 Hz.

    A site is white if no murmur is heard, hatched if that is unknown or the recording is unreadable, and dotted without a
    recording. Several recordings at one site are drawn as their median.

    Parameters
    ----------
    analyses : sequence of Analysis
        Recordings of one person; those at no known place on the chest are not drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        If matplotlib is not installed.

    See Also
    --------
    murmur.join_patient : The same recordings in figures.

    Examples
    --------
    >>> import murmur
    >>> ax = murmur.plot.chest_map([murmur.analyze("13918_MV.wav"), murmur.analyze("recordings/13918_AV.wav")])
    >>> ax.get_title(loc="left")
    'Murmur by site, dB relative to S2'
    """
    with drawing(ax, 4.2, 3.6) as axes:
        _draw_chest(axes)
        for site, place in PLACES.items():
            _draw_site(axes, site, place, [a for a in analyses if a.info.site == site])
        axes.set(xlim=(-1.15, 1.15), ylim=(-0.62, 1.12), aspect="equal")
        axes.set_title("Murmur by site, dB relative to S2")
        axes.set_axis_off()
        for x, side, text in (
            (-1.1, "left", "right"),
            (1.1, "right", "left"),
            (0.0, "center", "white: none heard, dotted: not recorded"),
        ):
            axes.text(x, -0.6, text, color=SOFT, fontsize=7.5, ha=side)
        return axes


def _draw_site(ax: Axes, site: str, place: tuple[float, float], here: Sequence[Analysis]) -> None:
    import matplotlib as mpl
    from matplotlib.patches import Circle

    heard = [a.murmur.level_db for a in here if a.findings.murmur.value == "present" and a.murmur is not None]
    known = any(a.status == "ok" and a.findings.murmur.value != "unknown" for a in here)
    face: Any = "white"
    text, ink, style = site, INK, {"linestyle": "-", "edgecolor": INK}
    if heard:
        level_db = float(np.median([FAINTEST_DB if level_db is None else level_db for level_db in heard]))
        shade = min(max((level_db - FAINTEST_DB) / (LOUDEST_DB - FAINTEST_DB), 0.0), 1.0)
        face, text = mpl.colormaps["YlOrRd"](shade), f"{site}\n{level_db:+.0f}"
        ink = "white" if sum(face[:3]) < 1.4 else INK
    elif not here:
        ink, style = SOFT, {"linestyle": ":", "edgecolor": SOFT}
    elif not known:
        style = {"linestyle": "-", "edgecolor": SOFT, "hatch": "////"}
    ax.add_patch(Circle(place, 0.115, facecolor=face, linewidth=1.0, zorder=3, **style))
    ax.text(*place, text, ha="center", va="center", fontsize=7.5, linespacing=0.95, zorder=4, color=ink)


def _draw_chest(ax: Axes) -> None:
    """Outline, breastbone and ribs, in the background."""
    shoulders_x = np.array([-0.22, -0.28, -0.85, -1.02, -1.04, -0.96, -0.86, -0.84])
    shoulders_y = np.array([1.10, 0.95, 0.84, 0.66, 0.35, -0.05, -0.35, -0.60])
    for side in (1, -1):
        ax.plot(side * shoulders_x, shoulders_y, color="#c4c2bd", linewidth=1.2, solid_capstyle="round", zorder=1)
        for number in range(6):
            x = np.linspace(0.09, 0.78 + 0.02 * number, 30)
            y = 0.78 - 0.2 * number - 0.16 * (x - 0.09) ** 1.6 + 0.05 * np.sin(np.pi * (x - 0.09) / 0.75)
            ax.plot(side * x, y, color="#e6e3dd", linewidth=2.2, zorder=1, solid_capstyle="round")
    ax.plot([-0.075, -0.06, -0.035, 0.0, 0.035, 0.06, 0.075], [0.88, 0.4, -0.1, -0.2, -0.1, 0.4, 0.88],
            color="#d8d5cf", linewidth=1.2, zorder=1)  # fmt: skip
