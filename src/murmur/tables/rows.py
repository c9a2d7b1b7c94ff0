"""Rows of the tables: recordings, cycles, patients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.records import Record

if TYPE_CHECKING:
    from murmur.findings.signs import Finding
    from murmur.patients.patient import PatientAnalysis, SiteFigures
    from murmur.pipeline.analysis import Analysis
    from murmur.pipeline.models import Models
    from murmur.settings import Settings

__all__ = [
    "CYCLE_COLUMNS",
    "CYCLE_FIGURES",
    "LABELS",
    "PATIENT_COLUMNS",
    "RECORDING_COLUMNS",
    "RECORDING_FIGURES",
    "Cell",
    "CycleRow",
    "Failure",
    "Row",
    "cycle_rows",
    "info_from_row",
    "kind_of",
    "patient_row",
    "patients_of",
    "recording_columns",
    "recording_row",
    "round_row",
    "site_figures_from_row",
]

Cell = str | float | int | bool | None
Row = dict[str, Cell]
CycleRow = tuple[Cell, ...]

#: The first ones, as far as `mitral_regurgitation_score`, are promised in this order.
RECORDING_COLUMNS = (
    "path",
    "status",
    "error",
    "duration_s",
    "sample_rate_hz",
    "patient",
    "site",
    "position",
    "visit",
    "quality",
    "heart_rate_bpm",
    "rhythm_irregularity",
    "cycles",
    "murmur",
    "murmur_probability",
    "unknown_probability",
    "murmur_level_db",
    "systolic_timing",
    "holosystolic_probability",
    "systolic_shape",
    "systolic_pitch",
    "systolic_quality",
    "blowing_probability",
    "grade",
    "diastolic_murmur_probability",
    "s1_s2_level_db",
    "s1_intensity",
    "s2_split_ms",
    "s3_probability",
    "s4_probability",
    "click_probability",
    "mitral_regurgitation_score",
    "absent_probability",
    "above_quiet_db",
    "murmur_extent",
    "murmur_onset",
    "murmur_end",
    "timing_probability",
    "shape_probability",
    "pitch_probability",
    "character_probability",
    "grade_probability",
    "centroid_hz",
    "late_diastole_quiet",
    "s1_departure_db",
    "quiet_s1_probability",
    "wide_s2_split_probability",
    "systole_s",
    "diastole_s",
    "rmssd_ms",
    "pnn50",
    "sample_entropy",
    "irregular_rhythm_probability",
    "premature_beats",
    "pauses",
    "trusted_cycles",
    "quality_reasons",
    "clipped_fraction",
    "spiked_fraction",
    "lost_fraction",
    "notes",
    "version",
    "settings",
)

#: What a recording is called, and where it was taken; all else was measured.
LABELS = INFO_FIELDS
RECORDING_FIGURES = tuple(name for name in RECORDING_COLUMNS if name not in LABELS)

CYCLE_FIGURES = (
    "cycle",
    "s1_onset_s",
    "systole_onset_s",
    "s2_onset_s",
    "diastole_onset_s",
    "end_s",
    "confidence",
    "trusted",
    "s1_s2_level_db",
    "murmur_above_late_diastole_db",
    "murmur_extent",
)
CYCLE_COLUMNS = ("path", "patient", "site", *CYCLE_FIGURES)

#: Parts of the patient's score, as `PatientAnalysis.score_parts` names them.
SCORE_PARTS = ("pansystolic_murmur", "quiet_s1", "loudest_at_the_apex")

PATIENT_COLUMNS = (
    "patient",
    "recordings",
    "murmur",
    "murmur_probability",
    "unknown_probability",
    "grade",
    "loudest_site",
    "murmur_sites",
    "radiates_to_axilla",
    "readable",
    "holosystolic_probability",
    "blowing_probability",
    "s1_intensity",
    "quiet_s1_probability",
    "apex_over_base_db",
    *(f"score_{part}" for part in SCORE_PARTS),
    "mitral_regurgitation_score",
)

#: What the cells of a column are; all others are floats.
_KINDS: dict[str, type] = (
    dict.fromkeys((*LABELS, "status", "error", "murmur", "systolic_timing", "systolic_shape", "systolic_pitch"), str)
    | dict.fromkeys(("systolic_quality", "grade", "s1_intensity", "quality_reasons", "notes", "version", "settings"), str)
    | dict.fromkeys(("loudest_site", "murmur_sites"), str)
    | dict.fromkeys(("cycles", "trusted_cycles", "premature_beats", "pauses", "cycle", "recordings", "readable"), int)
    | dict.fromkeys(("late_diastole_quiet", "trusted", "radiates_to_axilla"), bool)
)

#: Decimals by the end of a column's name; what has none of these endings is a probability or a share.
_DECIMALS = {"_db": 2, "_ms": 1, "_hz": 1, "_bpm": 1, "_s": 4}
#: The classes' probabilities enter a patient's figures as log odds, which need more of a small one.
_FINE = ("murmur_probability", "unknown_probability", "absent_probability")


@dataclass(frozen=True, slots=True)
class Failure(Record):
    """A recording that could not be analyzed, and why."""

    info: RecordingInfo
    status: str
    error: str


def kind_of(column: str) -> type:
    """What the cells of one of our columns are: str, int, bool or float."""
    return _KINDS.get(column, float)


# --- rows -------------------------------------------------------------------------------


def recording_row(result: Analysis | Failure) -> Row:
    """Give the row of ``recordings.csv`` for one recording, failed or not, shape {column: cell}.

    Of an unreadable recording the figures are left empty: nothing should rest on them.
    """
    row: Row = dict.fromkeys(RECORDING_COLUMNS)
    row |= {"status": result.status, "error": result.error, **result.info.to_dict()}
    if isinstance(result, Failure):
        return row
    quality = result.quality
    row |= {
        "duration_s": result.duration_s,
        "sample_rate_hz": result.sample_rate_hz,
        "quality": quality.index,
        "cycles": len(result.segmentation.cycles),
        "trusted_cycles": quality.trusted_cycles,
        "quality_reasons": "; ".join(quality.reasons),
        "clipped_fraction": quality.clipped_fraction,
        "spiked_fraction": quality.spiked_fraction,
        "lost_fraction": quality.lost_fraction,
        "murmur": result.findings.murmur.value,
        "notes": "; ".join(result.notes),
        "version": result.version,
        "settings": result.settings,
    }
    if result.status == "ok":
        row |= _figures(result)
    return round_row(row)


def _figures(analysis: Analysis) -> Row:
    found, rhythm, sounds, murmur = analysis.findings, analysis.rhythm, analysis.heart_sounds, analysis.murmur
    row: Row = {
        "heart_rate_bpm": rhythm.heart_rate_bpm,
        "rhythm_irregularity": rhythm.irregularity,
        "systole_s": rhythm.systole_s,
        "diastole_s": rhythm.diastole_s,
        "rmssd_ms": rhythm.rmssd_ms,
        "pnn50": rhythm.pnn50,
        "sample_entropy": rhythm.sample_entropy,
        "irregular_rhythm_probability": found.irregular_rhythm.probability,
        "premature_beats": None if found.premature_beats.value is None else rhythm.premature_beats,
        "pauses": len(rhythm.pauses),
        "murmur_probability": found.murmur.present_probability,
        "unknown_probability": found.murmur.unknown_probability,
        "absent_probability": found.murmur.absent_probability,
        "systolic_timing": found.systolic_timing.value,
        "timing_probability": found.systolic_timing.probability,
        "holosystolic_probability": _given(found.systolic_timing, "p_holosystolic"),
        "systolic_shape": found.systolic_shape.value,
        "shape_probability": found.systolic_shape.probability,
        "systolic_pitch": found.systolic_pitch.value,
        "pitch_probability": found.systolic_pitch.probability,
        "systolic_quality": found.systolic_quality.value,
        "character_probability": found.systolic_quality.probability,
        "blowing_probability": _given(found.systolic_quality, "p_blowing"),
        "grade": found.grade.value,
        "grade_probability": found.grade.probability,
        "diastolic_murmur_probability": found.diastolic_murmur.probability,
        "s1_intensity": found.s1_intensity.value,
        "s1_departure_db": _given(found.s1_intensity, "departure_db"),
        "quiet_s1_probability": found.s1_intensity.probability,
        "s2_split_ms": found.s2_split.value,
        "wide_s2_split_probability": found.s2_split.probability,
        "s3_probability": found.s3.probability,
        "s4_probability": found.s4.probability,
        "click_probability": found.click.probability,
        "mitral_regurgitation_score": found.mitral_regurgitation.value,
    }
    if sounds is not None:
        row["s1_s2_level_db"] = sounds.s1_s2_level_db
    if murmur is not None:
        row |= {
            "murmur_level_db": murmur.level_db,
            "above_quiet_db": murmur.above_quiet_db,
            "murmur_extent": murmur.extent,
            "murmur_onset": murmur.onset,
            "murmur_end": murmur.end,
            "late_diastole_quiet": murmur.late_diastole_quiet,
            "centroid_hz": murmur.spectrum.centroid_hz if murmur.spectrum else None,
        }
    return row


def _given(finding: Finding, name: str) -> float | None:
    return None if finding.value is None else finding.evidence.get(name)


def cycle_rows(analysis: Analysis) -> list[CycleRow]:
    """Give what the table of cycles says of one recording, beat by beat, in the order of `CYCLE_FIGURES`."""
    beats, figures = analysis.segmentation.cycles, analysis.cycles
    columns: list[list[Cell]] = [list(range(1, len(beats) + 1))]
    for name in CYCLE_FIGURES[1:]:
        values = getattr(beats if hasattr(beats, name) else figures, name)
        if values.dtype.kind == "f":
            rounded = np.round(values, _decimals(name)) + 0.0  # no "-0.0"
            columns.append([None if math.isnan(cell) else cell for cell in rounded.tolist()])
        else:
            columns.append(values.tolist())
    return list(zip(*columns, strict=True))


def patient_row(patient: PatientAnalysis) -> Row:
    """Give the row of ``patients.csv`` for one patient; sites are joined with ``+``, as CirCor does."""
    row: Row = {name: getattr(patient, name, None) for name in PATIENT_COLUMNS}
    row["murmur_sites"] = "+".join(patient.murmur_sites)
    row |= {f"score_{part}": patient.score_parts.get(part) for part in SCORE_PARTS}
    return round_row(row)


def round_row(row: Row) -> Row:
    """Round the cells of a row as the tables have them, by the names of their columns."""
    return {name: _round(name, cell) for name, cell in row.items()}


def _round(name: str, cell: Cell) -> Cell:
    if not isinstance(cell, float):
        return cell
    if not math.isfinite(cell):
        return None
    return round(cell, _decimals(name)) + 0.0  # no "-0.0"


@lru_cache(maxsize=256)
def _decimals(name: str) -> int:
    return 6 if name in _FINE else next((d for end, d in _DECIMALS.items() if name.endswith(end)), 4)


# --- from rows back to patients ---------------------------------------------------------


def info_from_row(row: Mapping[str, Cell]) -> RecordingInfo:
    """Return what a row of ``recordings.csv`` says of its recording besides the figures."""
    return RecordingInfo(*(str(row[name] or "") for name in INFO_FIELDS))


def site_figures_from_row(row: Mapping[str, Cell]) -> SiteFigures:
    """Take from a row of ``recordings.csv``, as made or as stored, what a patient's figures need."""
    from murmur.patients.patient import SiteFigures

    return SiteFigures(
        info=info_from_row(row),
        readable=row["status"] == "ok",
        present_probability=_number(row["murmur_probability"]),
        unknown_probability=_number(row["unknown_probability"]),
        absent_probability=_number(row["absent_probability"]),
        murmur_level_db=_number(row["murmur_level_db"]),
        holosystolic_probability=_number(row["holosystolic_probability"]),
        blowing_probability=_number(row["blowing_probability"]),
        s1_departure_db=_number(row["s1_departure_db"]),
        above_quiet_db=_number(row["above_quiet_db"]),
        murmur_extent=_number(row["murmur_extent"]),
        s1_s2_level_db=_number(row["s1_s2_level_db"]),
        heart_rate_bpm=_number(row["heart_rate_bpm"]),
    )


def _number(cell: Cell) -> float | None:
    return None if cell is None or cell == "" else float(cell)


def patients_of(
    rows: Iterable[Mapping[str, Cell]], settings: Settings | None = None, models: Models | None = None
) -> Iterator[PatientAnalysis]:
    """Join the rows of recordings to patients, one after another; the rows of one patient follow each other."""
    from murmur.patients.patient import join_patient

    for patient, own in groupby(rows, key=lambda row: row["patient"]):
        if patient:
            yield join_patient(str(patient), [site_figures_from_row(row) for row in own], settings, models)


def recording_columns(extra: Iterable[str]) -> dict[str, str]:
    """Columns of a manifest to their names in the table of recordings: one of ours keeps its meaning."""
    return {name: f"manifest_{name}" if name in RECORDING_COLUMNS else name for name in extra}
