"""Figures of the murmur: present, unknown or absent, per patient and per recording (PhysioNet Challenge 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.accuracy.figures import (
    Array,
    Figure,
    bootstrap,
    bootstrap_auroc,
    bootstrap_sums,
    calibration,
    ratio,
    share,
)
from benchmarks.accuracy.scoring import Joined, Scored, group_by_patient
from murmur.findings.grade import GRADES
from murmur.findings.registry import SIGNS
from murmur.measure.listening import CLASSES

__all__ = [
    "CLASSES",
    "all_and_readable",
    "area",
    "confusion",
    "heart_sound_figures",
    "murmur_calibration",
    "murmur_figures",
    "recording_figures",
    "weighted_accuracy",
]

#: What a right answer is worth in PhysioNet Challenge 2022 (Reyna et al. 2023), by true class.
WEIGHTS = np.array([5.0, 3.0, 1.0])
#: Signs that CirCor does not label, judged by their false alarms.
UNLABELLED_SIGNS = (*(sign.name for sign in SIGNS if sign.choices == ("present", "absent")), "s1_intensity")

Groups = Sequence[Sequence[tuple[str, str]]]


def confusion(pairs: Sequence[tuple[str, str]], classes: Sequence[str]) -> Array:
    """Count (true, found) pairs, shape (classes, classes); a row is a true class."""
    table = np.zeros((len(classes), len(classes)))
    for true, found in pairs:
        table[classes.index(true), classes.index(found)] += 1
    return table


def weighted_accuracy(counts: Array) -> Array:
    """PhysioNet Challenge 2022's weighted accuracy (Reyna et al. 2023) of counts (..., true, found)."""
    return ratio(
        (np.diagonal(counts, axis1=-2, axis2=-1) * WEIGHTS).sum(axis=-1), (counts.sum(axis=-1) * WEIGHTS).sum(axis=-1)
    )


def _decision_figures(groups: Groups) -> dict[str, Figure]:
    """Weighted accuracy, sensitivity and specificity of (label, decision) pairs, grouped by patient."""
    counts = [confusion(pairs, CLASSES) for pairs in groups]
    return {
        "weighted accuracy": bootstrap_sums(counts, weighted_accuracy),
        "sensitivity at the shipped threshold": bootstrap_sums(counts, lambda c: ratio(c[:, 0, 0], c[:, 0].sum(-1))),
        "specificity at the shipped threshold": bootstrap_sums(
            counts, lambda c: ratio(c[:, 2, 1:].sum(-1), c[:, 2].sum(-1))
        ),
    }


def area(items: Sequence[Joined] | Sequence[Scored]) -> Figure:
    """AUROC of present against absent; unreadable ones count with the share of all who have a murmur."""
    known = [i for i in items if i.murmur_label in ("present", "absent")]
    return bootstrap_auroc(
        [i.patient.id for i in known],
        [i.murmur_probability for i in known],
        [i.murmur_label == "present" for i in known],
    )


def _sensitivity_at(patients: Sequence[Joined], specificity: float) -> float:
    absent = [j.murmur_probability for j in patients if j.murmur_label == "absent"]
    present = [j.murmur_probability for j in patients if j.murmur_label == "present"]
    if not absent or not present:
        return float("nan")
    return float(np.mean(np.array(present) > np.quantile(absent, specificity)))


def _patient_figures(patients: Sequence[Joined]) -> dict[str, Any]:
    return {
        "AUROC, present against absent": area(patients),
        **_decision_figures([[(j.murmur_label, j.joint.murmur)] for j in patients]),
        "sensitivity at specificity .90": bootstrap([[j] for j in patients], lambda js: _sensitivity_at(js, 0.9)),
    }


def murmur_figures(patients: Sequence[Joined]) -> dict[str, Any]:
    """Everything per patient, nobody left out."""
    figures = _patient_figures(patients)
    for grade in GRADES:
        called = [j.joint.murmur == "present" for j in patients if j.patient.grading == grade]
        figures[f"grade {grade} found at the shipped threshold"] = share(called)
    table = confusion([(j.murmur_label, j.joint.murmur) for j in patients], CLASSES)
    figures["confusion (truth: decision)"] = {
        true.capitalize(): dict(zip(CLASSES, row.astype(int).tolist(), strict=True))
        for true, row in zip(CLASSES, table, strict=True)
    }
    return figures


def all_and_readable(patients: Sequence[Joined]) -> dict[str, dict[str, Any]]:
    """The same figures for all patients, and for those all of whose recordings can be read."""
    columns = {"all": patients, "readable only": [j for j in patients if j.readable]}
    figures = {name: {"patients": len(chosen), **_patient_figures(chosen)} for name, chosen in columns.items()}
    return {row: {name: column[row] for name, column in figures.items()} for row in figures["all"]}


def recording_figures(scored: Sequence[Scored]) -> dict[str, Any]:
    """Everything per recording; sites at which a patient's murmur is not heard are left out, being neither."""
    groups = [
        [(str(i.murmur_label), i.analysis.findings.murmur.value) for i in items if i.murmur_label]
        for items in group_by_patient(scored).values()
    ]
    return {"AUROC, present against absent": area(scored), **_decision_figures(groups)}


def murmur_calibration(patients: Sequence[Joined], scored: Sequence[Scored]) -> dict[str, dict[str, Any]]:
    """Probabilities as they were given: who could not be read has none.

    The three classes' probabilities add up to one, hence "present" is judged against everything else; other reports leave
    the unknown out, and a line is given for that, too.
    """
    joints = [j for j in patients if j.joint.murmur_probability is not None]
    known = [j for j in joints if j.murmur_label != "unknown"]
    unknown = [(float(j.joint.unknown_probability or 0.0), j.murmur_label == "unknown") for j in joints]
    read = [i for i in scored if i.murmur_label and i.analysis.findings.murmur.present_probability is not None]
    ids = [i.patient.id for i in read]
    return {
        "murmur_probability, per patient": calibration(
            [j.murmur_probability for j in joints], [j.murmur_label == "present" for j in joints]
        ),
        "murmur_probability, per patient, without the unknown": calibration(
            [j.murmur_probability for j in known], [j.murmur_label == "present" for j in known]
        ),
        "unknown_probability, per patient": calibration([p for p, _ in unknown], [t for _, t in unknown]),
        "murmur_probability, per recording": calibration(
            [i.murmur_probability for i in read], [i.murmur_label == "present" for i in read], group=ids
        ),
        "unknown_probability, per recording": calibration(
            [float(i.analysis.findings.murmur.unknown_probability or 0.0) for i in read],
            [i.murmur_label == "unknown" for i in read],
            group=ids,
        ),
    }


def heart_sound_figures(patients: Sequence[Joined]) -> dict[str, Any]:
    """False alarms on children without a murmur, for signs that CirCor does not label."""
    without = [j for j in patients if j.murmur_label == "absent"]
    figures: dict[str, Any] = {}
    if without:
        quiet = [j.joint.s1_intensity == "quiet" for j in without]
        figures[f"quiet S1, per patient without a murmur (n = {len(quiet)})"] = float(np.mean(quiet))
    for name in UNLABELLED_SIGNS:
        values = [getattr(i.analysis.findings, name).value for j in without for i in j.items]
        found = [value in ("present", "quiet") for value in values if value is not None]
        if found:
            figures[f"{name}, per recording without a murmur (n = {len(found)})"] = float(np.mean(found))
    return figures
