"""CinC 2016 training-a: adults' S1 against the R peaks of an electrocardiogram recorded with it.

The set as `murmur.datasets.cinc2016` reads it; four of its 409 recordings have no ECG. R peaks are SleepECG's; an S1
is right within 100 ms of R after taking off the median lag of the whole set. Needs wfdb and sleepecg (extra: bench).

References
----------
Liu C et al. (2016). An open access database for the evaluation of heart sound algorithms. Physiological Measurement 37.
https://doi.org/10.1088/0967-3334/37/12/2181
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.breakdowns import thirds
from benchmarks.accuracy.figures import Array, Figure, bootstrap_sums, ratio
from benchmarks.accuracy.plots import Page, Points
from benchmarks.accuracy.segmentation import f1
from murmur.datasets.cinc2016 import Cinc2016
from murmur.errors import MissingFileError, ParameterError
from murmur.training.scores import OnsetScore, match_onsets

__all__ = ["ecg_is_doubtful", "report", "report_and_page", "score_against_r"]

TOLERANCES_MS = (100, 60)
#: Of adults.
RATES_BPM = ((0, 60), (60, 75), (75, 90), (90, 250))
#: No heart stops for longer in a recording of half a minute.
LONGEST_RR_S = 3.0
#: An interval this far from the recording's median is irregular; fibrillation's seldom are.
IRREGULAR = 0.4
#: With more irregular intervals than this share the R peaks are not to be believed.
MOST_IRREGULAR = 1 / 3


@dataclass(frozen=True, eq=False)
class Ecg:
    """R peaks of one recording, and what the set says of it."""

    audio: Path
    r_s: Array
    label: str


@dataclass(frozen=True, eq=False)
class Judged:
    """One recording's S1 against its R peaks."""

    name: str
    label: str
    analysis: murmur.Analysis
    r_s: Array
    scores: dict[int, OnsetScore]

    @property
    def doubtful(self) -> bool:
        return ecg_is_doubtful(self.r_s, self.analysis.duration_s)

    @property
    def rate_bpm(self) -> float | None:
        return 60.0 / float(np.median(np.diff(self.r_s))) if self.r_s.size > 1 else None

    def counts(self, tolerance_ms: int) -> list[int]:
        score = self.scores[tolerance_ms]
        return [score.hits, score.misses, score.false_alarms]


def report(folder: Path, models: murmur.Models | None = None) -> dict[str, Any]:
    """S1 onsets against R peaks, with intervals by recording."""
    return report_and_page(folder, models)[0]


def report_and_page(folder: Path, models: murmur.Models | None = None) -> tuple[dict[str, Any], Page]:
    """The same figures, and what a page of plots needs of them."""
    data = Cinc2016.open(folder)
    ecgs, without = _read(data)
    analyses = [murmur.analyze(ecg.audio, models=models) for ecg in ecgs]
    lag_s = _median_lag_s(zip(map(_s1_onsets_s, analyses), (ecg.r_s for ecg in ecgs), strict=True))
    judged = [
        Judged(
            ecg.audio.stem,
            ecg.label,
            analysis,
            ecg.r_s,
            {
                ms: score_against_r(_s1_onsets_s(analysis), ecg.r_s + lag_s, analysis.duration_s, ms / 1e3)
                for ms in TOLERANCES_MS
            },
        )
        for ecg, analysis in zip(ecgs, analyses, strict=True)
    ]
    certain = [j for j in judged if not j.doubtful]
    readable = [j for j in judged if j.analysis.status == "ok"]
    rates = _breakdown(judged, _rate_band, [f"{low} to {high}" for low, high in RATES_BPM])
    third, thirds_of = thirds([j.analysis.quality.index for j in judged], "quality")
    figures = {
        "data": {
            "recordings with an ECG": len(judged),
            "left out, without an ECG": ", ".join(without) or "none",
            "missing": "; ".join(data.missing) or "none",
            "unreadable": len(judged) - len(readable),
            "doubtful ECG": ", ".join(j.name for j in judged if j.doubtful) or "none",
        },
        "S1 against R": {"median lag, ms": 1e3 * lag_s, "median absolute error, ms": _median_error_ms(judged)},
        "all and parts": {
            "all": _figures(judged),
            "without doubtful ECG": _figures(certain),
            "readable only": _figures(readable),
        },
        "by heart rate per minute, R to R": rates,
        "by quality": _breakdown(judged, lambda j: third(j.analysis.quality.index), thirds_of),
        "by reference": _breakdown(judged, lambda j: j.label),
        "worst recordings": _worst(judged),
    }
    return figures, _page(rates)


def _page(rates: dict[str, dict[str, Any]]) -> Page:
    series = {f"{ms} ms": tuple(row[f"F1, {ms} ms"] for row in rates.values()) for ms in TOLERANCES_MS}
    return Page(
        "CinC 2016 training-a: S1 against ECG",
        (Points("S1 F1 by heart rate", tuple(rates), series, "beats per minute, R to R"),),
    )


