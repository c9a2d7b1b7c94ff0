"""Several recordings of one person, put together: where a murmur is heard, where it is loudest, what it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from murmur.errors import ParameterError
from murmur.findings.character import GRADES, middle
from murmur.findings.signs import LOUD_S1_DB, decide_murmur, s1_quiet_probability
from murmur.io.info import RecordingInfo
from murmur.learned.linear import sigmoid
from murmur.pipeline.models import Models, shipped_models
from murmur.records import Record
from murmur.settings import Settings

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis

__all__ = [
    "PatientAnalysis",
    "SiteFigures",
    "checked_sites",
    "grade_vector",
    "join_patient",
    "patient_vector",
    "site_figures",
]

Array = NDArray[np.float64]

#: The median over the sites must lie this far below what is usual: about a tenth of children without a murmur do.
QUIET_S1_PATIENT_DB = -5.75
#: Below this against S2 there is no murmur, and one nothing is no louder than another.
FAINTEST_DB = -30.0
#: Where a murmur of grade II is heard.
GRADED_SITES = ("AV", "PV", "TV", "MV")
#: Log odds of a murmur where there is no recording, and least.
UNHEARD = -4.0


@dataclass(frozen=True, slots=True)
class SiteFigures(Record):
    """What a patient's figures, and their course over visits, need of each recording; a row of the tables holds all of it.

    Levels compare between recordings only as ratios inside each: the murmur's against S2.
    """

    info: RecordingInfo
    readable: bool
    present_probability: float | None
    unknown_probability: float | None
    absent_probability: float | None
    murmur_level_db: float | None
    holosystolic_probability: float | None
    blowing_probability: float | None
    s1_departure_db: float | None
    above_quiet_db: float | None
    murmur_extent: float | None
    s1_s2_level_db: float | None
    heart_rate_bpm: float | None


@dataclass(frozen=True, slots=True)
class PatientAnalysis(Record):
    """What all recordings of one person say together.

    Attributes
    ----------
    patient : str
        Who.
    recordings, readable : int
        How many there are, and how many could be read.
    murmur : str
        "present", "absent" or "unknown".
    murmur_probability, unknown_probability : float or None
        Of the three classes present, unknown, absent.
    grade : str or None
        From how sure a murmur is at each of the four sites.
    graded_sites : int
        At how many of the four sites there is a readable recording.
    expected_grade : float or None
        0 to 3: the grade to be expected, were there a murmur, times the probability that there is one.
    murmur_sites : tuple of str
        Sites where a murmur is heard.
    loudest_site : str or None
        Where the murmur is loudest against S2.
    radiates_to_axilla : bool or None
        Whether it is heard at Ax; None without a readable recording there.
    holosystolic_probability, blowing_probability : float or None
        At the sites where it is heard, weighed by its probability there.
    s1_intensity : str or None
        "quiet", "normal" or "loud": the median over the sites of S1 against what is usual there.
    quiet_s1_probability : float or None
        Of that.
    apex_over_base_db : float or None
        The murmur's level at MV above that at AV; None where it is heard at neither, or one of them is missing.
    mitral_regurgitation_score : float or None
        Mean of three parts of equal weight: a murmur that fills systole, a quiet S1, louder at the apex than at the aortic
        site; without the sites for the third, of two.
    score_parts : dict of str to float or None
        Those parts.
    """

    patient: str
    recordings: int
    readable: int
    murmur: str
    murmur_probability: float | None
    unknown_probability: float | None
    grade: str | None
    graded_sites: int
    expected_grade: float | None
    murmur_sites: tuple[str, ...]
    loudest_site: str | None
    radiates_to_axilla: bool | None
    holosystolic_probability: float | None
    blowing_probability: float | None
    s1_intensity: str | None
    quiet_s1_probability: float | None
    apex_over_base_db: float | None
    mitral_regurgitation_score: float | None
    score_parts: dict[str, float | None]


def site_figures(analysis: Analysis) -> SiteFigures:
    """Take from an analysis what its patient's figures need."""
    found, readable = analysis.findings, analysis.status == "ok"
    murmur, sounds = (analysis.murmur, analysis.heart_sounds) if readable else (None, None)
    return SiteFigures(
        info=analysis.info,
        readable=readable,
        present_probability=found.murmur.present_probability,
        unknown_probability=found.murmur.unknown_probability,
        absent_probability=found.murmur.absent_probability,
        murmur_level_db=None if murmur is None else murmur.level_db,
        holosystolic_probability=found.systolic_timing.evidence.get("p_holosystolic"),
        blowing_probability=found.systolic_quality.evidence.get("p_blowing"),
        s1_departure_db=found.s1_intensity.evidence.get("departure_db"),
        above_quiet_db=None if murmur is None else murmur.above_quiet_db,
        murmur_extent=None if murmur is None else murmur.extent,
        s1_s2_level_db=None if sounds is None else sounds.s1_s2_level_db,
        heart_rate_bpm=analysis.rhythm.heart_rate_bpm if readable else None,
    )


