"""Beat by beat, and on the average: the murmur's profile, S1 against S2, and the rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from murmur.plot.style import COLOURS, INK, SIGN, SOFT, axes, styled
from murmur.segmentation.result import State

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from murmur.pipeline.analysis import Analysis

__all__ = ["beat", "levels", "tachogram"]


def beat(analysis: Analysis, *, ax: Axes | None = None) -> Axes:
    """Draw the average beat: the sound of systole and diastole above late diastole, 80 to 600 Hz.

    The line is the median over the trusted beats, the band reaches from their 10 % to their 90 % quantile; widths are the
    median durations.

    Parameters
    ----------
    analysis : Analysis
    ax : matplotlib.axes.Axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Empty but for a sentence where no beat was measured.

    Raises
    ------
    ParameterError
        If matplotlib is not installed.
    """
    with styled():
        ax = axes(ax, 5.0, 2.8)
        murmur, trusted = analysis.murmur, analysis.cycles.trusted
        if murmur is None or not trusted.any():
            return _nothing(ax, "no beat could be measured")
        found = analysis.segmentation.cycles
        onsets = (found.s1_onset_s, found.systole_onset_s, found.s2_onset_s, found.diastole_onset_s, found.end_s)
        s1, systole, s2, diastole, end = (1e3 * float(np.median((o - found.s1_onset_s)[trusted])) for o in onsets)
        for state, from_ms, to_ms in ((State.S1, s1, systole), (State.S2, s2, diastole)):
            ax.axvspan(from_ms, to_ms, color=COLOURS[state], alpha=0.3, linewidth=0)
            ax.text(0.5 * (from_ms + to_ms), 0.99, state.name, color=COLOURS[state], ha="center", va="top", fontsize=8,
                    transform=ax.get_xaxis_transform())  # fmt: skip
        low_db, high_db = murmur.profile_low_db, murmur.profile_high_db
        quiet_low_db, quiet_high_db = murmur.diastole_profile_low_db, murmur.diastole_profile_high_db
        for from_ms, to_ms, low, middle, high, colour in (
            (systole, s2, low_db, murmur.profile_db, high_db, SIGN),
            (diastole, end, quiet_low_db, murmur.diastole_profile_db, quiet_high_db, SOFT),
        ):
            edges_ms = np.linspace(from_ms, to_ms, len(middle) + 1)
            ax.stairs(high, edges_ms, baseline=low, fill=True, color=colour, alpha=0.22, linewidth=0)
            ax.stairs(middle, edges_ms, baseline=None, color=colour, linewidth=1.6)
        ax.axhline(0.0, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
        top_db = max(*high_db, *quiet_high_db, 9.0)
        # what lies far below late diastole tells nothing
        ax.set(xlim=(0.0, end), ylim=(max(min(*low_db, -3.0) - 1.0, -12.0), 1.12 * top_db), xlabel="time from S1 (ms)")
        ax.set(ylabel="above late diastole (dB)", title=f"Average of {int(trusted.sum())} beats, 80 to 600 Hz")
    return ax


def levels(analysis: Analysis, *, ax: Axes | None = None) -> Axes:
    """Draw S1 against S2 beat by beat, 60 to 100 Hz, their median, and what is usual at the site.

    Arguments, value and errors as of `beat`.
    """
    with styled():
        ax = axes(ax)
        cycles, finding = analysis.cycles, analysis.findings.s1_intensity
        if not cycles.trusted.any():
            return _nothing(ax, "no beat could be measured")
        times_s, values = analysis.segmentation.cycles.s1_onset_s[cycles.trusted], cycles.s1_s2_level_db[cycles.trusted]
        ax.plot(times_s, values, "o", color=COLOURS[State.S1], markersize=3.5)
        middle = float(np.median(values))
        _level(ax, middle, f"median {middle:+.1f}", COLOURS[State.S1], "-")
        usual = finding.evidence.get("usual_at_site_db")
        if usual is not None:
            where = f"at {analysis.info.site}" if analysis.info.site else "over all sites"
            _level(ax, usual, f"usual {where} {usual:+.1f}", at=0.0)
        ends = [*np.quantile(values, (0.02, 0.98)).tolist(), middle, middle if usual is None else usual]
        room = max(0.3 * (max(ends) - min(ends)), 2.0)
        ax.set(xlim=(0.0, analysis.duration_s), ylim=(min(ends) - room, max(ends) + room), xlabel="time (s)")
        ax.set(ylabel="level (dB)", title="S1 against S2, 60 to 100 Hz")
    return ax


def tachogram(analysis: Analysis, *, ax: Axes | None = None) -> Axes:
    """Draw the rate of each beat, from its S1 to the next, hollow where it is not trusted, with pauses marked.

    Arguments, value and errors as of `beat`.
    """
    with styled():
        ax = axes(ax)
        found, trusted = analysis.segmentation.cycles, analysis.cycles.trusted
        if not len(found):
            return _nothing(ax, "no beat was found")
        rate = 60.0 / (found.end_s - found.s1_onset_s)
        line = np.where(trusted, rate, np.nan)
        ax.plot(found.s1_onset_s, line, color=INK, linewidth=0.8)
        ax.plot(found.s1_onset_s[trusted], rate[trusted], "o", color=INK, markersize=3.0)
        if not trusted.all():
            ax.plot(found.s1_onset_s[~trusted], rate[~trusted], "o", color=SOFT, markerfacecolor="none", markersize=3.0,
                    label="not trusted")  # fmt: skip
        for number, pause in enumerate(analysis.rhythm.pauses):
            ax.axvspan(pause.start_s, pause.start_s + pause.duration_s, color=SIGN, alpha=0.15, linewidth=0,
                       label="pause" if number == 0 else None)  # fmt: skip
        mean = analysis.rhythm.heart_rate_bpm
        if mean is not None:
            _level(ax, mean, f"mean {mean:.0f}")
        ax.set(xlim=(0.0, analysis.duration_s), ylim=_room_for(rate[trusted] if trusted.any() else rate), xlabel="time (s)")
        ax.set(ylabel="per minute", title="Rate")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="lower right", ncols=2, bbox_to_anchor=(1.0, 0.98), borderaxespad=0.0)
    return ax


def _level(ax: Axes, value: float, text: str, colour: str = SOFT, style: Any = (0, (4, 3)), at: float = 1.0) -> None:
    """Draw a line across, and say on it, at its right or left end, what it is."""
    ax.axhline(value, color=colour, linewidth=1.0, linestyle=style)
    ax.annotate(
        text, (at, value), (-2 if at else 2, 2), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
        ha="right" if at else "left", va="bottom", fontsize=7.5, color=colour,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
    )  # fmt: skip


def _room_for(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = max(0.15 * (high - low), 8.0)
    return max(low - room, 0.0), high + room


def _nothing(ax: Axes, why: str) -> Axes:
    """An empty plot says why it is."""
    ax.text(0.5, 0.5, why, ha="center", va="center", color=SOFT, transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax
