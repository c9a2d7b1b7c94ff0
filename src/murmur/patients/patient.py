"""Several recordings of one person: whether and where a murmur is heard, where it is loudest, and what it is like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from murmur.errors import ParameterError
from murmur.findings import s1_intensity
from murmur.findings.finding import median_class
from murmur.findings.grade import GRADES
from murmur.findings.models import FindingModels
from murmur.findings.murmur import decide_murmur
from murmur.io.info import RecordingInfo
from murmur.learned.linear import sigmoid
from murmur.pipeline.models import Models, shipped_models
from murmur.records import Record
from murmur.settings import Settings

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis

Array = NDArray[np.float64]

#: At and below this level against S2 there is no murmur, and none is louder than another.
NO_MURMUR_DB = -30.0
#: A murmur of grade II is heard at all of these.
GRADED_SITES = ("AV", "PV", "TV", "MV")
#: Log odds of a murmur at a site without a recording, and least at any site.
LEAST_LOG_ODDS = -4.0
#: Difference of levels between apex and base for each unit of log odds that the murmur is louder at the apex.
APEX_SLOPE_DB = 2.0


@dataclass(frozen=True, slots=True)
class SiteFigures(Record):
    """What the figures of a patient, and their history over visits, need of each recording; a row of the tables holds it.

    Levels compare between recordings only as ratios within each: the murmur's against S2.
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
    """What all recordings of one person show together.

    Attributes
    ----------
    patient : str
        Id of the patient.
    recordings, readable : int
        Number of recordings, and of those that are readable.
    murmur : str
        "present", "absent" or "unknown".
    murmur_probability, unknown_probability : float or None
        Of the three classes present, unknown, absent.
    grade : str or None
        From the probabilities of a murmur at the four sites.
    graded_sites : int
        Number of the four sites with a readable recording.
    expected_grade : float or None
        0 to 3: the expected grade of a murmur, times the probability that there is one.
    murmur_sites : tuple of str
        Sites where a murmur is heard.
    loudest_site : str or None
        Where the murmur is loudest against S2.
    radiates_to_axilla : bool or None
        Whether it is heard at Ax; None without a readable recording there.
    holosystolic_probability, blowing_probability : float or None
        Mean over the recordings, weighted by the probability of a murmur in each.
    s1_intensity : str or None
        "quiet", "normal" or "loud": the median over the recordings of S1's departure from the norm of its site.
    quiet_s1_probability : float or None
        Probability that S1 is quiet, from that median.
    apex_over_base_db : float or None
        The murmur's level at MV above that at AV; None where it is heard at neither, or a site is missing.
    mitral_regurgitation_score : float or None
        Mean of three parts of equal weight: a murmur that fills systole, a quiet S1, a murmur louder at the apex than at the
        aortic site; without the sites for the third, of two.
    score_parts : dict of str to float or None
        Those parts.
    """

    patient: str
    recordings: int
    readable: int = 0
    murmur: str = "unknown"
    murmur_probability: float | None = None
    unknown_probability: float | None = None
    grade: str | None = None
    graded_sites: int = 0
    expected_grade: float | None = None
    murmur_sites: tuple[str, ...] = ()
    loudest_site: str | None = None
    radiates_to_axilla: bool | None = None
    holosystolic_probability: float | None = None
    blowing_probability: float | None = None
    s1_intensity: str | None = None
    quiet_s1_probability: float | None = None
    apex_over_base_db: float | None = None
    mitral_regurgitation_score: float | None = None
    score_parts: dict[str, float | None] = field(default_factory=dict)


def site_figures(analysis: Analysis) -> SiteFigures:
    """Take from an analysis what the figures of its patient need."""
    found, readable = analysis.findings, analysis.status == "ok"
    murmur, sounds = (analysis.murmur, analysis.heart_sounds) if readable else (None, None)
    return SiteFigures(
        info=analysis.info,
        readable=readable,
        present_probability=found.murmur.present_probability,
        unknown_probability=found.murmur.unknown_probability,
        absent_probability=found.murmur.absent_probability,
        murmur_level_db=murmur.level_db if murmur else None,
        holosystolic_probability=found.systolic_timing.evidence.get("p_holosystolic"),
        blowing_probability=found.systolic_quality.evidence.get("p_blowing"),
        s1_departure_db=found.s1_intensity.evidence.get("departure_db"),
        above_quiet_db=murmur.above_quiet_db if murmur else None,
        murmur_extent=murmur.extent if murmur else None,
        s1_s2_level_db=sounds.s1_s2_level_db if sounds else None,
        heart_rate_bpm=analysis.rhythm.heart_rate_bpm if readable else None,
    )


