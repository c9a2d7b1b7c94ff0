"""What a doctor would say about a recording, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from murmur.wording.figures import figure_lines
from murmur.wording.story import (
    EVEN,
    LIKELY,
    PHRASES,
    POSITIONS,
    SITES,
    SURE,
    TITLES,
    Sentence,
    Story,
    Tone,
    capitalized,
    count,
    percent,
    possible_murmur,
    score_sentence,
    share,
    tone_of,
    uncertain_murmur,
)

if TYPE_CHECKING:
    from murmur.findings.finding import Finding
    from murmur.pipeline.analysis import Analysis

#: A quality index below this causes a warning.
GOOD_QUALITY = 0.6
#: Share of systole that counts as most of it.
MOST = 0.8

#: Adjectives before "murmur", and after it, that differ from the values.
_TIMING = {
    "holosystolic": "pansystolic (holosystolic)",
    "early": "early systolic",
    "mid": "mid-systolic",
    "late": "late systolic",
}
_SHAPE = {"diamond": "diamond-shaped (crescendo-decrescendo)"}


def tell(analysis: Analysis) -> Story:
    """Tell what was found in one recording."""
    if analysis.status != "ok":
        warning = f"Unreadable: {analysis.error}"
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
    """Tell why a recording could not be analyzed."""
    return Story(path, warnings=(f"Failed: {error}",), failed=True)


# --- what it is, and whether to trust it ------------------------------------------------


def _context(analysis: Analysis) -> str:
    quality = analysis.quality
    cycles = len(analysis.segmentation.cycles)
    parts = [
        f"patient {analysis.info.patient}" if analysis.info.patient else "",
        SITES.get(analysis.info.site, analysis.info.site) if analysis.info.site else "site not known",
        POSITIONS.get(analysis.info.position, analysis.info.position),
        f"visit {analysis.info.visit}" if analysis.info.visit else "",
        _duration(analysis.duration_s),
        f"{quality.trusted_cycles} of {count(cycles, 'cycle')} measured",
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
        warnings.append(f"Clipped: {share(quality.clipped_fraction)} of the recording is at full scale; reduce the gain.")
    if "contact lost" in quality.reasons:
        warnings.append(f"Contact was lost for {share(quality.lost_fraction)} of the time.")
    if readable and {"noisy", "no heartbeat"} & set(quality.reasons):
        warnings.append("Noisy: no reliable cycle in more than half of the recording.")
    elif readable and quality.index < GOOD_QUALITY:
        warnings.append(f"Only {share(quality.index)} of the recording is likely to be segmented correctly.")
    if readable and murmur is not None and not murmur.late_diastole_quiet:
        warnings.append(
            "Late diastole, the reference of the murmur's level, is not quiet: the murmur may be louder than given."
        )
    return warnings + [f"{capitalized(note)}." for note in analysis.notes]


def _missing(analysis: Analysis) -> list[str]:
    """Tell which signs were not measured, and why; one line per reason."""
    by_reason: dict[str, list[str]] = {}
    for name, title in TITLES.items():
        finding = getattr(analysis.findings, name)
        if finding.value is None and finding.reason:
            by_reason.setdefault(finding.reason, []).append(title)
    return [f"{', '.join(signs)} ({reason})" for reason, signs in by_reason.items()]


# --- sentences --------------------------------------------------------------------------


def _murmur(analysis: Analysis) -> Sentence:
    found = analysis.findings
    heard, diastolic = found.murmur, _diastolic(found.diastolic_murmur)
    present = heard.present_probability or 0.0
    tone = tone_of(heard.value != "absent", present)
    if heard.value == "unknown":
        sentence, tone = uncertain_murmur(present), Tone.DOUBTFUL
    elif heard.value == "absent":
        where = "systolic murmur" if diastolic else "murmur"
        sentence = f"No {where} heard ({percent(heard.absent_probability or 0.0)})."
    elif found.systolic_timing.value is None:
        sentence = f"Murmur ({percent(present)}), but not distinct in systole."
    else:
        sentence = _described(analysis, present)
    return f"{sentence} {diastolic}".strip(), Tone.ABNORMAL if diastolic else tone


def _described(analysis: Analysis, present: float) -> str:
    found = analysis.findings
    words = [_spoken(found.systolic_timing, _TIMING), _spoken(found.systolic_quality), "murmur"]
    kind = " ".join(word for word in words if word)
    grade, pitch = _spoken(found.grade, {"III/VI": "III/VI or louder"}, "grade "), _spoken(found.systolic_pitch)
    tail = [_spoken(found.systolic_shape, _SHAPE), grade, f"{pitch}-pitched" if pitch else ""]
    text = ", ".join([f"{kind} ({percent(present)})" if present >= EVEN else kind, *(part for part in tail if part)])
    article = "an" if text[0] in "aeiou" else "a"
    if present < EVEN:  # the threshold is lower, because missing a murmur costs more than suspecting one
        return f"{possible_murmur(present)}: if present, {article} {text}."
    if present < SURE:
        text = f"probably {article} {text}"
    extents = analysis.cycles.murmur_extent[analysis.cycles.trusted]
    spanned, cycles = int((extents >= MOST).sum()), count(len(extents), "cycle")
    where = f"all {cycles}" if spanned == len(extents) > 1 else f"{spanned} of {cycles}"
    return f"{capitalized(text)}. It spans at least {share(MOST)} of systole in {where}."


def _spoken(finding: Finding, words: Mapping[str, str] = MappingProxyType({}), before: str = "") -> str:
    """Spell what was found; "possibly" if it is less likely than not, though likelier than anything else."""
    if finding.value is None:
        return ""
    word = f"{before}{words.get(str(finding.value), str(finding.value))}"
    return word if (finding.probability or 0.0) >= EVEN else f"possibly {word}"


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
        possibly = s1 == "quiet" and (found.s1_intensity.probability or 0.0) < LIKELY
        departure = _departure(analysis) if s1 != "normal" else ""
        parts.append(f"S1 is {'possibly ' if possibly else ''}{s1}{departure}")
        abnormal = s1 != "normal" and not possibly
    if found.s2_split.value is not None:
        wide = (found.s2_split.probability or 0.0) > EVEN
        parts.append(f"S2 is {'widely' if wide else 'normally'} split ({found.s2_split.value:.0f} ms)")
        abnormal = abnormal or wide
    for name, finding in (("S3", found.s3), ("S4", found.s4), ("systolic click", found.click)):
        if finding.value == "present":
            parts.append(f"{name} heard ({percent(finding.probability or 0.0)})")
            abnormal = True
    tone = Tone.DOUBTFUL if not abnormal and "possibly" in "".join(parts) else tone_of(abnormal)
    return "; ".join(parts) + "." if parts else "", tone


def _departure(analysis: Analysis) -> str:
    finding = analysis.findings.s1_intensity
    departure = finding.evidence.get("departure_db")
    if departure is None:
        return ""
    at = f"at {analysis.info.site}" if analysis.info.site else "over all sites, as the site is unknown"
    sure = f"; {percent(finding.probability)}" if finding.value == "quiet" and finding.probability else ""
    return f" ({abs(departure):.1f} dB {'below' if departure < 0 else 'above'} the norm {at}{sure})"


def _rhythm(analysis: Analysis) -> Sentence:
    rhythm, found = analysis.rhythm, analysis.findings
    if rhythm.heart_rate_bpm is None:
        return "", Tone.NORMAL
    words = {value: f"{capitalized(phrase)} rhythm" for value, phrase in PHRASES["irregular_rhythm"].items()}
    text = f"{words.get(str(found.irregular_rhythm.value), 'Rhythm not assessed')}, {rhythm.heart_rate_bpm:.0f}/min"
    premature = found.premature_beats.value == "present"
    if premature:
        text += f", {count(rhythm.premature_beats, 'premature beat')}"
    if rhythm.pauses:
        longest = max(pause.duration_s for pause in rhythm.pauses)
        text += f", {count(len(rhythm.pauses), 'pause')} (longest {longest:.1f} s)"
    abnormal = premature or len(rhythm.pauses) > 0 or found.irregular_rhythm.value == "present"
    return f"{text}.", tone_of(abnormal)


def _score(analysis: Analysis) -> Sentence:
    finding = analysis.findings.mitral_regurgitation
    if not isinstance(finding.value, float):
        return "", Tone.NORMAL
    return score_sentence(finding.value, finding.evidence), tone_of(finding.value >= EVEN)
