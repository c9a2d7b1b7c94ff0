"""What one person's recordings say together, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.patients.patient import GRADED_SITES
from murmur.wording.story import EVEN, NOT_RULED_OUT, SITES, Sentence, Story, Tone, count, percent, score_sentence, tone_of

if TYPE_CHECKING:
    from murmur.patients.patient import PatientAnalysis

__all__ = ["tell_patient"]


def tell_patient(patient: PatientAnalysis) -> Story:
    """Tell what one person's recordings say together."""
    title = f"Patient {patient.patient}"
    context = f"{count(patient.recordings, 'recording')}, {patient.readable} readable"
    if not patient.readable:
        return Story(title, context, ("None could be read, so nothing is said.",), failed=True)
    present = patient.murmur_probability or 0.0
    sentences: list[Sentence] = []
    if patient.murmur == "present":
        sites = [SITES.get(site, site) for site in patient.murmur_sites]
        doubtful = present < EVEN
        sure = f"({percent(present)}; tables say present)" if doubtful else f"({percent(present)})"
        text = f"{NOT_RULED_OUT if doubtful else 'Murmur'} {sure}"
        text += f"{', suspected' if doubtful else ''} at {', '.join(sites)}" if sites else ""
        if patient.loudest_site and len(sites) > 1:
            text += f"; loudest at {SITES.get(patient.loudest_site, patient.loudest_site)}"
        if patient.radiates_to_axilla:
            text += "; radiates to the axilla"
        if patient.grade:
            text += f"; grade {patient.grade}{' or louder' if patient.grade == 'III/VI' else ''}"
            if patient.graded_sites < len(GRADED_SITES):
                text += f", as far as {patient.graded_sites} of the sites {', '.join(GRADED_SITES)} can tell"
        sentences.append((f"{text}.", tone_of(True, present)))
    elif patient.murmur == "absent":
        sentences.append((f"No murmur heard ({percent(1.0 - present)} sure).", Tone.NORMAL))
    else:
        sentences.append((f"Whether there is a murmur can't be told (present {percent(present)}).", Tone.DOUBTFUL))
    if patient.s1_intensity:
        quiet = patient.quiet_s1_probability
        sure = f" ({percent(quiet)} sure)" if patient.s1_intensity == "quiet" and quiet is not None else ""
        tone = tone_of(patient.s1_intensity != "normal", None)
        sentences.append((f"S1 is {patient.s1_intensity}{sure} over the sites.", tone))
    score = patient.mitral_regurgitation_score
    if score is not None:
        sentences.append((score_sentence(score, patient.score_parts), tone_of(score >= EVEN, None)))
    return Story(title, context, sentences=tuple(sentences))
