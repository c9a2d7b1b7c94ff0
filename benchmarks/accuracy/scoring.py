"""Each recording of CirCor against its labels, and each patient's recordings put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

import murmur
from murmur.formats.circor import Patient
from murmur.patients.patient import PatientAnalysis
from murmur.training.data import N_FOLDS, CircorSet, LabelledRecording
from murmur.training.scores import OnsetScore, score_onsets

__all__ = [
    "Joined",
    "Scored",
    "analyze_all",
    "fold_models",
    "group_by_patient",
    "join_all",
    "labelled_rate_bpm",
    "pooled",
    "score",
]

TOLERANCES_MS = (20, 40, 60, 100)
#: Probability of a murmur where nothing can be read: the share of the children who have one. Nobody is left out.
UNREAD_PROBABILITY = 0.21


@dataclass(frozen=True, eq=False)
class Scored:
    """One recording, what murmur says of it, and how right its segmentation is."""

    recording: LabelledRecording
    patient: Patient
    analysis: murmur.Analysis
    onsets: dict[tuple[int, int], OnsetScore]
    right_frames: int
    labelled_frames: int

    @property
    def frame_accuracy(self) -> float:
        return self.right_frames / max(self.labelled_frames, 1)

    @property
    def readable(self) -> bool:
        return self.analysis.status == "ok"

    @property
    def murmur_label(self) -> str | None:
        """The recording's class; None at a site where a patient's murmur is not heard: neither present nor absent."""
        return self.patient.murmur_at(self.recording.info.site)

    @property
    def murmur_probability(self) -> float:
        probability = self.analysis.findings.murmur.present_probability
        return UNREAD_PROBABILITY if probability is None else probability


@dataclass(frozen=True, eq=False)
class Joined:
    """One patient: the recordings, and what they say together."""

    patient: Patient
    items: tuple[Scored, ...]
    joint: PatientAnalysis

    @property
    def murmur_label(self) -> str:
        return self.patient.murmur.lower()

    @property
    def murmur_probability(self) -> float:
        return UNREAD_PROBABILITY if self.joint.murmur_probability is None else self.joint.murmur_probability

    @property
    def readable(self) -> bool:
        """Whether every recording can be read."""
        return all(item.readable for item in self.items)


def fold_models(folder: Path) -> dict[int, murmur.Models]:
    """Read the models of every fold: fold k's never saw its children."""
    return {
        k: murmur.Models.read(*(folder / f"{kind}_fold{k}.npz" for kind in ("segmentation", "murmur", "findings")))
        for k in range(N_FOLDS)
    }


def score(recording: LabelledRecording, patient: Patient, analysis: murmur.Analysis) -> Scored:
    """Compare with the labels: onsets at four tolerances, and states on a grid of 10 ms."""
    intervals = analysis.segmentation.intervals
    onsets = {}
    for state in (1, 3):
        found = np.array([i.start_s for i in intervals if i.state == state and i.start_s > 0])
        for tolerance_ms in TOLERANCES_MS:
            onsets[state, tolerance_ms] = score_onsets(found, recording.intervals, state, tolerance_ms / 1e3)
    n = int(analysis.duration_s * 100)
    found_states, true_states = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    for i in intervals:
        found_states[round(i.start_s * 100) : round(i.end_s * 100)] = int(i.state)
    for start_s, end_s, state in recording.intervals:
        true_states[round(start_s * 100) : round(end_s * 100)] = state
    labelled = true_states > 0
    right = int((found_states == true_states)[labelled].sum())
    return Scored(recording, patient, analysis, onsets, right, int(labelled.sum()))


def analyze_all(data: CircorSet, models: dict[int, murmur.Models], settings: murmur.Settings | None = None) -> list[Scored]:
    """Analyze every recording by the models of its fold."""
    scored = []
    for recording in data.recordings:
        chosen = models[recording.fold]
        analysis = murmur.analyze(recording.info, models=chosen, settings=settings)
        scored.append(score(recording, data.patients[recording.info.patient], analysis))
    return scored


def group_by_patient(scored: Iterable[Scored]) -> dict[str, list[Scored]]:
    """Recordings of each patient, in the order in which they come."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for item in scored:
        groups[item.recording.info.patient].append(item)
    return dict(groups)


def join_all(scored: Iterable[Scored], models: dict[int, murmur.Models]) -> list[Joined]:
    """Put each patient's recordings together."""
    return [
        Joined(
            items[0].patient,
            tuple(items),
            murmur.join_patient(id_, [i.analysis for i in items], models=models[items[0].recording.fold]),
        )
        for id_, items in group_by_patient(scored).items()
    ]


def pooled(items: Iterable[Scored], state: int, tolerance_ms: int) -> OnsetScore:
    """Onset counts over recordings."""
    total = OnsetScore()
    for item in items:
        total.add(item.onsets[state, tolerance_ms])
    return total


def labelled_rate_bpm(intervals: Sequence[tuple[float, float, int]]) -> float | None:
    """Median rate from one labelled S1 to the next."""
    cycles = [b[0] - a[0] for a, b in pairwise(i for i in intervals if i[2] == 1)]
    cycle_s = float(np.median(cycles)) if cycles else 0.0
    return 60.0 / cycle_s if cycle_s > 0 else None
