"""Figures of the segmentation: onsets, frames, cycles whose S1 and S2 are swapped, and confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.figures import Array, Figure, bootstrap_sums, calibration, ratio, weighted_auroc
from benchmarks.accuracy.scoring import (
    TOLERANCES_MS,
    Scored,
    group_by_patient,
    labelled_rate_bpm,
    pooled,
)
from murmur.training.data import LabelledRecording
from murmur.training.scores import right_cycles, score_onsets

__all__ = [
    "STATES",
    "JudgedCycles",
    "f1",
    "fast_against_rest",
    "judge_cycles",
    "onset_counts",
    "segmentation_figures",
    "summary_figures",
    "swapped_figures",
    "worst",
]

STATES = {1: "S1", 3: "S2"}
#: Under this share of right frames a recording counts as failed.
FAILED = 0.6
#: A fast heart.
FAST_BPM = 120.0


def f1(counts: Array) -> Array:
    """F1 from hits, misses and false alarms along the last axis."""
    return ratio(2 * counts[..., 0], 2 * counts[..., 0] + counts[..., 1] + counts[..., 2])


def onset_counts(items: Iterable[Scored], state: int, tolerance_ms: int = 60) -> NDArray[np.float64]:
    """Hits, misses and false alarms over recordings."""
    total = pooled(items, state, tolerance_ms)
    return np.array([total.hits, total.misses, total.false_alarms], dtype=np.float64)


def summary_figures(scored: Iterable[Scored]) -> dict[str, Figure]:
    """F1 of S1 and S2 within 60 ms, frame accuracy, and the share of failed recordings."""
    groups = list(group_by_patient(scored).values())
    figures = {
        f"{name} F1": bootstrap_sums([onset_counts(items, state) for items in groups], f1) for state, name in STATES.items()
    }
    return figures | {
        "frame accuracy": _share(groups, lambda i: i.right_frames, lambda i: i.labelled_frames),
        "under .6": _share(groups, _failed, lambda i: i.labelled_frames > 0),
    }


def segmentation_figures(scored: Sequence[Scored]) -> dict[str, Any]:
    """Onsets at four tolerances, frames, and the share of failed recordings."""
    groups = list(group_by_patient(scored).values())
    figures: dict[str, Any] = {}
    for state, name in STATES.items():
        for tolerance_ms in TOLERANCES_MS:
            figures[f"{name} onset F1, {tolerance_ms} ms"] = bootstrap_sums(
                [onset_counts(items, state, tolerance_ms) for items in groups], f1
            )
        total = pooled(scored, state, 60)
        figures[f"{name} sensitivity, predictivity"] = (total.sensitivity, total.positive_predictivity)
        figures[f"{name} median onset error, ms"] = 1e3 * float(np.median(total.errors_s))
        figures[f"{name} median absolute onset error, ms"] = 1e3 * float(np.median(np.abs(total.errors_s)))
    summary = summary_figures(scored)
    figures["frame accuracy"] = summary["frame accuracy"]
    figures["recordings under .6 frame accuracy"] = summary["under .6"]
    return figures


def _failed(item: Scored) -> bool:
    return item.labelled_frames > 0 and item.frame_accuracy < FAILED


def _share(groups: Sequence[Sequence[Scored]], part: Callable[[Scored], float], whole: Callable[[Scored], float]) -> Figure:
    counts = [[sum(part(i) for i in items), sum(whole(i) for i in items)] for items in groups]
    return bootstrap_sums(counts, lambda total: ratio(total[:, 0], total[:, 1]))


def fast_against_rest(scored: Sequence[Scored]) -> dict[str, Figure]:
    """F1 of recordings above 120 per minute less F1 of the rest, by their labels."""
    groups = group_by_patient(i for i in scored if labelled_rate_bpm(i.recording.intervals))
    figures = {}
    for state, name in STATES.items():
        counts = [
            [
                onset_counts(
                    [i for i in items if ((labelled_rate_bpm(i.recording.intervals) or 0) >= FAST_BPM) == fast], state
                )
                for fast in (True, False)
            ]
            for items in groups.values()
        ]
        figures[f"{name} F1"] = bootstrap_sums(counts, lambda total: f1(total[:, 0]) - f1(total[:, 1]))
    return figures


def _labelled_lengths_s(recording: LabelledRecording) -> tuple[float, float] | None:
    """Median systole, from S1's onset to S2's, and median length of the labelled cycles."""
    spans = [i for i in recording.intervals if i[2]]
    cycles = [
        (third[0] - first[0], last[0] - first[0])
        for first, third, last in zip(spans, spans[2:], spans[4:], strict=False)
        if (first[2], third[2], last[2]) == (1, 3, 1)
    ]
    if len(cycles) < 3:
        return None
    systole_s, cycle_s = np.median(cycles, axis=0).tolist()
    return systole_s, cycle_s


def _is_swapped(item: Scored) -> bool:
    """Whether most labelled S1 are our S2 and most labelled S2 our S1."""
    found = {
        state: np.array([i.start_s for i in item.analysis.segmentation.intervals if i.state == state]) for state in STATES
    }
    crossed = [score_onsets(found[4 - state], item.recording.intervals, state).sensitivity for state in STATES]
    straight = [item.onsets[state, 60].sensitivity for state in STATES]
    return min(crossed) > 0.6 and max(straight) < 0.4


def swapped_figures(scored: Iterable[Scored], systole_slope: float = 0.227) -> dict[str, Any]:
    """Recordings whose S1 and S2 we call the other way round than the labels, and whom the child's other recordings support.

    Systole changes little between a child's recordings but for the rate: the other recordings' labels, moved to this one's
    cycle by 0.227 s per second of cycle, say which of the two intervals is systole. They judge only where the two differ by
    more than 10 ms from being equally fitting.
    """
    scored = list(scored)
    theirs, names, contradicted = 0, [], set()
    for items in group_by_patient(scored).values():
        right = [i for i in items if i.frame_accuracy >= FAILED]
        others = [lengths for i in right if (lengths := _labelled_lengths_s(i.recording))]
        for item in items:
            if not item.labelled_frames or not _is_swapped(item):
                continue
            names.append(item.recording.name)
            lengths = _labelled_lengths_s(item.recording)
            if lengths is None or not others:
                continue
            systole_s, cycle_s = lengths
            usual_s = float(np.median([s + systole_slope * (cycle_s - c) for s, c in others]))
            doubt_s = abs(systole_s - usual_s) - abs(cycle_s - systole_s - usual_s)
            if doubt_s > 0.01:
                contradicted.add(item.recording.name)
            theirs += doubt_s < -0.01
    return {
        "recordings": len(names),
        "the child's other recordings contradict the labels": len(contradicted),
        "the child's other recordings agree with the labels": theirs,
        "without those that are contradicted": summary_figures(i for i in scored if i.recording.name not in contradicted),
        "names": ", ".join(sorted(names)),
    }


@dataclass(frozen=True, eq=False)
class JudgedCycles:
    """Cycles in labelled spans, as columns: patient, confidence, and whether S1 and S2 are right."""

    patient: list[str]
    confidence: list[float]
    right: list[bool]

    def calibration(self) -> dict[str, Any]:
        return calibration(self.confidence, self.right, group=self.patient)

    def auroc(self) -> float:
        return float(weighted_auroc(self.confidence, self.right, np.ones(len(self.right))))


def judge_cycles(scored: Iterable[Scored]) -> JudgedCycles:
    """Compare each cycle that lies in a labelled span."""
    judged = JudgedCycles([], [], [])
    for item in scored:
        cycles = item.analysis.segmentation.cycles
        index, right = right_cycles(cycles.s1_onset_s, cycles.s2_onset_s, cycles.end_s, item.recording.intervals)
        judged.patient.extend([item.patient.id] * index.size)
        judged.confidence.extend(cycles.confidence[index].tolist())
        judged.right.extend(right.tolist())
    return judged


def worst(scored: Iterable[Scored], count: int = 12) -> dict[str, str]:
    """Name the recordings of least frame accuracy."""
    labelled = sorted((i for i in scored if i.labelled_frames), key=lambda i: i.frame_accuracy)
    return {
        i.recording.name: f"accuracy {i.frame_accuracy:.2f}, quality {i.analysis.quality.index:.2f}, {i.patient.murmur}"
        for i in labelled[:count]
    }