def _log_odds(probabilities: Array) -> Array:
    """Log odds of a murmur against everything else, of probabilities (readable, 3) of present, unknown and absent."""
    p = np.clip(probabilities[:, 0], 1e-3, 1 - 1e-3)
    odds: Array = np.log(p / (1 - p))
    return odds


def patient_vector(probabilities: Array) -> Array:
    """Sum up the recordings' probabilities (readable, 3) for the patient's model: log odds of a murmur, largest and mean."""
    odds = _log_odds(probabilities)
    return np.array([odds.max(), odds.mean()])


def grade_vector(probabilities: Array, sites: Sequence[str]) -> Array:
    """Sum up the recordings' probabilities (readable, 3), and where each was made, for the patient's grade.

    Log odds of a murmur against everything else: the least over the four sites, and the largest. In CirCor a murmur of
    grade II is heard at all four sites, one of grade I is not; a site without a recording counts as one without a murmur.
    """
    odds = _log_odds(probabilities)
    at_sites = [max((o for o, at in zip(odds, sites, strict=True) if at == site), default=UNHEARD) for site in GRADED_SITES]
    return np.array([max(min(at_sites), UNHEARD), odds.max()])


def join_patient(
    patient: str,
    sites: Sequence[SiteFigures | Analysis],
    settings: Settings | None = None,
    models: Models | None = None,
) -> PatientAnalysis:
    """Join one person's recordings.

    Parameters
    ----------
    patient : str
        Who.
    sites : sequence of Analysis or SiteFigures
        Their recordings, in any order, several at a site too; without a readable one the patient is "unknown".
    settings : Settings, optional
        What may be tuned.
    models : Models, optional
        Other trained models than those that ship.

    Returns
    -------
    PatientAnalysis

    Raises
    ------
    ParameterError
        If `sites` is anything else.
    """
    settings, findings = settings or Settings(), (models or shipped_models()).findings
    figures = checked_sites(sites)
    read = [f for f in figures if f.readable and f.present_probability is not None]
    if not read:
        return _unread(patient, len(figures))
    probabilities = np.array(
        [[f.present_probability, f.unknown_probability, f.absent_probability] for f in read], dtype=np.float64
    )
    joint = findings.patient_murmur.probabilities(patient_vector(probabilities))
    murmur = decide_murmur(joint, settings)
    present = murmur == "present"
    heard = [f for f, p in zip(read, probabilities, strict=True) if decide_murmur(p, settings) == "present"]
    loudest = max(heard, key=lambda f: f.murmur_level_db if f.murmur_level_db is not None else -np.inf, default=None)
    weights = probabilities[:, 0]
    holosystolic = _weighted([f.holosystolic_probability for f in read], weights)
    departures = [f.s1_departure_db for f in read if f.s1_departure_db is not None]
    departure = float(np.median(departures)) if departures else None
    quiet = None if departure is None else s1_quiet_probability(departure, findings.s1_norm("MV")[1], QUIET_S1_PATIENT_DB)
    apex, base = _level_at(read, heard, "MV"), _level_at(read, heard, "AV")
    nowhere = apex is not None and base is not None and max(apex, base) <= FAINTEST_DB
    apex_over_base = None if apex is None or base is None or nowhere else apex - base
    axilla = [f for f in read if f.info.site == "Ax"]
    parts: dict[str, float | None] = {
        "pansystolic_murmur": None if holosystolic is None else float(joint[0]) * holosystolic,
        "quiet_s1": quiet,
        "loudest_at_the_apex": _louder_at_apex(float(joint[0]), apex_over_base, nowhere),
    }
    known = [p for p in parts.values() if p is not None]
    grades = findings.patient_grade.probabilities(grade_vector(probabilities, [f.info.site for f in read]))
    return PatientAnalysis(
        patient=patient,
        recordings=len(figures),
        readable=len(read),
        murmur=murmur,
        murmur_probability=float(joint[0]),
        unknown_probability=float(joint[1]),
        grade=GRADES[middle(grades.tolist())] if present else None,
        graded_sites=len({f.info.site for f in read} & set(GRADED_SITES)),
        expected_grade=float(joint[0] * (grades @ np.arange(1, len(GRADES) + 1))),
        murmur_sites=tuple(sorted({f.info.site for f in heard if f.info.site})) if present else (),
        loudest_site=(loudest.info.site or None) if loudest and present else None,
        radiates_to_axilla=any(f in heard for f in axilla) if axilla else None,
        holosystolic_probability=holosystolic,
        blowing_probability=_weighted([f.blowing_probability for f in read], weights),
        s1_intensity=None if departure is None or quiet is None else _intensity(departure, quiet),
        quiet_s1_probability=quiet,
        apex_over_base_db=apex_over_base,
        mitral_regurgitation_score=float(np.mean(known)) if known else None,
        score_parts=parts,
    )


