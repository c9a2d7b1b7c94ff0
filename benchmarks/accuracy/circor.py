"""CirCor DigiScope: segmentation, murmurs and their character, out of fold by child."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.breakdowns import RATES_BPM, breakdowns
from benchmarks.accuracy.character import (
    Heard,
    attribute_calibration,
    character_figures,
    confusions,
    grade_figures,
    grade_tables,
    heard_murmurs,
)
from benchmarks.accuracy.figures import NOTHING
from benchmarks.accuracy.murmurs import (
    CLASSES,
    all_and_readable,
    confusion,
    heart_sound_figures,
    murmur_calibration,
    murmur_figures,
    recording_figures,
)
from benchmarks.accuracy.plots import Confusion, Page, Points, Reliability, Roc
from benchmarks.accuracy.scoring import Joined, Scored, analyze_all, fold_models, join_all
from benchmarks.accuracy.segmentation import (
    STATES,
    JudgedCycles,
    judge_cycles,
    segmentation_figures,
    summary_figures,
    swapped_figures,
    worst,
)
from murmur.findings.grade import GRADES
from murmur.training.data import read_circor

__all__ = ["Scored", "analyze_all", "fold_models", "report", "report_and_page"]


def report(folder: Path, models_folder: Path) -> dict[str, Any]:
    """All figures as a nested dictionary of printable values."""
    return report_and_page(folder, models_folder)[0]


def report_and_page(
    folder: Path, models_folder: Path, settings: murmur.Settings | None = None
) -> tuple[dict[str, Any], Page]:
    """All figures, and what a page of plots needs of them."""
    data = read_circor(folder)
    models = fold_models(models_folder)
    return conclude(analyze_all(data, models, settings), models)


def conclude(scored: list[Scored], models: dict[int, murmur.Models]) -> tuple[dict[str, Any], Page]:
    """From scored recordings to figures."""
    patients = join_all(scored, models)
    heard = heard_murmurs(scored, models)
    cycles = judge_cycles(scored)
    parts = breakdowns(scored)
    figures = {
        "data": {"patients": len(patients), "recordings": len(scored)},
        "segmentation": segmentation_figures(scored),
        "murmur": murmur_figures(patients),
        "murmur, all patients and those all of whose recordings can be read": all_and_readable(patients),
        "murmur, per recording": recording_figures(scored),
        "character": character_figures(heard, sum(i.murmur_label == "present" for i in scored) - len(heard)),
        "grade": grade_figures(patients, heard),
        "calibration": {
            **murmur_calibration(patients, scored),
            **attribute_calibration(heard),
            "cycle confidence": cycles.calibration(),
        },
        "heart sounds": heart_sound_figures(patients),
        "readable": _readable_figures(scored, patients, cycles),
        **parts,
        "S1 and S2 swapped against the labels": swapped_figures(scored),
        "worst recordings": worst(scored),
    }
    return figures, _page(patients, heard, cycles, figures)


def _readable_figures(scored: list[Scored], patients: list[Joined], cycles: JudgedCycles) -> dict[str, Any]:
    readable = [i for i in scored if i.readable]
    return {
        "share of recordings unreadable": 1.0 - len(readable) / len(scored),
        "share of patients with an unreadable recording": float(np.mean([not j.readable for j in patients])),
        "segmentation": {"all": summary_figures(scored), "readable only": summary_figures(readable)},
        "cycle confidence AUROC": cycles.auroc(),
    }


def _page(patients: list[Joined], heard: list[Heard], cycles: JudgedCycles, figures: dict[str, Any]) -> Page:
    known = [j for j in patients if j.murmur_label != "unknown"]
    given = [j for j in patients if j.joint.murmur_probability is not None]
    timings, timing = confusions(heard, "timing")
    pitches, pitch = confusions(heard, "pitch")
    decided = confusion([(j.murmur_label, j.joint.murmur) for j in patients], CLASSES)
    bands = [f"{a:.0f} to {b:.0f} per minute" for a, b in RATES_BPM]
    return Page(
        "CirCor DigiScope, out of fold by child",
        (
            Roc.of(
                "Murmur, present against absent, per patient",
                {"murmur": ([j.murmur_probability for j in known], [j.murmur_label == "present" for j in known])},
            ),
            Reliability.of(
                "Probability of a murmur, per patient",
                [j.murmur_probability for j in given],
                [j.murmur_label == "present" for j in given],
                note=_slope(figures, "murmur_probability, per patient"),
            ),
            Reliability.of(
                "Confidence in a cycle",
                cycles.confidence,
                cycles.right,
                note=_slope(figures, "cycle confidence"),
                bins=10,
                equal="width",
            ),
            Points(
                "Onset F1 within 60 ms by heart rate",
                ("under 90", "90 to 120", "above 120"),
                {
                    name: tuple(figures["by heart rate"].get(band, {}).get(f"{name} F1", NOTHING) for band in bands)
                    for name in STATES.values()
                },
                "beats per minute, by label",
            ),
            Confusion("Murmur, per patient", CLASSES, decided),
            Confusion("Grade, per patient", GRADES, grade_tables(patients).sum(axis=0)),
            Confusion("Pitch, per recording", pitches, pitch.sum(axis=0)),
            Confusion("Timing, per recording", timings, timing.sum(axis=0)),
        ),
    )


def _slope(figures: dict[str, Any], name: str) -> str:
    line = figures["calibration"][name]
    slope = line["slope"]
    return f"slope {slope.value:.2f} [{slope.low:.2f}, {slope.high:.2f}], error {line['error']:.3f}"
