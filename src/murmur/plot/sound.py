"""The sound itself: phonocardiogram and spectrogram, with S1 and S2 marked, on one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from murmur.errors import ParameterError
from murmur.plot.style import COLOURS, INK, TRACE, drawing
from murmur.segmentation.result import Segmentation, State

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

#: Denser sound is drawn as the band between the lowest and the highest sample of so many spans per inch.
SPANS_PER_INCH = 150
#: Length of the Hann windows, as in the analysis, and their step, in seconds.
WINDOW_S, STEP_S = 0.064, 0.008
#: Range of frequencies in which heart sounds and murmurs are heard.
LOWEST_HZ, HIGHEST_HZ = 20.0, 800.0


def phonocardiogram(
    recording: Recording,
    found: Analysis | Segmentation | None = None,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the sound above 20 Hz over time, S1 and S2 as bands, pale in cycles that are not trusted.

    Parameters
    ----------
    recording : Recording
        From `murmur.load`.
    found : Analysis or Segmentation, optional
        Of that recording.
    start_s, end_s : float, optional
        The part to show, in seconds; all of it by default.
    ax : matplotlib.axes.Axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        If nothing of the recording lies between `start_s` and `end_s`, or matplotlib is not installed.

    See Also
    --------
    spectrogram, overview

    Examples
    --------
    >>> import murmur
    >>> recording = murmur.load("13918_MV.wav")
    >>> ax = murmur.plot.phonocardiogram(recording, murmur.analyze(recording), end_s=4.0)
    >>> ax.get_xlabel()
    'time (s)'
    """
    first, last = _span(recording, start_s, end_s)
    with drawing(ax) as axes:
        rate_hz = recording.sample_rate_hz
        samples = _audible(recording.samples[first:last].astype(np.float64), rate_hz)
        largest = _typical_peak(samples, rate_hz)
        spans = round(SPANS_PER_INCH * _width_inches(axes))
        if len(samples) <= 2 * spans:
            axes.plot((first + np.arange(len(samples))) / rate_hz, samples, color=TRACE, linewidth=0.6)
        else:
            starts = np.linspace(0, len(samples), spans + 1).astype(np.int64)[:-1]
            low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
            axes.fill_between((first + starts) / rate_hz, low, high, color=TRACE, linewidth=0.4)
        axes.set(xlim=(first / rate_hz, last / rate_hz), ylim=(-largest, largest), yticks=[], xlabel="time (s)")
        axes.spines["left"].set_visible(False)
        if found is not None:
            _mark_sounds(axes, found)
        return axes


