"""BMD-HS: adults with echo-confirmed valve disease; nothing was trained on them, they only judge."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.figures import bootstrap
from murmur.training.scores import auroc

__all__ = ["report"]


def report(folder: Path, models: murmur.Models | None = None) -> dict[str, Any]:
    """AUROC of the mitral-regurgitation score and its parts, per patient."""
    tables = [folder / "patients.csv", folder / "train.csv"]
    table = next(t for t in tables if t.is_file())
    with table.open(newline="") as f:
        patients = list(csv.DictReader(f))
    audio = {p.stem: p for p in folder.rglob("*") if p.suffix in (".wav", ".flac")}
    rows, status, signs = [], defaultdict(int), defaultdict(lambda: defaultdict(list))
    for patient in patients:
        kinds = tuple(k for k in ("AS", "AR", "MR", "MS", "N") if patient[k] == "1")
        analyses = []
        for column, name in patient.items():
            if column.startswith("recording_") and name in audio:
                analysis = murmur.analyze(audio[name], models=models)
                status[analysis.status] += 1
                analyses.append(analysis)
                if "N" in kinds:
                    for sign in ("s3", "s4", "click", "diastolic_murmur", "irregular_rhythm"):
                        found = getattr(analysis.findings, sign).value
                        signs[sign]["N"].append(found == "present")
        rows.append([(kinds, murmur.join_patient(patient["patient_id"], analyses, models=models))])

    def area(value: Any, against: Any) -> Any:
        def figure(items: list[Any]) -> float:
            used = [(value(j), "MR" in k) for k, j in items if "MR" in k or against(k)]
            return auroc(np.array([v for v, _ in used]), np.array([t for _, t in used]))

        return bootstrap(rows, figure)

    def or_half(value: float | None) -> float:
        return 0.5 if value is None else value

    normal, rest = (lambda k: k == ("N",)), (lambda k: "MR" not in k)
    parts = {
        "score": lambda j: or_half(j.mitral_regurgitation_score),
        "pansystolic murmur": lambda j: or_half(j.score_parts.get("pansystolic_murmur")),
        "quiet S1": lambda j: or_half(j.score_parts.get("quiet_s1")),
        "loudest at the apex": lambda j: or_half(j.score_parts.get("loudest_at_the_apex")),
        "murmur": lambda j: or_half(j.murmur_probability),
    }
    figures: dict[str, Any] = {"patients": len(rows), "recordings": dict(status)}
    for name, value in parts.items():
        figures[f"{name}: MR against normal"] = area(value, normal)
        figures[f"{name}: MR against the rest"] = area(value, rest)
    for sign, found in signs.items():
        figures[f"{sign} in normal recordings (n = {len(found['N'])})"] = float(np.mean(found["N"]))
    return {"mitral regurgitation": figures}
