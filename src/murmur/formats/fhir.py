"""FHIR R4: a preliminary ``DiagnosticReport`` that contains an ``Observation`` for each finding.

The signs and their values have codes of murmur's own system, `CODE_SYSTEM`. A code of LOINC or SNOMED CT is added only if it
means exactly the same: heart rate (LOINC 8867-4), heart murmur (SNOMED CT 88610006) and the answers present, absent and
unknown. A sign's probability and evidence are components of its Observation; a sign without a value has a
data-absent-reason with the reason in words. Every report is validated against the resource classes of fhir.resources before
it is written: those of R4B, in which these two resources are as in R4.

References
----------
https://hl7.org/fhir/R4/diagnosticreport.html, https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur import __version__
from murmur.errors import ParameterError
from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.registry import SIGNS
from murmur.findings.sign import Sign
from murmur.io.writing import write_text
from murmur.wording import tell

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis

CODE_SYSTEM = "urn:uuid:fc6d82e1-54b5-59a8-88ef-1e3293828a72"
"""System of murmur's own codes, which are the names of its findings and of their values."""

_LOINC, _SNOMED, _UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
_ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
#: Only codes of exactly the same meaning.
_CODES = {
    "murmur": (_SNOMED, "88610006", "Heart murmur"),
    "heart_rate": (_LOINC, "8867-4", "Heart rate"),
    "present": (_SNOMED, "52101004", "Present"),
    "absent": (_SNOMED, "2667000", "Absent"),
    "unknown": (_SNOMED, "261665006", "Unknown"),
}
_SITES = {
    "AV": "aortic area",
    "PV": "pulmonary area",
    "TV": "tricuspid area",
    "MV": "mitral area (apex)",
    "Erb": "Erb's point",
    "Ax": "axilla",
    "other": "other site of the chest",
}
#: UCUM's unit by the ending of a name: every measurement ends in its unit.
_UNITS = {"db": "dB", "hz": "Hz", "ms": "ms", "bpm": "/min"}


def write_fhir(
    path: str | os.PathLike[str],
    analysis: Analysis,
    *,
    subject: str | None = None,
    device: str | None = None,
    effective: str | None = None,
) -> None:
    """Write `fhir_report` as JSON.

    Raises
    ------
    ParameterError
        If an option is not valid in a report, or fhir.resources is not installed.
    OutputError
        If `path` can't be written.

    See Also
    --------
    fhir_report : Return it instead.
    """
    report = fhir_report(analysis, subject=subject, device=device, effective=effective)
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(Path(path), text)


def fhir_report(
    analysis: Analysis, *, subject: str | None = None, device: str | None = None, effective: str | None = None
) -> dict[str, Any]:
    """Return a DiagnosticReport of one recording, in its JSON form.

    Parameters
    ----------
    analysis : Analysis
        From `murmur.analyze`.
    subject : str, optional
        Reference to the patient, such as ``Patient/17``; by default the recording's `patient`, if any, as an identifier.
    device : str, optional
        Reference to the stethoscope, such as ``Device/3``.
    effective : str, optional
        Time of the recording: a FHIR dateTime, such as ``2026-05-01T09:30:00+02:00``.

    Returns
    -------
    dict
        Valid against the classes of fhir.resources.

    Raises
    ------
    ParameterError
        If an option is not valid in a report, or fhir.resources is not installed.

    See Also
    --------
    write_fhir : Write it to a file.

    Examples
    --------
    >>> import murmur
    >>> from murmur.formats.fhir import fhir_report
    >>> report = fhir_report(murmur.analyze("13918_MV.wav"), subject="Patient/17")
    >>> report["resourceType"], report["status"], report["subject"]
    ('DiagnosticReport', 'preliminary', {'reference': 'Patient/17'})
    """
    shared: dict[str, Any] = {}
    if subject is not None:
        shared["subject"] = {"reference": subject}
    elif analysis.info.patient:
        shared["subject"] = {"identifier": {"value": analysis.info.patient}}
    if effective is not None:
        _check_time(effective)
        shared["effectiveDateTime"] = effective
    measured = dict(shared)
    if device is not None:
        measured["device"] = {"reference": device}
    if analysis.info.site:
        measured["bodySite"] = {"text": _SITES[analysis.info.site]}
    rate = analysis.rhythm.heart_rate_bpm
    absent = analysis.error or "no rate could be measured"
    parts = _absent(absent) if rate is None else {"valueQuantity": _quantity(rate, "/min")}
    contained = [_observation("heart_rate", "Heart rate", parts, measured)]
    for sign in SIGNS:
        parts = _sign(sign, getattr(analysis.findings, sign.name))
        contained.append(_observation(sign.name, sign.full_title, parts, measured))
    story = tell(analysis)
    sentences = (*story.warnings, *(sentence for sentence, _ in story.sentences))
    report = {
        "resourceType": "DiagnosticReport",
        "contained": contained,
        "status": "preliminary",
        "code": {
            "coding": [{"system": CODE_SYSTEM, "code": "phonocardiogram", "display": "Phonocardiogram analysis"}],
            "text": "Phonocardiogram analysis",
        },
        **shared,
        "result": [{"reference": f"#{item['id']}"} for item in contained],
        "conclusion": " ".join(("For research and education, not a medical device.", *sentences, f"murmur {__version__}.")),
    }
    return _validated(report)