def spectrogram(
    recording: Recording,
    found: Analysis | Segmentation | None = None,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the spectrogram up to 800 Hz, 60 dB deep, with the onsets of S1 and S2.

    Parameters, return value and errors as of `phonocardiogram`.

    See Also
    --------
    phonocardiogram, overview

    Examples
    --------
    >>> import murmur
    >>> recording = murmur.load("13918_MV.wav")
    >>> murmur.plot.spectrogram(recording, end_s=4.0).get_ylabel()
    'frequency (Hz)'
    """
    first, last = _span(recording, start_s, end_s)
    with drawing(ax) as axes:
        import librosa

        rate_hz = recording.sample_rate_hz
        window, step = (max(round(length_s * rate_hz), 1) for length_s in (WINDOW_S, STEP_S))
        power = np.abs(librosa.stft(np.array(recording.samples[first:last]), n_fft=window, hop_length=step)) ** 2
        shown = power[: int(HIGHEST_HZ * window / rate_hz) + 2]
        loudest = max(float(shown[int(np.ceil(LOWEST_HZ * window / rate_hz)) :].max()), 1e-12)
        decibels = np.clip(librosa.power_to_db(shown, ref=loudest, top_db=None), -60.0, 0.0)
        librosa.display.specshow(
            decibels, sr=rate_hz, hop_length=step, n_fft=window, ax=axes, cmap="magma", rasterized=True, x_axis="s",
            y_axis="hz", x_coords=first / rate_hz + np.arange(decibels.shape[1]) * step / rate_hz,
            y_coords=np.arange(decibels.shape[0]) * rate_hz / window,
        )  # fmt: skip
        axes.set(xlim=(first / rate_hz, last / rate_hz), ylim=(0.0, min(HIGHEST_HZ, rate_hz / 2)))
        axes.set(xlabel="time (s)", ylabel="frequency (Hz)")
        if found is not None:
            _mark_onsets(axes, found)
        return axes


def _span(recording: Recording, start_s: float, end_s: float | None) -> tuple[int, int]:
    """First sample and one past the last of the part to show."""
    end_s = recording.duration_s if end_s is None else min(end_s, recording.duration_s)
    first, last = (round(time_s * recording.sample_rate_hz) for time_s in (max(start_s, 0.0), end_s))
    if last - first < 2:
        label = recording.info.path or "the recording"
        raise ParameterError(
            f"{label}: nothing to draw from {start_s:g} to {end_s:g} s; it is {recording.duration_s:.1f} s long"
        )
    return first, last


def _audible(samples: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """High-pass the sound: below hearing, breathing and the hand move the baseline more than the heart does."""
    from scipy.signal import butter, sosfiltfilt

    sections = butter(2, LOWEST_HZ, "highpass", fs=rate_hz, output="sos")
    padding = min(round(rate_hz / LOWEST_HZ), len(samples) - 1)
    heard: NDArray[np.float64] = sosfiltfilt(sections, samples, padlen=padding)
    return heard


def _typical_peak(samples: NDArray[np.float64], rate_hz: float) -> float:
    """Limit of the axis, from the peaks of most half seconds: scaled to a single knock, nothing else would be visible."""
    peaks = np.maximum.reduceat(np.abs(samples), np.arange(0, len(samples), max(int(0.5 * rate_hz), 1)))
    return 1.8 * float(np.median(peaks)) or 1.0


def _width_inches(ax: Axes) -> float:
    return float(ax.get_window_extent().width) / float(ax.get_figure().dpi)


def _sounds(found: Analysis | Segmentation, low_s: float, high_s: float) -> dict[State, list[tuple[float, float, bool]]]:
    """Start, duration and trust of each visible S1 and S2."""
    if isinstance(found, Segmentation):
        segmentation, sure = found, {start_s for start_s, _, _ in found.intervals}
    else:
        segmentation, trusted = found.segmentation, found.cycles.trusted
        cycles = segmentation.cycles
        sure = {*cycles.s1_onset_s[trusted].tolist(), *cycles.s2_onset_s[trusted].tolist()}
    sounds: dict[State, list[tuple[float, float, bool]]] = {State.S1: [], State.S2: []}
    for start_s, end_s, state in segmentation.intervals:
        if state in sounds and end_s > low_s and start_s < high_s:
            sounds[state].append((start_s, end_s - start_s, start_s in sure))
    return sounds


def _mark_sounds(ax: Axes, found: Analysis | Segmentation) -> None:
    low_s, high_s = ax.get_xlim()
    named = 72.0 * _width_inches(ax) / (high_s - low_s) >= 40.0  # points for each second: room for the names
    for state, sounds in _sounds(found, low_s, high_s).items():
        for trusted, alpha in ((True, 0.3), (False, 0.1)):
            spans = [(start_s, duration_s) for start_s, duration_s, sure in sounds if sure is trusted]
            label = state.name if trusted else None
            ax.broken_barh(
                spans, (0.0, 1.0), transform=ax.get_xaxis_transform(), color=COLOURS[state], alpha=alpha, linewidth=0,
                zorder=0.5, label=label,
            )  # fmt: skip
        for start_s, duration_s, sure in sounds if named else []:
            middle_s = start_s + 0.5 * duration_s
            if low_s <= middle_s <= high_s:
                ax.text(
                    middle_s, 0.99, state.name if sure else f"({state.name})", transform=ax.get_xaxis_transform(),
                    ha="center", va="top", fontsize=7.5, color=COLOURS[state],
                )  # fmt: skip
    if not named:
        ax.legend(loc="upper right", ncols=2, borderaxespad=0.0, handlelength=1.0, labelcolor=INK)


def _mark_onsets(ax: Axes, found: Analysis | Segmentation) -> None:
    low_s, high_s = ax.get_xlim()
    for (state, sounds), style in zip(_sounds(found, low_s, high_s).items(), ("-", (0, (1.5, 1.5))), strict=True):
        onsets_s = [start_s for start_s, _, _ in sounds if low_s <= start_s]
        ax.vlines(
            onsets_s, 0.0, 1.0, transform=ax.get_xaxis_transform(), color="white", alpha=0.75, linewidth=0.7,
            linestyle=style, label=state.name,
        )  # fmt: skip
