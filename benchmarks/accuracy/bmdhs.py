"""BMD-HS: adults with echo-confirmed valve disease; nothing was trained or chosen on them, they only judge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.figures import Figure, bootstrap_auroc, bootstrap_sums, ratio, share
from benchmarks.accuracy.plots import Page, Points, Roc
from murmur.datasets.bmdhs import DIAGNOSES, BmdHs
from murmur.findings.registry import SIGNS
from murmur.patients.patient import PatientAnalysis

__all__ = ["report", "report_and_page"]

KINDS = DIAGNOSES
NAMES = {
    "AS": "aortic stenosis",
    "AR": "aortic regurgitation",
    "MR": "mitral regurgitation",
    "MS": "mitral stenosis",
    "N": "normal",
}
#: Signs that a normal heart does not have.
NORMALLY_ABSENT = tuple(sign.name for sign in SIGNS if sign.choices == ("present", "absent"))
#: What a part that could not be judged counts as.
UNDECIDED = 0.5


@dataclass(frozen=True, eq=False)
class Judged:
    """One patient: the diseases that echocardiography shows, and what murmur says."""

    id: str
    kinds: tuple[str, ...]
    analyses: tuple[murmur.Analysis, ...]
    joint: PatientAnalysis

    @property
    def normal(self) -> bool:
        return self.kinds == ("N",)


Value = Callable[[Judged], float]
Group = Callable[[Judged], bool]


def report(folder: Path, models: murmur.Models | None = None) -> dict[str, Any]:
    """AUROC of the mitral-regurgitation score and its parts, per patient, and each sign by disease."""
    return report_and_page(folder, models)[0]


def report_and_page(folder: Path, models: murmur.Models | None = None) -> tuple[dict[str, Any], Page]:
    """The same figures, and what a page of plots needs of them."""
    patients = _read(folder, models)
    figures = {
        "mitral regurgitation": _score_figures(patients),
        "diastolic murmur, by disease": _sign_rows(patients, _diastolic_called, _diastolic_probability),
        "quiet S1, by disease": _sign_rows(patients, lambda j: j.joint.s1_intensity == "quiet", PARTS["quiet S1"]),
        "murmur, by disease": _sign_rows(patients, lambda j: j.joint.murmur == "present", PARTS["murmur"]),
        "signs called in recordings of normal hearts": _false_alarms(patients),
        "by position": _breakdown(patients, lambda a: a.info.position, models),
        "by site": _breakdown(patients, lambda a: a.info.site, models),
    }
    return figures, _page(patients, figures)


def _read(folder: Path, models: murmur.Models | None) -> list[Judged]:
    data = BmdHs.open(folder)
    paths: dict[str, list[Path]] = {id_: [] for id_ in data.patients}
    for recording in data:
        paths[recording.info.patient].append(recording.path)
    patients = []
    for record in data.patients.values():
        if record.diagnoses is None:  # whom nothing can be judged by
            continue
        analyses = tuple(murmur.analyze(path, models=models) for path in paths[record.id])
        joint = murmur.join_patient(record.id, analyses, models=models)
        patients.append(Judged(record.id, record.diagnoses, analyses, joint))
    return patients


def _given(value: float | None) -> float:
    return UNDECIDED if value is None else value


PARTS: dict[str, Value] = {
    "score": lambda j: _given(j.joint.mitral_regurgitation_score),
    "pansystolic murmur": lambda j: _given(j.joint.score_parts.get("pansystolic_murmur")),
    "quiet S1": lambda j: _given(j.joint.score_parts.get("quiet_s1")),
    "loudest at the apex": lambda j: _given(j.joint.score_parts.get("loudest_at_the_apex")),
    "murmur": lambda j: _given(j.joint.murmur_probability),
}


def _area(patients: Sequence[Judged], value: Value, positive: Group, negative: Group) -> Figure:
    judged = [j for j in patients if positive(j) or negative(j)]
    return bootstrap_auroc([j.id for j in judged], [value(j) for j in judged], [positive(j) for j in judged])


def _has(kind: str) -> Group:
    return lambda j: kind in j.kinds


def _is_normal(j: Judged) -> bool:
    return j.normal


def _without_mr(j: Judged) -> bool:
    return "MR" not in j.kinds


def _score_figures(patients: Sequence[Judged]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "patients": len(patients),
        "recordings": dict(Counter(a.status for j in patients for a in j.analyses)),
    }
    for name, value in PARTS.items():
        figures[f"{name}: MR against normal"] = _area(patients, value, _has("MR"), _is_normal)
        figures[f"{name}: MR against the rest"] = _area(patients, value, _has("MR"), _without_mr)
    return figures


def _diastolic_called(j: Judged) -> bool:
    return any(a.findings.diastolic_murmur.value == "present" for a in j.analyses)


def _diastolic_probability(j: Judged) -> float:
    """At the site and in the position where it is heard best."""
    return max((a.findings.diastolic_murmur.probability or 0.0 for a in j.analyses), default=0.0)


def _sign_rows(patients: Sequence[Judged], called: Group, value: Value) -> dict[str, dict[str, Any]]:
    """For each disease, alone or with others: how many are called, and how well the sign tells them from normal hearts."""
    rows = {}
    for kind in KINDS:
        group = [j for j in patients if kind in j.kinds]
        row: dict[str, Any] = {
            "patients": len(group),
            "called": share([called(j) for j in group]),
            "median probability": float(np.median([value(j) for j in group])) if group else float("nan"),
        }
        if kind != "N":
            row["AUROC against normal"] = _area(patients, value, _has(kind), _is_normal)
        rows[NAMES[kind]] = row
    return rows


def _false_alarms(patients: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    rows = {}
    for sign in NORMALLY_ABSENT:
        counts = []
        for j in filter(_is_normal, patients):
            values = [getattr(a.findings, sign).value for a in j.analyses]
            counts.append([values.count("present"), sum(v is not None for v in values)])
        rows[sign] = {
            "recordings": sum(c[1] for c in counts),
            "called": bootstrap_sums(counts, lambda c: ratio(c[:, 0], c[:, 1])),
        }
    return rows


def _breakdown(
    patients: Sequence[Judged], key: Callable[[murmur.Analysis], str], models: murmur.Models | None
) -> dict[str, dict[str, Any]]:
    """The patient's figures from a part of the recordings alone."""
    parts: dict[str, list[Judged]] = defaultdict(list)
    for j in patients:
        for name in sorted({key(a) for a in j.analyses}):
            analyses = tuple(a for a in j.analyses if key(a) == name)
            joint = murmur.join_patient(j.id, analyses, models=models)
            parts[name].append(Judged(j.id, j.kinds, analyses, joint))
    return {
        name or "not stated": {
            "recordings": sum(len(j.analyses) for j in part),
            "unreadable": float(np.mean([a.status != "ok" for j in part for a in j.analyses])),
            "score: MR against normal": _area(part, PARTS["score"], _has("MR"), _is_normal),
            "score: MR against the rest": _area(part, PARTS["score"], _has("MR"), _without_mr),
            "quiet S1: MR against normal": _area(part, PARTS["quiet S1"], _has("MR"), _is_normal),
            "murmur: diseased against normal": _area(part, PARTS["murmur"], lambda j: not j.normal, _is_normal),
        }
        for name, part in sorted(parts.items())
    }


def _page(patients: Sequence[Judged], figures: dict[str, Any]) -> Page:
    def roc(title: str, negative: Group) -> Roc:
        judged = [j for j in patients if "MR" in j.kinds or negative(j)]
        truth = ["MR" in j.kinds for j in judged]
        return Roc.of(title, {name: ([value(j) for j in judged], truth) for name, value in PARTS.items()})

    def called(sign: str) -> tuple[Figure, ...]:
        return tuple(figures[f"{sign}, by disease"][NAMES[kind]]["called"] for kind in KINDS)

    return Page(
        "BMD-HS: adults with echo-confirmed valve disease",
        (
            roc("MR against normal, per patient", _is_normal),
            roc("MR against the rest, per patient", _without_mr),
            Points(
                "Patients with a sign called",
                KINDS,
                {sign: called(sign) for sign in ("murmur", "quiet S1", "diastolic murmur")},
                "disease, alone or with others",
            ),
        ),
    )
