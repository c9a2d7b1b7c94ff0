"""What a doctor would say of a recording, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.wording.figures import figure_lines
from murmur.wording.story import (
    EVEN,
    LIKELY,
    NOT_RULED_OUT,
    POSITIONS,
    SITES,
    SURE,
    Sentence,
    Story,
    Tone,
    count,
    percent,
    score_sentence,
    share,
    tone_of,
)

if TYPE_CHECKING:
    from murmur.findings.signs import Finding
    from murmur.pipeline.analysis import Analysis

__all__ = ["tell", "tell_failure"]

#: A recording with less than this share segmented right is worth a warning.
GOOD_QUALITY = 0.6
#: A murmur that fills this share of systole fills most of it.
MOST = 0.8

_TIMING = {
    "holosystolic": "pansystolic (holosystolic)",
    "early": "early systolic",
    "mid": "mid-systolic",
    "late": "late systolic",
}
_SHAPE = {
    "plateau": "plateau",
    "diamond": "diamond-shaped (crescendo-decrescendo)",
    "decrescendo": "decrescendo",
    "crescendo": "crescendo",
}
_SIGNS = {
    "systolic_timing": "timing",
    "systolic_shape": "shape",
    "systolic_pitch": "pitch",
    "systolic_quality": "character",
    "s1_intensity": "S1",
    "s2_split": "S2 split",
    "s3": "S3",
    "s4": "S4",
    "diastolic_murmur": "diastolic murmur",
    "irregular_rhythm": "regularity",
    "premature_beats": "premature beats",
    "mitral_regurgitation": "mitral-regurgitation score",
}


def tell(analysis: Analysis) -> Story:
    """Tell one recording."""
    if analysis.status != "ok":
        why = ", ".join(analysis.quality.reasons) or "of too little quality"
        beats = analysis.quality.trusted_cycles
        trusted = f"Only {count(beats, 'beat')}" if beats else "No beat"
        warning = f"Unreadable: {why}. {trusted} could be trusted, so nothing is said of heart or murmur."
        return Story(analysis.info.path, _context(analysis), (warning, *_warnings(analysis)), failed=True)
    return Story(
        title=analysis.info.path,
        context=_context(analysis),
        warnings=tuple(_warnings(analysis)),
        sentences=tuple(s for s in (_murmur(analysis), _sounds(analysis), _rhythm(analysis), _score(analysis)) if s[0]),
        lines=tuple(figure_lines(analysis)),
        missing=tuple(_missing(analysis)),
    )


def tell_failure(path: str, error: str) -> Story:
    """Tell of a recording that could not be analyzed."""
    return Story(path, warnings=(f"Failed: {error}",), failed=True)


# --- what it is, and whether to trust it ------------------------------------------------


def _context(analysis: Analysis) -> str:
    quality = analysis.quality
    beats = len(analysis.segmentation.cycles)
    parts = [
        f"patient {analysis.info.patient}" if analysis.info.patient else "",
        SITES.get(analysis.info.site, analysis.info.site) if analysis.info.site else "site not known",
        POSITIONS.get(analysis.info.position, analysis.info.position),
        f"visit {analysis.info.visit}" if analysis.info.visit else "",
        _duration(analysis.duration_s),
        f"{quality.trusted_cycles} of {count(beats, 'beat')} measured",
    ]
    return ", ".join(part for part in parts if part)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _warnings(analysis: Analysis) -> list[str]:
    quality, murmur = analysis.quality, analysis.murmur
    readable = analysis.status == "ok"
    warnings = []
    if "clipped" in quality.reasons:
        warnings.append(f"Clipped: {share(quality.clipped_fraction)} of it is cut off at full scale; turn the gain down.")
    if "contact lost" in quality.reasons:
        warnings.append(f"Contact was lost for {share(quality.lost_fraction)} of the time.")
    if readable and {"noisy", "no heartbeat"} & set(quality.reasons):
        warnings.append("Noisy: in more than half of it no beat could be trusted.")
    elif readable and quality.index < GOOD_QUALITY:
        warnings.append(f"Only {share(quality.index)} of it can be expected to be segmented right.")
    if readable and murmur is not None and not murmur.late_diastole_quiet:
        warnings.append("Late diastole is not quiet itself; the murmur may be louder than said, as it is measured above it.")
    warnings += [f"{note[:1].upper()}{note[1:]}." for note in analysis.notes]
    return warnings


def _missing(analysis: Analysis) -> list[str]:
    """Tell what was not measured, and why; one line per reason."""
    by_reason: dict[str, list[str]] = {}
    findings = analysis.findings
    for name in findings.__dataclass_fields__:
        finding = getattr(findings, name)
        if finding.value is None and finding.reason:
            by_reason.setdefault(finding.reason, []).append(_SIGNS.get(name, name))
    return [f"{', '.join(signs)} ({reason})" for reason, signs in by_reason.items()]


# --- sentences --------------------------------------------------------------------------


def _murmur(analysis: Analysis) -> Sentence:
    found = analysis.findings
    heard, diastolic = found.murmur, _diastolic(found.diastolic_murmur)
    present = heard.present_probability or 0.0
    tone = tone_of(heard.value != "absent", present)
    if heard.value == "unknown":
        sentence, tone = f"Whether there is a murmur can't be told (present {percent(present)}).", Tone.DOUBTFUL
    elif heard.value == "absent":
        where = "systolic murmur" if diastolic else "murmur"
        sentence = f"No {where} heard ({percent(heard.absent_probability or 0.0)} sure)."
    elif found.systolic_timing.value is None:
        sentence = f"Murmur ({percent(present)}), but none that stands out in systole."
    else:
        sentence = _described(analysis, present)
    return f"{sentence} {diastolic}".strip(), Tone.ABNORMAL if diastolic else tone


def _described(analysis: Analysis, present: float) -> str:
    found = analysis.findings
    timing = _spoken(found.systolic_timing, _TIMING)
    kind = " ".join(part for part in (timing, _spoken(found.systolic_quality, {}), "murmur") if part)
    tail = [_spoken(found.systolic_shape, _SHAPE)]
    if found.grade.value is not None:
        grade = f"grade {found.grade.value}{' or louder' if found.grade.value == 'III/VI' else ''}"
        tail.append(grade if (found.grade.probability or 0.0) >= EVEN else f"perhaps {grade}")
    pitch = _spoken(found.systolic_pitch, {})
    tail.append(f"{pitch}-pitched" if pitch else "")
    text = ", ".join([f"{kind} ({percent(present)})" if present >= EVEN else kind, *(part for part in tail if part)])
    article = "an" if text[0] in "aeiou" else "a"
    if present < EVEN:  # the threshold lies lower, because missing a murmur weighs more than suspecting one
        return f"{NOT_RULED_OUT} ({percent(present)}; tables say present); if there is one, {article} {text}."
    if present < SURE:
        text = f"probably {article} {text}"
    extents = analysis.cycles.murmur_extent[analysis.cycles.trusted]
    filled = f"{int((extents >= MOST).sum())} of {count(len(extents), 'beat')}"
    return f"{text[0].upper()}{text[1:]}. It fills {share(MOST)} of systole or more in {filled}."


def _spoken(finding: Finding, words: dict[str, str]) -> str:
    """Spell what was found; "perhaps" where it is less likely than not, though likelier than anything else."""
    if finding.value is None:
        return ""
    word = words.get(str(finding.value), str(finding.value))
    return word if (finding.probability or 0.0) >= EVEN else f"perhaps {word}"


def _diastolic(finding: Finding) -> str:
    if finding.value != "present":
        return ""
    above = finding.evidence.get("early_above_late_db")
    return f"Diastolic murmur: early diastole {above:.1f} dB above late ({percent(finding.probability or 0.0)})."


def _sounds(analysis: Analysis) -> Sentence:
    found = analysis.findings
    parts, abnormal = [], False
    if found.s1_intensity.value is not None:
        s1 = str(found.s1_intensity.value)
        perhaps = s1 == "quiet" and (found.s1_intensity.probability or 0.0) < LIKELY
        departure = _departure(analysis) if s1 != "normal" else ""
        parts.append(f"S1 is {'perhaps ' if perhaps else ''}{s1}{departure}")
        abnormal = s1 != "normal" and not perhaps
    if found.s2_split.value is not None:
        wide = (found.s2_split.probability or 0.0) > EVEN
        parts.append(f"S2 is {'widely' if wide else 'normally'} split ({found.s2_split.value:.0f} ms)")
        abnormal = abnormal or wide
    for name, finding in (("S3", found.s3), ("S4", found.s4), ("systolic click", found.click)):
        if finding.value == "present":
            parts.append(f"{name} heard ({percent(finding.probability or 0.0)})")
            abnormal = True
    tone = Tone.DOUBTFUL if not abnormal and "perhaps" in "".join(parts) else tone_of(abnormal, None)
    return "; ".join(parts) + "." if parts else "", tone


def _departure(analysis: Analysis) -> str:
    finding = analysis.findings.s1_intensity
    departure = finding.evidence.get("departure_db")
    if departure is None:
        return ""
    at = f"at {analysis.info.site}" if analysis.info.site else "over all sites; this one is not known"
    sure = f", {percent(finding.probability)} sure" if finding.value == "quiet" and finding.probability else ""
    return f" ({abs(departure):.1f} dB {'below' if departure < 0 else 'above'} what is usual {at}{sure})"


def _rhythm(analysis: Analysis) -> Sentence:
    rhythm, found = analysis.rhythm, analysis.findings
    if rhythm.heart_rate_bpm is None:
        return "", Tone.NORMAL
    words = {"present": "Irregular rhythm", "absent": "Regular rhythm"}
    text = f"{words.get(str(found.irregular_rhythm.value), 'Rhythm not judged')}, {rhythm.heart_rate_bpm:.0f}/min"
    abnormal = found.irregular_rhythm.value == "present"
    if found.premature_beats.value == "present":
        text += f", {count(rhythm.premature_beats, 'premature beat')}"
        abnormal = True
    if rhythm.pauses:
        longest = max(pause.duration_s for pause in rhythm.pauses)
        text += f", {count(len(rhythm.pauses), 'pause')} (longest {longest:.1f} s)"
        abnormal = True
    return f"{text}.", tone_of(abnormal, None)


def _score(analysis: Analysis) -> Sentence:
    finding = analysis.findings.mitral_regurgitation
    if not isinstance(finding.value, float):
        return "", Tone.NORMAL
    return score_sentence(finding.value, finding.evidence), tone_of(finding.value >= EVEN, None)
