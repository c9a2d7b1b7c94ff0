"""The table of patients: one row for each person that recordings name, joined from the rows of the recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import groupby
from typing import TYPE_CHECKING

from murmur.tables.column import Cell, Column, Row, row_of
from murmur.tables.recordings import info_from_row

if TYPE_CHECKING:
    from murmur.patients.patient import PatientAnalysis, SiteFigures
    from murmur.pipeline.models import Models
    from murmur.settings import Settings

__all__ = ["PATIENTS", "patient_row", "patients_of", "site_figures_from_row"]


def _score(part: str) -> Callable[[PatientAnalysis], Cell]:
    return lambda patient: patient.score_parts.get(part)


PATIENTS: tuple[Column[PatientAnalysis], ...] = (
    Column("patient", str, lambda p: p.patient, "The patient.", key=True),
    Column("recordings", int, lambda p: p.recordings, "Recordings of the patient, over all visits."),
    Column(
        "murmur", str, lambda p: p.murmur, "The class of lowest expected cost, from all recordings.",
        sign="murmur",
    ),
    Column(
        "murmur_probability", float, lambda p: p.murmur_probability, "Probability of a murmur.", "probability", decimals=6
    ),
    Column(
        "unknown_probability", float, lambda p: p.unknown_probability, "Probability that an expert could not decide.",
        "probability", decimals=6,
    ),
    Column(
        "grade", str, lambda p: p.grade,
        "From the probabilities of a murmur at AV, PV, TV and MV; I/VI if fewer than the four were recorded.",
        sign="grade",
    ),
    Column("loudest_site", str, lambda p: p.loudest_site, "Where the murmur is loudest relative to S2."),
    Column("murmur_sites", str, lambda p: "+".join(p.murmur_sites), "Where a murmur is heard, separated by `+`."),
    Column(
        "radiates_to_axilla", bool, lambda p: p.radiates_to_axilla,
        "Whether it is heard at Ax; empty without a readable recording there.",
    ),
    Column("readable", int, lambda p: p.readable, "How many of the recordings are readable."),
    Column(
        "holosystolic_probability", float, lambda p: p.holosystolic_probability,
        "Probability that the murmur spans all of systole: mean over the sites, weighted by the probability of a murmur.",
        "probability",
    ),
    Column(
        "blowing_probability", float, lambda p: p.blowing_probability,
        "Probability that the murmur is blowing: mean over the sites, weighted likewise.", "probability",
    ),
    Column(
        "s1_intensity", str, lambda p: p.s1_intensity, "From the median over the sites of S1 compared with the norm there.",
        sign="s1_intensity",
    ),
    Column(
        "quiet_s1_probability", float, lambda p: p.quiet_s1_probability, "Probability that S1 is quiet, over the sites.",
        "probability",
    ),
    Column(
        "apex_over_base_db", float, lambda p: p.apex_over_base_db,
        "Level of the murmur at MV less that at AV; empty if either is missing or it is heard at neither.", "dB",
    ),
    Column(
        "score_pansystolic_murmur", float, _score("pansystolic_murmur"), "Part of the score: a pansystolic murmur.", "0 to 1"
    ),
    Column("score_quiet_s1", float, _score("quiet_s1"), "Part of the score: a quiet S1.", "0 to 1"),
    Column(
        "score_loudest_at_the_apex", float, _score("loudest_at_the_apex"),
        "Part of the score: louder at the apex than at the aortic site.", "0 to 1",
    ),
    Column(
        "mitral_regurgitation_score", float, lambda p: p.mitral_regurgitation_score,
        "Mean of the three parts; of two if a site for the third is missing.", "0 to 1",
    ),
)  # fmt: skip


def patient_row(patient: PatientAnalysis) -> Row:
    """Return the row of one patient, shape {column: cell}."""
    return row_of(PATIENTS, patient)


def site_figures_from_row(row: Mapping[str, Cell]) -> SiteFigures:
    """Take what a patient's figures need from a row of the table of recordings, as made or as stored."""
    from murmur.patients.patient import SiteFigures

    named = {"present_probability": "murmur_probability"}  # all others are named as their columns
    names = [field.name for field in fields(SiteFigures) if field.name not in {"info", "readable"}]
    figures = {name: _number(row[named.get(name, name)]) for name in names}
    return SiteFigures(info=info_from_row(row), readable=row["status"] == "ok", **figures)


def _number(cell: Cell) -> float | None:
    return None if cell is None or cell == "" else float(cell)


def patients_of(
    rows: Iterable[Mapping[str, Cell]], settings: Settings | None = None, models: Models | None = None
) -> Iterator[PatientAnalysis]:
    """Join rows of the table of recordings to patients; the rows of one patient must follow each other."""
    from murmur.patients.patient import join_patient

    for patient, own in groupby(rows, key=lambda row: row["patient"]):
        if patient:
            yield join_patient(str(patient), [site_figures_from_row(row) for row in own], settings, models)