def _check_time(effective: str) -> None:
    """FHIR's dateTime: a year, a month, a day, or a moment with its time zone."""
    if re.fullmatch(r"\d{4}(-\d{2})?", effective):
        return
    with contextlib.suppress(ValueError):
        when = datetime.fromisoformat(effective)
        if len(effective) == 10 or when.tzinfo is not None:
            return
    raise ParameterError(f"effective must be like 2026-05-02 or 2026-05-02T10:30:00+02:00, not {effective!r}")


def _sign(sign: Sign, found: Finding | MurmurFinding) -> dict[str, Any]:
    value = found.value
    if value is None or found.reason is not None:
        parts: dict[str, Any] = _absent(found.reason or "not measured")
    elif isinstance(value, str):
        parts = {"valueCodeableConcept": _concept(value, value)}
    else:
        parts = {"valueQuantity": _quantity(value, _unit(sign.unit))}
    named = [item.name for item in fields(found) if item.name.endswith("probability")]
    figures: dict[str, float | None] = {name: getattr(found, name) for name in named} | dict(found.evidence)
    components = [
        {"code": _concept(figure, figure.replace("_", " ")), "valueQuantity": _quantity(number, _unit(figure))}
        for figure, number in figures.items()
        if number is not None and math.isfinite(number)
    ]
    return parts | ({"component": components} if components else {})


def _observation(name: str, title: str, parts: dict[str, Any], measured: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name.replace("_", "-"),
        "status": "preliminary",
        "category": [{"coding": [{"system": _CATEGORY, "code": "exam", "display": "Exam"}]}],
        "code": _concept(name, title),
        **measured,
        **parts,
    }


def _concept(name: str, text: str) -> dict[str, Any]:
    code = "".join(letter if letter.isalnum() or letter in "-_./" else "-" for letter in name)
    coding = [{"system": CODE_SYSTEM, "code": code}]
    if name in _CODES:
        system, known, display = _CODES[name]
        coding.insert(0, {"system": system, "code": known, "display": display})
    return {"coding": coding, "text": text}


def _absent(reason: str) -> dict[str, Any]:
    coding = {"system": _ABSENT_REASON, "code": "unknown", "display": "Unknown"}
    return {"dataAbsentReason": {"coding": [coding], "text": reason}}


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": float(f"{value:.6g}"), "unit": unit, "system": _UCUM, "code": unit}


def _unit(name: str) -> str:
    return _UNITS.get(name.rpartition("_")[2], "1")


def _validated(report: dict[str, Any]) -> dict[str, Any]:
    try:
        from fhir.resources.R4B.diagnosticreport import DiagnosticReport
    except ImportError as error:
        raise ParameterError("writing FHIR needs fhir.resources: pip install 'murmur-pcg[formats]'") from error
    try:
        DiagnosticReport.model_validate_json(json.dumps(report, allow_nan=False))
    except ValueError as error:
        raise ParameterError(f"the report is not valid FHIR R4: {' '.join(str(error).split())[:400]}") from error
    return report
