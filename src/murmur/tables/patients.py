"""The table of patients: one row for each person that recordings name, joined from the rows of the recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from murmur.tables.column import Cell, Column, Row, row_of
from murmur.tables.recordings import info_from_row

if TYPE_CHECKING:
    from murmur.patients.patient import PatientAnalysis, SiteFigures
    from murmur.pipeline.models import Models
    from murmur.settings import Settings


def _figure(name: str, kind: type, meaning: str, unit: str = "", **parts: Any) -> Column[PatientAnalysis]:
    """Make a column of the figure of its name; `parts` are others of `Column`."""
    return Column(name, kind, attrgetter(name), meaning, unit, **parts)


def _sign(name: str, meaning: str) -> Column[PatientAnalysis]:
    return _figure(name, str, meaning, sign=name)


def _score(part: str, of: str) -> Column[PatientAnalysis]:
    return Column(f"score_{part}", float, lambda p: p.score_parts.get(part), f"Part of the score: {of}.", "0 to 1")


PATIENTS: tuple[Column[PatientAnalysis], ...] = (
    _figure("patient", str, "The patient.", key=True),
    _figure("recordings", int, "Recordings of the patient, over all visits."),
    _sign("murmur", "The class of lowest expected cost, from all recordings."),
    _figure("murmur_probability", float, "Probability of a murmur.", "probability", decimals=6),
    _figure("unknown_probability", float, "Probability that an expert could not decide.", "probability", decimals=6),
    _sign("grade", "From the probabilities of a murmur at AV, PV, TV and MV; I/VI if fewer than the four were recorded."),
    _figure("loudest_site", str, "Where the murmur is loudest relative to S2."),
    Column("murmur_sites", str, lambda p: "+".join(p.murmur_sites), "Where a murmur is heard, separated by `+`."),
    _figure("radiates_to_axilla", bool, "Whether it is heard at Ax; empty without a readable recording there."),
    _figure("readable", int, "How many of the recordings are readable."),
    _figure("holosystolic_probability", float,
            "Probability that it spans all of systole: mean over the sites, weighted by the probability of a murmur.",
            "probability"),
    _figure("blowing_probability", float,
            "Probability that it is blowing: mean over the sites, weighted likewise.", "probability"),
    _sign("s1_intensity", "From the median over the sites of S1 compared with the norm there."),
    _figure("quiet_s1_probability", float, "Probability that S1 is quiet, over the sites.", "probability"),
    _figure("apex_over_base_db", float,
            "Level of the murmur at MV less that at AV; empty if either is missing or it is heard at neither.", "dB"),
    _score("pansystolic_murmur", "a pansystolic murmur"),
    _score("quiet_s1", "a quiet S1"),
    _score("loudest_at_the_apex", "louder at the apex than at the aortic site"),
    _figure("mitral_regurgitation_score", float, "Mean of the three parts; of two if a site for the third is missing.",
            "0 to 1"),
)  # fmt: skip


def patient_row(patient: PatientAnalysis) -> Row:
    """Return the row of one patient, shape {column: cell}."""
    return row_of(PATIENTS, patient)


def site_figures_from_row(row: Mapping[str, Cell]) -> SiteFigures:
    """Take what a patient's figures need from a row of the table of recordings, as made or as stored."""
    from murmur.patients.patient import SiteFigures

    named = {"present_probability": "murmur_probability"}  # all others are named as their columns
    names = [field.name for field in fields(SiteFigures) if field.name not in {"info", "readable"}]
    cells = {name: row[named.get(name, name)] for name in names}
    figures = {name: None if cell is None or cell == "" else float(cell) for name, cell in cells.items()}
    return SiteFigures(info=info_from_row(row), readable=row["status"] == "ok", **figures)


def patients_of(
    rows: Iterable[Mapping[str, Cell]], settings: Settings | None = None, models: Models | None = None
) -> Iterator[PatientAnalysis]:
    """Join rows of the table of recordings to patients; the rows of one patient must follow each other."""
    from murmur.patients.patient import join_patient

    for patient, own in groupby(rows, key=lambda row: row["patient"]):
        if patient:
            yield join_patient(str(patient), [site_figures_from_row(row) for row in own], settings, models)