def _log_odds(probabilities: Array) -> Array:
    """Log odds of a murmur against everything else, of probabilities (readable, 3) of present, unknown and absent."""
    p = np.clip(probabilities[:, 0], 1e-3, 1 - 1e-3)
    odds: Array = np.log(p / (1 - p))
    return odds


def patient_vector(probabilities: Array) -> Array:
    """Return what the patient's murmur model takes: the largest and the mean log odds of a murmur.

    Parameters
    ----------
    probabilities : ndarray, shape (readable, 3)
        Of present, unknown and absent, in each readable recording.
    """
    odds = _log_odds(probabilities)
    return np.array([odds.max(), odds.mean()])


def grade_vector(probabilities: Array, sites: Sequence[str]) -> Array:
    """Return what the patient's grade model takes: the least log odds of a murmur over the four sites, and the largest.

    In CirCor a murmur of grade II is heard at all four sites, one of grade I is not. A site without a recording counts as
    one without a murmur.

    Parameters
    ----------
    probabilities : ndarray, shape (readable, 3)
        Of present, unknown and absent, in each readable recording.
    sites : sequence of str, length readable
        Where each recording was made.
    """
    odds = _log_odds(probabilities)
    at_sites = [max((o for o, at in zip(odds, sites, strict=True) if at == s), default=LEAST_LOG_ODDS) for s in GRADED_SITES]
    return np.array([max(min(at_sites), LEAST_LOG_ODDS), odds.max()])


def join_patient(
    patient: str,
    sites: Sequence[SiteFigures | Analysis],
    settings: Settings | None = None,
    models: Models | None = None,
) -> PatientAnalysis:
    """Join the recordings of one person.

    Parameters
    ----------
    patient : str
        Id of the patient.
    sites : sequence of Analysis or SiteFigures
        The recordings, in any order, also several at a site. Without a readable one the murmur is "unknown".
    settings : Settings, optional
        The settings; the defaults if None.
    models : Models, optional
        The trained models; the shipped ones if None.

    Returns
    -------
    PatientAnalysis

    Raises
    ------
    ParameterError
        If `sites` holds anything else, or recordings of different people.

    See Also
    --------
    murmur.analyze : Analyzes one recording.

    Examples
    --------
    >>> import murmur
    >>> sites = [murmur.analyze(f"recordings/13918_{site}.wav") for site in ("AV", "PV", "TV", "MV")]
    >>> joined = murmur.join_patient("13918", sites)
    >>> joined.murmur, joined.loudest_site
    ('present', 'MV')
    """
    settings, trained = settings or Settings(), (models or shipped_models()).findings
    figures = checked_sites(sites)
    read = [f for f in figures if f.readable and f.present_probability is not None]
    if not read:
        return PatientAnalysis(patient, len(figures))
    probabilities = np.array([(f.present_probability, f.unknown_probability, f.absent_probability) for f in read], float)
    joint = trained.patient_murmur.probabilities(patient_vector(probabilities))
    grades = trained.patient_grade.probabilities(grade_vector(probabilities, [f.info.site for f in read]))
    murmur = decide_murmur(joint, settings)
    present, present_probability = murmur == "present", float(joint[0])
    heard = [f for f, p in zip(read, probabilities, strict=True) if decide_murmur(p, settings) == "present"]
    loudest = max(heard, key=lambda f: -np.inf if f.murmur_level_db is None else f.murmur_level_db, default=None)
    holosystolic = _mean([f.holosystolic_probability for f in read], weights=probabilities[:, 0])
    intensity, quiet = _s1(read, trained)
    at_axilla = [f in heard for f in read if f.info.site == "Ax"]
    apex_over_base_db, loudest_at_the_apex = _apex(read, heard, present_probability)
    parts: dict[str, float | None] = {
        "pansystolic_murmur": None if holosystolic is None else present_probability * holosystolic,
        "quiet_s1": quiet,
        "loudest_at_the_apex": loudest_at_the_apex,
    }
    return PatientAnalysis(
        patient=patient,
        recordings=len(figures),
        readable=len(read),
        murmur=murmur,
        murmur_probability=present_probability,
        unknown_probability=float(joint[1]),
        grade=GRADES[median_class(grades.tolist())] if present else None,
        graded_sites=len({f.info.site for f in read} & set(GRADED_SITES)),
        expected_grade=float(joint[0] * (grades @ np.arange(1, len(GRADES) + 1))),
        murmur_sites=tuple(sorted({f.info.site for f in heard if f.info.site})) if present else (),
        loudest_site=(loudest.info.site or None) if loudest and present else None,
        radiates_to_axilla=any(at_axilla) if at_axilla else None,
        holosystolic_probability=holosystolic,
        blowing_probability=_mean([f.blowing_probability for f in read], weights=probabilities[:, 0]),
        s1_intensity=intensity,
        quiet_s1_probability=quiet,
        apex_over_base_db=apex_over_base_db,
        mitral_regurgitation_score=_mean([*parts.values()], weights=np.ones(len(parts))),
        score_parts=parts,
    )


