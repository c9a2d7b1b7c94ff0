"""What a doctor would say of a recording, in plain sentences; how it looks is `murmur.cli.display`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from murmur.analysis import Analysis
    from murmur.batch.tables import Failure
    from murmur.findings import Finding
    from murmur.patient import PatientAnalysis

__all__ = ["Line", "Story", "Tone", "percent", "tell", "tell_failure", "tell_patient"]

#: From here on a sign is simply said; below it "probably" or "perhaps"; below one half it "can't be ruled out".
SURE, LIKELY, EVEN = 0.8, 0.65, 0.5
#: A recording with less than this share segmented right is worth a warning.
GOOD_QUALITY = 0.6

#: What is said of a murmur that is called "present" for what missing one would cost.
_NOT_RULED_OUT = "A murmur can't be ruled out"
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
_SITES = {"MV": "MV (apex)", "Ax": "Ax (axilla)", "Erb": "Erb's point", "other": "another site"}
_POSITIONS = {"sit": "sitting", "sup": "supine", "left": "left lateral"}
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
_PARTS = {
    "pansystolic_murmur": "murmur throughout systole",
    "quiet_s1": "quiet S1",
    "wide_split_or_s3": "wide split or S3",
    "loudest_at_the_apex": "louder at the apex than at AV",
}


class Tone(Enum):
    """How something is said."""

    NORMAL = 0
    DOUBTFUL = 1
    ABNORMAL = 2


Sentence = tuple[str, Tone]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a sign, what was found, how sure that is, and what it rests on."""

    sign: str
    finding: str
    sure: float | None = None
    rests_on: str = ""
    tone: Tone = Tone.NORMAL


@dataclass(frozen=True, slots=True)
class Story:
    """What is said of one recording, or of one patient, in the order in which it is said.

    Attributes
    ----------
    title, context : str
        Which recording, and what is known of it.
    warnings : tuple of str
        What speaks against trusting the rest.
    sentences : tuple of (str, Tone)
        What is heard, and in which tone.
    lines : tuple of Line
        The same in figures.
    missing : tuple of str
        What was not measured, and why.
    failed : bool
        Whether there is nothing to say but a warning.
    """

    title: str
    context: str = ""
    warnings: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    lines: tuple[Line, ...] = ()
    missing: tuple[str, ...] = ()
    failed: bool = False


def tell(analysis: Analysis) -> Story:
    """Tell one recording."""
    if analysis.status != "ok":
        why = ", ".join(analysis.quality.reasons) or "of too little quality"
        beats = analysis.quality.trusted_beats
        trusted = f"Only {_count(beats, 'beat')}" if beats else "No beat"
        warning = f"Unreadable: {why}. {trusted} could be trusted, so nothing is said of heart or murmur."
        return Story(analysis.path, _context(analysis), (warning, *_warnings(analysis)), failed=True)
    return Story(
        title=analysis.path,
        context=_context(analysis),
        warnings=tuple(_warnings(analysis)),
        sentences=tuple(s for s in (_murmur(analysis), _sounds(analysis), _rhythm(analysis), _score(analysis)) if s[0]),
        lines=tuple(_lines(analysis)),
        missing=tuple(_missing(analysis)),
    )


def tell_failure(failure: Failure) -> Story:
    """Tell of a recording that could not be analyzed."""
    return Story(failure.path, warnings=(f"Failed: {failure.error}",), failed=True)


def percent(probability: float) -> str:
    """Spell a probability; nothing is ever certain."""
    if probability > 0.99:
        return ">99 %"
    if probability < 0.01:
        return "<1 %"
    return f"{100 * probability:.0f} %"


# --- what it is, and whether to trust it ------------------------------------------------


