"""Figures of a murmur's character (timing, shape, quality, pitch, grade), at the sites where it is heard by label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.attributes import TIMINGS, attribute_probabilities
from benchmarks.accuracy.figures import (
    NOTHING,
    Array,
    Figure,
    balanced_accuracy,
    bootstrap_auroc,
    bootstrap_sums,
    calibration,
    quadratic_kappa,
)
from benchmarks.accuracy.murmurs import confusion
from benchmarks.accuracy.scoring import Joined, Scored
from murmur.findings.finding import median_class
from murmur.findings.grade import GRADES, RULE
from murmur.findings.systolic_pitch import PITCHES
from murmur.formats.circor import Patient

__all__ = ["Heard", "attribute_calibration", "character_figures", "confusions", "grade_figures", "heard_murmurs"]

FIELDS = {"timing": "timing", "shape": "shape", "quality": "quality", "pitch": "pitch", "grade": "grading"}
WORDS = {"timing": TIMINGS, "pitch": PITCHES, "grade": GRADES}


@dataclass(frozen=True, eq=False)
class Heard:
    """A recording at a site where a murmur is heard by label, and the probabilities of the murmur's character."""

    item: Scored
    probabilities: dict[str, dict[str, float]]

    @property
    def patient(self) -> Patient:
        return self.item.patient

    @property
    def level_db(self) -> float:
        features = self.item.analysis.murmur
        return RULE.least_level_db if features is None or features.level_db is None else features.level_db


@dataclass(frozen=True)
class Question:
    """Whether an attribute is one word and not another: of these words, or of any."""

    attribute: str
    word: str
    others: tuple[str, ...] = ()

    def truth(self, patient: Patient) -> bool | None:
        """Whether the word is the label; None where the label says nothing of it."""
        said = label(patient, self.attribute)
        if said is None or (self.others and said not in (self.word, *self.others)):
            return None
        return said == self.word

    def probability(self, heard: Heard) -> float:
        return heard.probabilities[self.attribute][self.word]


QUESTIONS = {
    "holosystolic": Question("timing", "holosystolic"),
    "plateau": Question("shape", "plateau"),
    "diamond": Question("shape", "diamond"),
    "blowing against harsh": Question("quality", "blowing", ("harsh",)),
}


def label(patient: Patient, attribute: str) -> str | None:
    """CirCor's word for an attribute, as murmur spells it."""
    text: str | None = getattr(patient, FIELDS[attribute])
    if text is None or attribute == "grade":
        return text
    return text.lower().removesuffix("-systolic")


def heard_murmurs(scored: Sequence[Scored], models: dict[int, murmur.Models]) -> list[Heard]:
    """Take every recording at a site where a murmur is heard by label, and of which anything could be measured."""
    heard = []
    for item in scored:
        if item.murmur_label == "present":
            probabilities = attribute_probabilities(item, models[item.recording.fold])
            if probabilities:
                heard.append(Heard(item, probabilities))
    return heard


def _area(heard: Sequence[Heard], question: Question, value: Callable[[Heard], float]) -> dict[str, Figure]:
    """AUROC over recordings, and over patients by the mean of their sites."""
    judged = [(h.patient.id, value(h), truth) for h in heard if (truth := question.truth(h.patient)) is not None]
    if not judged:
        return {"per recording": NOTHING, "per patient": NOTHING}
    ids, values, truths = [i for i, _, _ in judged], np.array([v for _, v, _ in judged]), [t for _, _, t in judged]
    patients, first, index = np.unique(ids, return_index=True, return_inverse=True)
    means = np.bincount(index, values) / np.bincount(index)
    return {
        "per recording": bootstrap_auroc(ids, values.tolist(), truths),
        "per patient": bootstrap_auroc(patients.tolist(), means.tolist(), [truths[i] for i in first]),
    }


def called(attribute: str, probabilities: Array) -> str:
    """Word that murmur calls: pitch and grade have an order, the others have none."""
    best = median_class(probabilities) if attribute in ("pitch", "grade") else int(probabilities.argmax())
    return WORDS[attribute][best]


