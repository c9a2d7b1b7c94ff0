"""What was found in all recordings of one person together, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.patients.patient import GRADED_SITES
from murmur.wording.story import (
    EVEN,
    SITES,
    Sentence,
    Story,
    Tone,
    count,
    percent,
    possible_murmur,
    score_sentence,
    tone_of,
    uncertain_murmur,
)

if TYPE_CHECKING:
    from murmur.patients.patient import PatientAnalysis


def tell_patient(patient: PatientAnalysis) -> Story:
    """Tell what was found in all recordings of one person together."""
    title = f"Patient {patient.patient}"
    context = f"{count(patient.recordings, 'recording')}, {patient.readable} readable"
    if not patient.readable:
        return Story(title, context, ("No readable recording: no findings.",), failed=True)
    sentences = [_murmur(patient)]
    if patient.s1_intensity:
        quiet = patient.quiet_s1_probability
        sure = f" ({percent(quiet)})" if patient.s1_intensity == "quiet" and quiet is not None else ""
        sentences.append((f"S1 is {patient.s1_intensity}{sure} over the sites.", tone_of(patient.s1_intensity != "normal")))
    score = patient.mitral_regurgitation_score
    if score is not None:
        sentences.append((score_sentence(score, patient.score_parts), tone_of(score >= EVEN)))
    return Story(title, context, sentences=tuple(sentences))


def _murmur(patient: PatientAnalysis) -> Sentence:
    present = patient.murmur_probability or 0.0
    if patient.murmur == "absent":
        return f"No murmur heard ({percent(1.0 - present)}).", Tone.NORMAL
    if patient.murmur == "unknown":
        return uncertain_murmur(present), Tone.DOUBTFUL
    sites = [SITES.get(site, site) for site in patient.murmur_sites]
    text = possible_murmur(present) if present < EVEN else f"Murmur ({percent(present)})"
    text += f" at {', '.join(sites)}" if sites else ""
    if patient.loudest_site and len(sites) > 1:
        text += f"; loudest at {SITES.get(patient.loudest_site, patient.loudest_site)}"
    if patient.radiates_to_axilla:
        text += "; radiates to the axilla"
    if patient.grade:
        text += f"; grade {patient.grade}{' or louder' if patient.grade == 'III/VI' else ''}"
        if patient.graded_sites < len(GRADED_SITES):
            text += f", from {patient.graded_sites} of the sites {', '.join(GRADED_SITES)}"
    return f"{text}.", tone_of(True, present)