def _context(analysis: Analysis) -> str:
    quality = analysis.quality
    beats = len(analysis.segmentation.beats)
    parts = [
        f"patient {analysis.patient}" if analysis.patient else "",
        _SITES.get(analysis.site, analysis.site) if analysis.site else "site not known",
        _POSITIONS.get(analysis.position, analysis.position),
        f"visit {analysis.visit}" if analysis.visit else "",
        _duration(analysis.duration_s),
        f"{quality.trusted_beats} of {_count(beats, 'beat')} measured",
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
        warnings.append(f"Clipped: {_share(quality.clipped_fraction)} of it is cut off at full scale; turn the gain down.")
    if "contact lost" in quality.reasons:
        warnings.append(f"Contact was lost for {_share(quality.lost_fraction)} of the time.")
    if readable and {"noisy", "no heartbeat"} & set(quality.reasons):
        warnings.append("Noisy: in more than half of it no beat could be trusted.")
    elif readable and quality.index < GOOD_QUALITY:
        warnings.append(f"Only {_share(quality.index)} of it can be expected to be segmented right.")
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
    tone = _tone(heard.value != "absent", present)
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
    text = ", ".join([kind, *(part for part in tail if part)])
    article = "an" if text[0] in "aeiou" else "a"
    if present < EVEN:  # the threshold lies lower, because missing a murmur weighs more than suspecting one
        return f"{_NOT_RULED_OUT} ({percent(present)}; tables say present); if there is one, {article} {text}."
    if present < SURE:
        text = f"probably {article} {text}"
    return f"{text[0].upper()}{text[1:]} ({percent(present)})."


def _tone(abnormal: bool, sure: float | None) -> Tone:
    if not abnormal:
        return Tone.NORMAL
    return Tone.DOUBTFUL if sure is not None and sure < EVEN else Tone.ABNORMAL


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
    tone = Tone.DOUBTFUL if not abnormal and "perhaps" in "".join(parts) else _tone(abnormal, None)
    return "; ".join(parts) + "." if parts else "", tone


def _departure(analysis: Analysis) -> str:
    finding = analysis.findings.s1_intensity
    departure = finding.evidence.get("departure_db")
    if departure is None:
        return ""
    at = f"at {analysis.site}" if analysis.site else "over all sites; this one is not known"
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
        text += f", {_count(rhythm.premature_beats, 'premature beat')}"
        abnormal = True
    if rhythm.pauses:
        longest = max(pause.duration_s for pause in rhythm.pauses)
        text += f", {_count(len(rhythm.pauses), 'pause')} (longest {longest:.1f} s)"
        abnormal = True
    return f"{text}.", _tone(abnormal, None)


def _score(analysis: Analysis) -> Sentence:
    finding = analysis.findings.mitral_regurgitation
    if not isinstance(finding.value, float):
        return "", Tone.NORMAL
    return _score_sentence(finding.value, finding.evidence), _tone(finding.value >= EVEN, None)


def _score_sentence(score: float, parts: Mapping[str, float | None]) -> str:
    spelled = ", ".join(f"{_PARTS.get(name, name)} {_point(part)}" for name, part in parts.items() if part is not None)
    return f"Mitral-regurgitation score {score:.2f}: {spelled}."


def _point(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")


# --- lines of the table -----------------------------------------------------------------


def _lines(analysis: Analysis) -> list[Line]:
    found, murmur, rhythm = analysis.findings, analysis.murmur, analysis.rhythm
    heard = found.murmur
    sure = {
        "present": heard.present_probability,
        "absent": heard.absent_probability,
        "unknown": heard.unknown_probability,
    }
    diastolic = found.diastolic_murmur
    early_db = f"{_decibels(diastolic.evidence.get('early_above_late_db') or 0.0)}, early against late"
    if (diastolic.probability or 0.0) > (heard.evidence.get("systolic_probability") or 0.0):
        rests_on = f"in diastole: {early_db}"
    else:
        rests_on = "" if murmur is None else f"{_decibels(murmur.above_quiet_db)} against late diastole"
    tone = Tone.DOUBTFUL if heard.value == "unknown" else _tone(heard.value == "present", heard.present_probability)
    value = "can't be told" if heard.value == "unknown" else "possible" if tone is Tone.DOUBTFUL else heard.value
    lines = [Line("murmur", value, sure[heard.value], rests_on, tone)]
    if heard.value == "present" and murmur is not None:
        lines += _character_lines(analysis)
    lines += _sound_lines(analysis)
    if diastolic.value is not None:
        lines.append(_either("diastolic murmur", diastolic, early_db))
    if rhythm.irregularity is not None and found.irregular_rhythm.value is not None:
        irregular = found.irregular_rhythm.value == "present"
        lines.append(
            Line(
                "rhythm",
                "irregular" if irregular else "regular",
                _of(found.irregular_rhythm),
                f"varies by {_share(rhythm.irregularity)}; systole {1e3 * (rhythm.systole_s or 0.0):.0f} ms",
                _tone(irregular, None),
            )
        )
    return lines


def _character_lines(analysis: Analysis) -> list[Line]:
    found, murmur = analysis.findings, analysis.murmur
    assert murmur is not None
    s1_db, s2_db = (found.systolic_timing.evidence.get(name) for name in ("left_at_s1_db", "left_at_s2_db"))
    ends = "" if s1_db is None or s2_db is None else f"of its loudest {_decibels(s1_db)} at S1, {_decibels(s2_db)} at S2"
    slope = f"rises by {murmur.rise_db:.1f} dB, falls by {murmur.fall_db:.1f} dB"
    level = "too faint to measure" if murmur.level_db is None else f"{_decibels(murmur.level_db)} against S2"
    spectrum = murmur.spectrum
    tone = f"{level}, centroid {spectrum.centroid_hz:.0f} Hz" if spectrum else level
    noise = f"bandwidth {spectrum.bandwidth_hz:.0f} Hz, tones {_share(spectrum.harmonicity)}" if spectrum else ""
    rows = (
        ("timing", found.systolic_timing, ends),
        ("shape", found.systolic_shape, slope),
        ("character", found.systolic_quality, noise),
        ("pitch", found.systolic_pitch, tone),
        ("grade", found.grade, level),
    )
    return [Line(f"  {sign}", str(f.value), f.probability, on) for sign, f, on in rows if f.value is not None]


def _sound_lines(analysis: Analysis) -> list[Line]:
    found, sounds = analysis.findings, analysis.heart_sounds
    lines = []
    s1 = found.s1_intensity
    if s1.value is not None and sounds is not None:
        usual = s1.evidence.get("usual_at_site_db")
        rests_on = f"{_decibels(sounds.s1_s2_level_db)} against S2" + (
            "" if usual is None else f", usual {round(usual, 1) + 0.0:+.1f}"
        )
        quiet = s1.probability or 0.0
        sure = {"quiet": quiet, "normal": 1.0 - quiet}.get(str(s1.value))
        lines.append(Line("S1", str(s1.value), sure, rests_on, _tone(s1.value != "normal", None)))
    split = found.s2_split
    if split.value is not None:
        wide = (split.probability or 0.0) > EVEN
        rests_on = f"in {_share(split.evidence.get('share_of_cycles') or 0.0)} of beats"
        sure = split.probability if wide else 1.0 - (split.probability or 0.0)
        lines.append(Line("S2 split", f"{split.value:.0f} ms{', wide' if wide else ''}", sure, rests_on, _tone(wide, None)))
    quiet_ones = []
    for name, finding, against, where in (
        ("S3", found.s3, "S1", "{:.0f} ms after S2"),
        ("S4", found.s4, "S1", "{:.0f} ms before S1"),
        ("click", found.click, "S2", "at {:.0f} % of systole"),
    ):
        if finding.value == "present":
            evidence = finding.evidence
            scale = 100 if name == "click" else 1000
            rests_on = f"{_decibels(evidence.get('level_db') or 0.0)} against {against}, " + where.format(
                scale * (evidence.get("place") or 0.0)
            )
            lines.append(Line(name, "heard", finding.probability, rests_on, Tone.ABNORMAL))
        elif finding.value is not None:
            quiet_ones.append((name, finding.probability or 0.0))
    if quiet_ones:
        names = ", ".join(name for name, _ in quiet_ones)
        lines.append(Line(names, "not heard", 1.0 - max(p for _, p in quiet_ones)))
    return lines


def _either(sign: str, finding: Finding, rests_on: str) -> Line:
    present = finding.value == "present"
    return Line(sign, "heard" if present else "not heard", _of(finding), rests_on, _tone(present, None))


def _of(finding: Finding) -> float | None:
    """How sure what was found is, from the probability of the sign."""
    if finding.probability is None:
        return None
    return finding.probability if finding.value == "present" else 1.0 - finding.probability


# --- patients ---------------------------------------------------------------------------


def tell_patient(patient: PatientAnalysis) -> Story:
    """Tell what one person's recordings say together."""
    title = f"Patient {patient.patient}"
    context = f"{_count(patient.recordings, 'recording')}, {patient.readable} readable"
    if not patient.readable:
        return Story(title, context, ("None could be read, so nothing is said.",), failed=True)
    present = patient.murmur_probability or 0.0
    sentences: list[Sentence] = []
    if patient.murmur == "present":
        sites = [_SITES.get(site, site) for site in patient.murmur_sites]
        doubtful = present < EVEN
        sure = f"({percent(present)}; tables say present)" if doubtful else f"({percent(present)})"
        text = f"{_NOT_RULED_OUT if doubtful else 'Murmur'} {sure}"
        text += f"{', suspected' if doubtful else ''} at {', '.join(sites)}" if sites else ""
        if patient.loudest_site and len(sites) > 1:
            text += f"; loudest at {_SITES.get(patient.loudest_site, patient.loudest_site)}"
        if patient.radiates_to_axilla:
            text += "; radiates to the axilla"
        if patient.grade:
            text += f"; grade {patient.grade}{' or louder' if patient.grade == 'III/VI' else ''}"
        sentences.append((f"{text}.", _tone(True, present)))
    elif patient.murmur == "absent":
        sentences.append((f"No murmur heard ({percent(1.0 - present)} sure).", Tone.NORMAL))
    else:
        sentences.append((f"Whether there is a murmur can't be told (present {percent(present)}).", Tone.DOUBTFUL))
    if patient.s1_intensity:
        quiet = patient.quiet_s1_probability
        sure = f" ({percent(quiet)} sure)" if patient.s1_intensity == "quiet" and quiet is not None else ""
        tone = _tone(patient.s1_intensity != "normal", None)
        sentences.append((f"S1 is {patient.s1_intensity}{sure} over the sites.", tone))
    score = patient.mitral_regurgitation_score
    if score is not None:
        sentences.append((_score_sentence(score, patient.score_parts), _tone(score >= EVEN, None)))
    return Story(title, context, sentences=tuple(sentences))


def _share(share: float) -> str:
    percentage = 100 * share
    return f"{percentage:.1f} %" if 0 < percentage < 9.95 else f"{percentage:.0f} %"


def _decibels(level: float) -> str:
    return f"{round(level, 1) + 0.0:+.1f} dB"  # no "-0.0"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