def checked_sites(sites: object) -> list[SiteFigures]:
    """Take from each of one person's recordings what their figures need; ParameterError for anything else."""
    from murmur.pipeline.analysis import Analysis

    given: list[object] = list(sites) if isinstance(sites, Iterable) and not isinstance(sites, str) else [sites]
    figures = []
    people = sorted({one.info.patient for one in given if isinstance(one, Analysis) and one.info.patient})
    if len(people) > 1:
        raise ParameterError(f"recordings of {' and '.join(people)} are not one person's: name the same patient for all")
    for one in given:
        if not isinstance(one, SiteFigures | Analysis):
            raise ParameterError(f"one person's recordings must be a list of what analyze() gave, not {one!r:.80}")
        figures.append(one if isinstance(one, SiteFigures) else site_figures(one))
    return figures


def _unread(patient: str, recordings: int) -> PatientAnalysis:
    return PatientAnalysis(
        patient=patient, recordings=recordings, readable=0, murmur="unknown", murmur_probability=None,
        unknown_probability=None, grade=None, graded_sites=0, expected_grade=None, murmur_sites=(), loudest_site=None,
        radiates_to_axilla=None, holosystolic_probability=None, blowing_probability=None, s1_intensity=None,
        quiet_s1_probability=None, apex_over_base_db=None, mitral_regurgitation_score=None, score_parts={},
    )  # fmt: skip


def _intensity(departure: float, quiet: float) -> str:
    if quiet > 0.5:
        return "quiet"
    return "loud" if departure > LOUD_S1_DB else "normal"


def _weighted(values: Sequence[float | None], weights: Array) -> float | None:
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    if not known:
        return None
    v, w = np.array(known).T
    if not w.any():  # all of them rounded to nothing
        return float(v.mean())
    return float((v * w).sum() / w.sum())


def _louder_at_apex(present: float, apex_over_base_db: float | None, nowhere: bool) -> float | None:
    """No surer than that there is a murmur at all."""
    if apex_over_base_db is None:
        return 0.0 if nowhere else None
    return present * sigmoid(apex_over_base_db / 2.0)


def _level_at(read: Sequence[SiteFigures], heard: Sequence[SiteFigures], site: str) -> float | None:
    """Median level of the murmur over a site's recordings; what stands out where none is heard is no murmur."""
    levels = [
        max(f.murmur_level_db, FAINTEST_DB) if f in heard and f.murmur_level_db is not None else FAINTEST_DB
        for f in read
        if f.info.site == site
    ]
    return float(np.median(levels)) if levels else None