def _read(data: Cinc2016) -> tuple[list[Ecg], list[str]]:
    """Recordings with their R peaks, and the names of those without an ECG."""
    try:
        import wfdb  # noqa: F401  (reads the ECG)
        from sleepecg.heartbeats import detect_heartbeats
    except ImportError as error:
        raise ParameterError('reading CinC 2016 needs wfdb and sleepecg: pip install -e ".[bench]"') from error
    ecgs, without = [], []
    for recording in data:
        if not recording.has_ecg:
            without.append(recording.name)
            continue
        signal, rate_hz = recording.ecg()
        # A flat line has no beats, and SleepECG's thresholds none to stand on.
        beats = detect_heartbeats(signal, rate_hz) if np.ptp(signal) > 0 else np.empty(0)
        ecgs.append(Ecg(recording.path, np.asarray(beats, dtype=np.float64) / rate_hz, recording.reference or "not stated"))
    if not ecgs:
        raise MissingFileError(f"{data.folder}: none of its {len(data)} recordings has an ECG; only training-a has them")
    return ecgs, without


def _s1_onsets_s(analysis: murmur.Analysis) -> Array:
    """Onsets that were heard: a recording may begin within an S1."""
    return np.array([i.start_s for i in analysis.segmentation.intervals if i.state == 1 and i.start_s > 0], dtype=np.float64)


def _median_lag_s(pairs: Iterable[tuple[Array, Array]]) -> float:
    """Median over the set of the time from R to the nearest S1."""
    lags = [_nearest(s1_s, r_s) - r_s for s1_s, r_s in pairs if s1_s.size and r_s.size]
    return float(np.median(np.concatenate(lags))) if lags else 0.0


def _nearest(values: Array, to: Array) -> Array:
    after = np.searchsorted(values, to).clip(1, max(values.size - 1, 1))
    below, above = values[after - 1], values[np.minimum(after, values.size - 1)]
    nearest: Array = np.where(to - below <= above - to, below, above)
    return nearest


def score_against_r(s1_s: Array, expected_s: Array, duration_s: float, tolerance_s: float) -> OnsetScore:
    """Match S1 onsets with where the R peaks say that they are; at the recording's ends nothing is missed or invented."""
    matched = match_onsets(s1_s, expected_s, tolerance_s)
    found, expected = {i for i, _ in matched}, {j for _, j in matched}

    def inside(times: Array, but: set[int]) -> int:
        return sum(tolerance_s <= t <= duration_s - tolerance_s for i, t in enumerate(times) if i not in but)

    score = OnsetScore()
    score.hits = len(matched)
    score.misses = inside(expected_s, expected)
    score.false_alarms = inside(s1_s, found)
    score.errors_s = [float(s1_s[i] - expected_s[j]) for i, j in matched]
    return score


def ecg_is_doubtful(r_s: Array, duration_s: float) -> bool:
    """Whether no heart beats like these R peaks: a long stretch without any, or intervals irregular beyond belief."""
    if r_s.size < 3:
        return True
    pauses = np.diff(np.r_[0.0, r_s, duration_s])
    intervals = np.diff(r_s)
    irregular = np.abs(intervals / np.median(intervals) - 1.0) > IRREGULAR
    return bool(pauses.max() > LONGEST_RR_S or irregular.mean() > MOST_IRREGULAR)


def _figures(judged: Sequence[Judged]) -> dict[str, Any]:
    row: dict[str, Any] = {"recordings": len(judged)}
    for ms in TOLERANCES_MS:
        counts = [j.counts(ms) for j in judged]
        row[f"sensitivity, {ms} ms"] = _interval(counts, lambda c: ratio(c[:, 0], c[:, 0] + c[:, 1]))
        row[f"predictivity, {ms} ms"] = _interval(counts, lambda c: ratio(c[:, 0], c[:, 0] + c[:, 2]))
        row[f"F1, {ms} ms"] = _interval(counts, f1)
    return row


def _interval(counts: Sequence[Sequence[int]], figure: Callable[[Array], Array]) -> Figure:
    return bootstrap_sums(np.reshape(counts, (len(counts), 3)), figure)


def _breakdown(
    judged: Sequence[Judged], key: Callable[[Judged], str], order: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    parts: dict[str, list[Judged]] = {name: [] for name in order}
    for j in judged:
        parts.setdefault(key(j), []).append(j)
    return {name: _figures(part) for name, part in parts.items() if part}


def _rate_band(j: Judged) -> str:
    rate = j.rate_bpm
    for low, high in RATES_BPM:
        if rate and low <= rate < high:
            return f"{low} to {high}"
    return "no rate"


def _median_error_ms(judged: Sequence[Judged]) -> float:
    errors = [abs(e) for j in judged for e in j.scores[TOLERANCES_MS[0]].errors_s]
    return 1e3 * float(np.median(errors)) if errors else float("nan")


def _worst(judged: Sequence[Judged], count: int = 12) -> dict[str, str]:
    ordered = sorted(judged, key=lambda j: j.scores[TOLERANCES_MS[0]].f1)
    return {
        j.name: f"F1 {j.scores[TOLERANCES_MS[0]].f1:.2f}, quality {j.analysis.quality.index:.2f}"
        + (", doubtful ECG" if j.doubtful else "")
        for j in ordered[:count]
    }
