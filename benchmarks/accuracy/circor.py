"""CirCor DigiScope: segmentation, murmurs and their character, out of fold by child."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.figures import bootstrap, calibration
from murmur.finding_models import FindingModels
from murmur.findings import (
    GRADES,
    PITCHES,
    blowing_probability,
    loudness_vector,
    shape_probabilities,
    timing_probabilities,
)
from murmur.formats.circor import Patient
from murmur.segmentation.model import SegmentationModel
from murmur.training.data import N_FOLDS, CircorSet, LabelledRecording, read_circor
from murmur.training.scores import OnsetScore, auroc, right_beats, score_onsets, weighted_accuracy

__all__ = ["Scored", "analyze_all", "fold_models", "report"]

#: Score of a patient none of whose recordings can be read: nobody is left out.
UNREAD_PROBABILITY = 0.21


@dataclass(frozen=True, eq=False)
class Scored:
    """One recording, what murmur says of it, and how right its beats are."""

    recording: LabelledRecording
    patient: Patient
    analysis: murmur.Analysis
    onsets: dict[tuple[int, int], OnsetScore]
    right_frames: int
    labelled_frames: int

    @property
    def frame_accuracy(self) -> float:
        return self.right_frames / max(self.labelled_frames, 1)


def fold_models(folder: Path) -> dict[int, murmur.Models]:
    """Read the models of every fold: fold k's never saw its children."""
    return {
        k: murmur.Models(
            SegmentationModel.load(folder / f"segmentation_fold{k}.npz"),
            FindingModels.load(folder / f"findings_fold{k}.npz"),
        )
        for k in range(N_FOLDS)
    }


def score(recording: LabelledRecording, patient: Patient, analysis: murmur.Analysis) -> Scored:
    """Compare with the labels: onsets at four tolerances, and states on a grid of 10 ms."""
    intervals = analysis.segmentation.intervals
    onsets = {}
    for state in (1, 3):
        found = np.array([i.start_s for i in intervals if i.state == state and i.start_s > 0])
        for tolerance_ms in (20, 40, 60, 100):
            onsets[state, tolerance_ms] = score_onsets(found, recording.intervals, state, tolerance_ms / 1e3)
    n = int(analysis.duration_s * 100)
    found_states, true_states = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    for states, spans in ((found_states, intervals), (true_states, recording.intervals)):
        for start_s, end_s, state in spans:
            states[round(start_s * 100) : round(end_s * 100)] = int(state)
    labelled = true_states > 0
    right = int((found_states == true_states)[labelled].sum())
    return Scored(recording, patient, analysis, onsets, right, int(labelled.sum()))


def analyze_all(data: CircorSet, models: dict[int, murmur.Models]) -> list[Scored]:
    """Analyze every recording by the models of its fold."""
    scored = []
    for recording in data.recordings:
        analysis = murmur.analyze(recording.path, site=recording.site, models=models[recording.fold])
        scored.append(score(recording, data.patients[recording.patient], analysis))
    return scored


def pooled(items: list[Scored], state: int, tolerance_ms: int) -> OnsetScore:
    """Onset counts over recordings."""
    total = OnsetScore()
    for item in items:
        total.add(item.onsets[state, tolerance_ms])
    return total


def report(folder: Path, models_folder: Path) -> dict[str, Any]:
    """All figures as a nested dictionary of printable values."""
    data = read_circor(folder)
    models = fold_models(models_folder)
    scored = analyze_all(data, models)
    by_patient: dict[str, list[Scored]] = defaultdict(list)
    for item in scored:
        by_patient[item.recording.patient].append(item)
    groups = list(by_patient.values())
    return {
        "data": {"patients": len(groups), "recordings": len(scored)},
        "segmentation": segmentation_figures(groups),
        "segmentation by heart rate": by_rate(scored),
        "S1 and S2 swapped against the labels": swapped_figures(by_patient),
        "murmur": murmur_figures(by_patient, models),
        "character": character_figures(scored, models),
        "grade": grade_figures(by_patient, models),
        "heart sounds": heart_sound_figures(by_patient, models),
        "readable": readable_figures(scored),
        "worst recordings": worst(scored),
    }