def confusions(heard: Sequence[Heard], attribute: str, *, per_patient: bool = False) -> tuple[tuple[str, ...], Array]:
    """Counts (patients, true, found) of the words called, and what the patients' words are."""
    words = WORDS[attribute]
    by_patient: dict[str, list[Heard]] = {}
    for h in heard:
        if label(h.patient, attribute) in words:
            by_patient.setdefault(h.patient.id, []).append(h)
    tables = []
    for items in by_patient.values():
        true = str(label(items[0].patient, attribute))
        odds = np.array([[h.probabilities[attribute][word] for word in words] for h in items])
        if per_patient:
            odds = odds.mean(axis=0, keepdims=True)
        tables.append(confusion([(true, called(attribute, row)) for row in odds], words))
    return words, np.array(tables, dtype=np.float64).reshape(-1, len(words), len(words))


def character_figures(heard: Sequence[Heard], missing: int) -> dict[str, Any]:
    """AUROC of each yes-or-no attribute, and how well the pitch is told; `missing` recordings could not be measured."""
    areas = {name: _area(heard, question, question.probability) for name, question in QUESTIONS.items()}
    blowing = QUESTIONS["blowing against harsh"]
    grade_1 = [h for h in heard if h.patient.grading == GRADES[0]]
    areas["blowing against harsh, within grade I"] = _area(grade_1, blowing, blowing.probability)
    areas["blowing against harsh, by quietness alone"] = _area(heard, blowing, lambda h: -h.level_db)
    return {
        "recordings at sites where a murmur is heard": len(heard),
        "left out, without a cycle to measure": missing,
        "AUROC": areas,
        "pitch": _agreement(heard, "pitch"),
    }


def _agreement(heard: Sequence[Heard], attribute: str) -> dict[str, dict[str, Figure]]:
    rows = {}
    for name, per_patient in (("per recording", False), ("per patient", True)):
        _, tables = confusions(heard, attribute, per_patient=per_patient)
        rows[name] = {
            "quadratic kappa": bootstrap_sums(tables, quadratic_kappa),
            "balanced accuracy": bootstrap_sums(tables, balanced_accuracy),
        }
    return rows


def grade_tables(patients: Sequence[Joined]) -> Array:
    """Counts (patients, true, found) of the grade from all sites; no murmur called counts as the lowest grade."""
    graded = [j for j in patients if j.patient.grading in GRADES]
    tables = [confusion([(str(j.patient.grading), j.joint.grade or GRADES[0])], GRADES) for j in graded]
    return np.array(tables, dtype=np.float64).reshape(-1, len(GRADES), len(GRADES))


def grade_figures(patients: Sequence[Joined], heard: Sequence[Heard]) -> dict[str, Any]:
    """Grade per patient with a murmur, from all sites, and per recording where it is heard."""
    tables = grade_tables(patients)
    return {
        "quadratic kappa per patient": bootstrap_sums(tables, quadratic_kappa),
        "balanced accuracy per patient": bootstrap_sums(tables, balanced_accuracy),
        "quadratic kappa per recording": _agreement(heard, "grade")["per recording"]["quadratic kappa"],
    }


def attribute_calibration(heard: Sequence[Heard]) -> dict[str, dict[str, Any]]:
    """Each yes-or-no attribute's probability, and that of the called pitch and grade being right."""
    rows = {}
    for name, question in QUESTIONS.items():
        judged = [h for h in heard if question.truth(h.patient) is not None]
        rows[f"{name}, per recording"] = calibration(
            [question.probability(h) for h in judged],
            [bool(question.truth(h.patient)) for h in judged],
            group=[h.patient.id for h in judged],
        )
    for attribute in ("pitch", "grade"):
        judged = [h for h in heard if label(h.patient, attribute) in WORDS[attribute]]
        found = [called(attribute, np.array(list(h.probabilities[attribute].values()))) for h in judged]
        rows[f"called {attribute}, per recording"] = calibration(
            [h.probabilities[attribute][word] for h, word in zip(judged, found, strict=True)],
            [word == label(h.patient, attribute) for h, word in zip(judged, found, strict=True)],
            group=[h.patient.id for h in judged],
        )
    return rows
