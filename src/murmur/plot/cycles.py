"""Cycle by cycle, and on average: the murmur's profile, S1 against S2, and the rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from murmur.plot.style import COLOURS, DASHES, INK, SIGN, SOFT, drawing
from murmur.segmentation.result import State

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from murmur.measure.murmur import MurmurFeatures
    from murmur.pipeline.analysis import Analysis


def cycle(analysis: Analysis, *, ax: Axes | None = None) -> Axes:
    """Draw the average cycle: the sound of systole and diastole above late diastole, 80 to 600 Hz.

    The line is the median over the trusted cycles, the band spans their 10 % to 90 % quantiles; widths are the median
    durations.

    Parameters
    ----------
    analysis : Analysis
    ax : matplotlib.axes.Axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes
        Empty but for a sentence if no cycle was measured.

    Raises
    ------
    ParameterError
        If matplotlib is not installed.

    See Also
    --------
    levels, tachogram

    Examples
    --------
    >>> import murmur
    >>> murmur.plot.cycle(murmur.analyze("13918_MV.wav")).get_xlabel()
    'time from S1 (ms)'
    """
    with drawing(ax, 5.0, 2.8) as axes:
        murmur, trusted = analysis.murmur, analysis.cycles.trusted
        if murmur is None or not trusted.any():
            return _nothing(axes, "no cycle could be measured")
        found = analysis.segmentation.cycles
        onsets = (found.s1_onset_s, found.systole_onset_s, found.s2_onset_s, found.diastole_onset_s, found.end_s)
        s1, systole, s2, diastole, end = (1e3 * float(np.median((o - found.s1_onset_s)[trusted])) for o in onsets)
        for state, from_ms, to_ms in ((State.S1, s1, systole), (State.S2, s2, diastole)):
            axes.axvspan(from_ms, to_ms, color=COLOURS[state], alpha=0.3, linewidth=0)
            axes.text(0.5 * (from_ms + to_ms), 0.99, state.name, color=COLOURS[state], ha="center", va="top", fontsize=8,
                    transform=axes.get_xaxis_transform())  # fmt: skip
        _draw_profiles(axes, murmur, (systole, s2), (diastole, end))
        axes.set(xlim=(0.0, end), xlabel="time from S1 (ms)", ylabel="above late diastole (dB)")
        axes.set_title(f"Average of {int(trusted.sum())} cycles, 80 to 600 Hz")
        return axes


def _draw_profiles(ax: Axes, murmur: MurmurFeatures, systole: tuple[float, float], diastole: tuple[float, float]) -> None:
    """Draw the profiles of systole and diastole, each from its beginning to its end (ms)."""
    for span_ms, low, middle, high, colour in (
        (systole, murmur.profile_low_db, murmur.profile_db, murmur.profile_high_db, SIGN),
        (diastole, murmur.diastole_profile_low_db, murmur.diastole_profile_db, murmur.diastole_profile_high_db, SOFT),
    ):
        edges_ms = np.linspace(*span_ms, len(middle) + 1)
        ax.stairs(high, edges_ms, baseline=low, fill=True, color=colour, alpha=0.22, linewidth=0)
        ax.stairs(middle, edges_ms, baseline=None, color=colour, linewidth=1.6)
    ax.axhline(0.0, color=INK, linewidth=0.7, linestyle=DASHES)
    # nothing is learned from what lies far below late diastole
    lowest, highest = min(*murmur.profile_low_db, -3.0), max(*murmur.profile_high_db, *murmur.diastole_profile_high_db, 9.0)
    ax.set_ylim(max(lowest - 1.0, -12.0), 1.12 * highest)


def levels(analysis: Analysis, *, ax: Axes | None = None) -> Axes:
    """Draw S1 against S2 cycle by cycle, 60 to 100 Hz, their median, and the norm at the site.

    Parameters, return value and errors as of `cycle`.

    See Also
    --------
    cycle, tachogram

    Examples
    --------
    >>> import murmur
    >>> murmur.plot.levels(murmur.analyze("13918_MV.wav")).get_title(loc="left")
    'S1 against S2, 60 to 100 Hz'
    """
    with drawing(ax) as axes:
        cycles, evidence = analysis.cycles, analysis.findings.s1_intensity.evidence
        if not cycles.trusted.any():
            return _nothing(axes, "no cycle could be measured")
        times_s, values = analysis.segmentation.cycles.s1_onset_s[cycles.trusted], cycles.s1_s2_level_db[cycles.trusted]
        axes.plot(times_s, values, "o", color=COLOURS[State.S1], markersize=3.5)
        middle = float(np.median(values))
        _level(axes, middle, f"median {middle:+.1f}", COLOURS[State.S1], "-")
        norm = evidence.get("norm_at_site_db")
        if norm is not None:
            where = f"at {analysis.info.site}" if analysis.info.site else "over all sites"
            _level(axes, norm, f"norm {where} {norm:+.1f}", at=0.0)
        ends = [*np.quantile(values, (0.02, 0.98)).tolist(), middle, middle if norm is None else norm]
        room = max(0.3 * (max(ends) - min(ends)), 2.0)
        axes.set(xlim=(0.0, analysis.duration_s), ylim=(min(ends) - room, max(ends) + room))
        axes.set(xlabel="time (s)", ylabel="level (dB)", title="S1 against S2, 60 to 100 Hz")
        return axes


def tachogram(analysis: Analysis, *, ax: Axes | None = None) -> Axes:
    """Draw the rate of each cycle, from S1 to S1, hollow if it is not trusted, with pauses marked.

    Parameters, return value and errors as of `cycle`.

    See Also
    --------
    cycle, levels

    Examples
    --------
    >>> import murmur
    >>> murmur.plot.tachogram(murmur.analyze("13918_MV.wav")).get_title(loc="left")
    'Heart rate'
    """
    with drawing(ax) as axes:
        found, trusted = analysis.segmentation.cycles, analysis.cycles.trusted
        if not len(found):
            return _nothing(axes, "no cycle was found")
        rate = 60.0 / (found.end_s - found.s1_onset_s)
        axes.plot(found.s1_onset_s, np.where(trusted, rate, np.nan), color=INK, linewidth=0.8)
        axes.plot(found.s1_onset_s[trusted], rate[trusted], "o", color=INK, markersize=3.0)
        if not trusted.all():
            axes.plot(found.s1_onset_s[~trusted], rate[~trusted], "o", color=SOFT, markerfacecolor="none", markersize=3.0,
                    label="not trusted")  # fmt: skip
        for number, pause in enumerate(analysis.rhythm.pauses):
            axes.axvspan(pause.start_s, pause.start_s + pause.duration_s, color=SIGN, alpha=0.15, linewidth=0,
                       label="pause" if number == 0 else None)  # fmt: skip
        mean = analysis.rhythm.heart_rate_bpm
        if mean is not None:
            _level(axes, mean, f"mean {mean:.0f}")
        shown = rate[trusted] if trusted.any() else rate
        room = max(0.15 * np.ptp(shown), 8.0)
        axes.set(xlim=(0.0, analysis.duration_s), ylim=(max(shown.min() - room, 0.0), shown.max() + room))
        axes.set(xlabel="time (s)", ylabel="per minute", title="Heart rate")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower right", ncols=2, bbox_to_anchor=(1.0, 0.98), borderaxespad=0.0)
        return axes


def _level(ax: Axes, value: float, text: str, colour: str = SOFT, style: Any = DASHES, at: float = 1.0) -> None:
    """Draw a line across, labelled at its right or left end."""
    ax.axhline(value, color=colour, linewidth=1.0, linestyle=style)
    ax.annotate(
        text, (at, value), (-2 if at else 2, 2), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
        ha="right" if at else "left", va="bottom", fontsize=7.5, color=colour,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
    )  # fmt: skip


def _nothing(ax: Axes, why: str) -> Axes:
    """Write on an empty plot why it is empty."""
    ax.text(0.5, 0.5, why, ha="center", va="center", color=SOFT, transform=ax.transAxes)
    ax.set_axis_off()
    return ax