def segmentation_figures(groups: list[list[Scored]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for state, name in ((1, "S1"), (3, "S2")):
        for tolerance_ms in (20, 40, 60, 100):
            figures[f"{name} onset F1, {tolerance_ms} ms"] = bootstrap(
                groups, lambda items, s=state, t=tolerance_ms: pooled(items, s, t).f1
            )
        all_items = [item for group in groups for item in group]
        total = pooled(all_items, state, 60)
        figures[f"{name} sensitivity, predictivity"] = (total.sensitivity, total.positive_predictivity)
        figures[f"{name} median onset error, ms"] = 1e3 * float(np.median(total.errors_s))
        figures[f"{name} median absolute onset error, ms"] = 1e3 * float(np.median(np.abs(total.errors_s)))
    figures["frame accuracy"] = bootstrap(
        groups, lambda items: sum(i.right_frames for i in items) / max(sum(i.labelled_frames for i in items), 1)
    )
    figures["recordings under .6 frame accuracy"] = bootstrap(
        groups, lambda items: float(np.mean([i.frame_accuracy < 0.6 for i in items if i.labelled_frames]))
    )
    return figures


def by_rate(scored: list[Scored]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for low, high in ((0, 90), (90, 120), (120, 250)):
        items = []
        for item in scored:
            cycles = [b[0] - a[0] for a, b in pairwise(i for i in item.recording.intervals if i[2] == 1)]
            if cycles and low <= 60 / np.median(cycles) < high:
                items.append(item)
        rows[f"{low} to {high} per minute (n = {len(items)})"] = (pooled(items, 1, 60).f1, pooled(items, 3, 60).f1)
    return rows


def labelled_lengths_s(recording: LabelledRecording) -> tuple[float, float] | None:
    """Median systole, from S1's onset to S2's, and median cycle of the labelled beats."""
    spans = [i for i in recording.intervals if i[2]]
    beats = [
        (third[0] - first[0], last[0] - first[0])
        for first, third, last in zip(spans, spans[2:], spans[4:], strict=False)
        if (first[2], third[2], last[2]) == (1, 3, 1)
    ]
    return tuple(np.median(beats, axis=0).tolist()) if len(beats) >= 3 else None


def is_swapped(item: Scored) -> bool:
    """Whether most labelled S1 are our S2 and most labelled S2 our S1."""
    found = {
        state: np.array([i.start_s for i in item.analysis.segmentation.intervals if i.state == state]) for state in (1, 3)
    }
    crossed = [score_onsets(found[4 - state], item.recording.intervals, state).sensitivity for state in (1, 3)]
    straight = [item.onsets[state, 60].sensitivity for state in (1, 3)]
    return min(crossed) > 0.6 and max(straight) < 0.4


def swapped_figures(by_patient: dict[str, list[Scored]], systole_slope: float = 0.227) -> dict[str, Any]:
    """Recordings whose S1 and S2 we call the other way round than the labels, and whom the child's other recordings support.

    Systole changes little between a child's recordings but for the rate: the other recordings' labels, moved to this one's
    cycle by 0.227 s per second of cycle, say which of the two intervals is systole. They judge only where the two differ by
    more than 10 ms from being equally fitting.
    """
    count, ours, theirs, names = 0, 0, 0, []
    for items in by_patient.values():
        right = [i for i in items if i.frame_accuracy >= 0.6 and labelled_lengths_s(i.recording)]
        for item in items:
            if not item.labelled_frames or not is_swapped(item):
                continue
            count += 1
            names.append(item.recording.name)
            lengths = labelled_lengths_s(item.recording)
            others = [labelled_lengths_s(i.recording) for i in right]
            if lengths is None or not others:
                continue
            systole_s, cycle_s = lengths
            usual_s = float(np.median([s + systole_slope * (cycle_s - c) for s, c in others]))
            doubt_s = abs(systole_s - usual_s) - abs(cycle_s - systole_s - usual_s)
            ours += doubt_s > 0.01
            theirs += doubt_s < -0.01
    return {
        "recordings": count,
        "the child's other recordings contradict the labels": ours,
        "the child's other recordings agree with the labels": theirs,
        "names": ", ".join(sorted(names)),
    }


def murmur_figures(by_patient: dict[str, list[Scored]], models: dict[int, murmur.Models]) -> dict[str, Any]:
    rows = []
    for id_, items in by_patient.items():
        joined = murmur.join_patient(id_, [i.analysis for i in items], models=models[items[0].recording.fold])
        probability = UNREAD_PROBABILITY if joined.murmur_probability is None else joined.murmur_probability
        rows.append([(items[0].patient, joined.murmur, probability)])

    def area(items: list[Any]) -> float:
        known = [(p, patient.murmur == "Present") for patient, _, p in items if patient.murmur != "Unknown"]
        return auroc(np.array([p for p, _ in known]), np.array([t for _, t in known]))

    def weighted(items: list[Any]) -> float:
        return weighted_accuracy([m for _, m, _ in items], [patient.murmur.lower() for patient, _, _ in items])

    def sensitivity_at(items: list[Any], specificity: float) -> float:
        absent = [p for patient, _, p in items if patient.murmur == "Absent"]
        present = [p for patient, _, p in items if patient.murmur == "Present"]
        return float(np.mean(np.array(present) > np.quantile(absent, specificity)))

    everything = [r[0] for r in rows]
    known = [(p, patient.murmur == "Present") for patient, _, p in everything if patient.murmur != "Unknown"]
    figures: dict[str, Any] = {
        "AUROC, present against absent": bootstrap(rows, area),
        "weighted accuracy": bootstrap(rows, weighted),
        "sensitivity at specificity .90": bootstrap(rows, lambda items: sensitivity_at(items, 0.9)),
        "calibration": calibration([p for p, _ in known], [t for _, t in known]),
    }
    for grade in ("I/VI", "II/VI", "III/VI"):
        called = [m == "present" for patient, m, _ in everything if patient.grading == grade]
        figures[f"grade {grade} found at the shipped threshold (n = {len(called)})"] = float(np.mean(called))
    table = {
        truth: {
            m: sum(d == m for patient, d, _ in everything if patient.murmur == truth)
            for m in ("present", "unknown", "absent")
        }
        for truth in ("Present", "Unknown", "Absent")
    }
    figures["confusion (truth: decision)"] = table
    return figures


def quadratic_kappa(found: list[int], true: list[int]) -> float:
    """Cohen's kappa with quadratic weights; NaN where all are alike."""
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(found, true, weights="quadratic")) if len(set(true) | set(found)) > 1 else float("nan")


def grade_figures(by_patient: dict[str, list[Scored]], models: dict[int, murmur.Models]) -> dict[str, Any]:
    """Grade per patient with a murmur, from all sites; no murmur called counts as the lowest grade."""
    rows = []
    for id_, items in by_patient.items():
        if items[0].patient.grading in GRADES:
            joined = murmur.join_patient(id_, [i.analysis for i in items], models=models[items[0].recording.fold])
            rows.append([(GRADES.index(joined.grade or GRADES[0]), GRADES.index(items[0].patient.grading))])
    return {
        "quadratic kappa per patient": bootstrap(rows, lambda items: quadratic_kappa(*map(list, zip(*items, strict=True))))
    }


def character_figures(scored: list[Scored], models: dict[int, murmur.Models]) -> dict[str, Any]:
    heard: dict[str, list[Any]] = defaultdict(list)
    for item in scored:
        p = item.patient
        if p.murmur == "Present" and item.recording.site in p.murmur_locations and item.analysis.murmur is not None:
            heard[p.id].append(item)
    groups = list(heard.values())

    def area(value: Any, truth: Any, only: Any = lambda p: True) -> Any:
        def figure(items: list[Scored]) -> float:
            rows = [
                (value(i.analysis.murmur), truth(i.patient))
                for i in items
                if truth(i.patient) is not None and only(i.patient)
            ]
            return auroc(np.array([v for v, _ in rows]), np.array([t for _, t in rows]))

        return bootstrap(groups, figure)

    def is_(field: str, value: str, others: tuple[str, ...] | None = None) -> Any:
        def truth(p: Patient) -> bool | None:
            found = getattr(p, field)
            return None if found is None or (others and found not in (value, *others)) else found == value

        return truth

    blowing = is_("quality", "Blowing", ("Harsh",))

    def blow(m: Any) -> float:
        return blowing_probability(m.spectrum) if m.spectrum else 0.5

    def pitch_kappa(items: list[Scored]) -> float:
        found, true = [], []
        for item in items:
            if item.analysis.murmur is not None and str(item.patient.pitch).lower() in PITCHES:
                pitch = models[item.recording.fold].findings.pitch
                found.append(int(np.argmax(pitch.probabilities(loudness_vector(item.analysis.murmur)))))
                true.append(PITCHES.index(str(item.patient.pitch).lower()))
        return quadratic_kappa(found, true)

    return {
        "pitch, quadratic kappa": bootstrap(groups, pitch_kappa),
        "holosystolic AUROC": area(lambda m: timing_probabilities(m)["holosystolic"], is_("timing", "Holosystolic")),
        "plateau AUROC": area(lambda m: shape_probabilities(m)["plateau"], is_("shape", "Plateau")),
        "blowing against harsh AUROC": area(blow, blowing),
        "the same within grade I": area(blow, blowing, lambda p: p.grading == "I/VI"),
        "the same by quietness alone": area(lambda m: -(m.level_db if m.level_db is not None else -40.0), blowing),
    }


def heart_sound_figures(by_patient: dict[str, list[Scored]], models: dict[int, murmur.Models]) -> dict[str, Any]:
    """False alarms on children without a murmur, for signs that CirCor does not label."""
    quiet, signs = [], defaultdict(list)
    for id_, items in by_patient.items():
        if items[0].patient.murmur != "Absent":
            continue
        joined = murmur.join_patient(id_, [i.analysis for i in items], models=models[items[0].recording.fold])
        quiet.append(joined.s1_intensity == "quiet")
        for item in items:
            for name in ("s3", "s4", "click", "diastolic_murmur", "irregular_rhythm", "premature_beats", "s1_intensity"):
                found = getattr(item.analysis.findings, name).value
                if found is not None:
                    signs[name].append(found in ("present", "quiet"))
    figures: dict[str, Any] = {f"quiet S1, per patient without a murmur (n = {len(quiet)})": float(np.mean(quiet))}
    for name, found in signs.items():
        figures[f"{name}, per recording without a murmur (n = {len(found)})"] = float(np.mean(found))
    return figures


def readable_figures(scored: list[Scored]) -> dict[str, Any]:
    readable = [i for i in scored if i.analysis.status == "ok"]
    beats = [(c, r) for i in scored for c, r in beat_truth(i)]
    return {
        "share of recordings readable": len(readable) / len(scored),
        "S1, S2 F1 on the readable": (pooled(readable, 1, 60).f1, pooled(readable, 3, 60).f1),
        "beat confidence calibration": calibration([c for c, _ in beats], [r for _, r in beats]),
        "beat confidence AUROC": auroc(np.array([c for c, _ in beats]), np.array([r for _, r in beats])),
    }


def beat_truth(item: Scored) -> list[tuple[float, bool]]:
    """Confidence of each beat in a labelled stretch, and whether its S1 and S2 are right."""
    beats = item.analysis.segmentation.beats
    index, right = right_beats(beats.s1_onset_s, beats.s2_onset_s, beats.end_s, item.recording.intervals)
    return list(zip(beats.confidence[index].tolist(), right.tolist(), strict=True))


def worst(scored: list[Scored], count: int = 12) -> dict[str, Any]:
    labelled = [i for i in scored if i.labelled_frames]
    labelled.sort(key=lambda i: i.frame_accuracy)
    return {
        i.recording.name: f"accuracy {i.frame_accuracy:.2f}, quality {i.analysis.quality.index:.2f}, {i.patient.murmur}"
        for i in labelled[:count]
    }