def checked_sites(sites: object) -> list[SiteFigures]:
    """Take from each recording of one person what the figures need; ParameterError for anything else."""
    from murmur.pipeline.analysis import Analysis

    given: list[object] = list(sites) if isinstance(sites, Iterable) and not isinstance(sites, str) else [sites]
    figures = []
    people = sorted({one.info.patient for one in given if isinstance(one, Analysis) and one.info.patient})
    if len(people) > 1:
        raise ParameterError(f"recordings of {' and '.join(people)}, not of one patient: give all the same patient id")
    for one in given:
        if not isinstance(one, SiteFigures | Analysis):
            raise ParameterError(f"the recordings must be a list of results of analyze(), not {one!r:.80}")
        figures.append(one if isinstance(one, SiteFigures) else site_figures(one))
    return figures


def _mean(values: Sequence[float | None], weights: Array) -> float | None:
    """Mean of the values that are known; plain where all their weights were rounded to zero."""
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    if not known:
        return None
    v, w = np.array(known).T
    return float((v * w).sum() / w.sum()) if w.any() else float(v.mean())


def _s1(read: Sequence[SiteFigures], models: FindingModels) -> tuple[str | None, float | None]:
    """S1's intensity, and the probability that it is quiet."""
    departures_db = [f.s1_departure_db for f in read if f.s1_departure_db is not None]
    if not departures_db:
        return None, None
    departure_db, (_, deviation_db) = float(np.median(departures_db)), models.s1_norm("MV")
    quiet = s1_intensity.quiet_probability(departure_db, deviation_db, s1_intensity.RULE.patient_quiet_db)
    return s1_intensity.intensity(departure_db, quiet), quiet


def _apex(
    read: Sequence[SiteFigures], heard: Sequence[SiteFigures], present_probability: float
) -> tuple[float | None, float | None]:
    """The murmur's level at the apex above that at the base, and the probability that it is louder at the apex.

    That probability is no higher than that of a murmur.
    """
    apex_db, base_db = _level_db("MV", read, heard), _level_db("AV", read, heard)
    if apex_db is None or base_db is None:
        return None, None
    if max(apex_db, base_db) <= NO_MURMUR_DB:
        return None, 0.0
    return apex_db - base_db, present_probability * sigmoid((apex_db - base_db) / APEX_SLOPE_DB)


def _level_db(site: str, read: Sequence[SiteFigures], heard: Sequence[SiteFigures]) -> float | None:
    """Median level of the murmur over the recordings of a site; where none is heard, what stands out is no murmur."""
    levels_db = [
        max(f.murmur_level_db, NO_MURMUR_DB) if f in heard and f.murmur_level_db is not None else NO_MURMUR_DB
        for f in read
        if f.info.site == site
    ]
    return float(np.median(levels_db)) if levels_db else None
