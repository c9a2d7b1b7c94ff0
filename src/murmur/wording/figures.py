"""The signs of a recording in figures, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.wording.story import EVEN, PHRASES, TITLES, Line, Tone, decibels, share, tone_of

if TYPE_CHECKING:
    from murmur.findings.finding import Finding
    from murmur.measure.murmur import MurmurFeatures
    from murmur.pipeline.analysis import Analysis

#: Of each extra sound, the sound that its level is relative to, and where it lies: a format, and the factor of its place.
_EXTRA_SOUNDS = {
    "s3": ("S1", "{:.0f} ms after S2", 1000),
    "s4": ("S1", "{:.0f} ms before S1", 1000),
    "click": ("S2", "at {:.0f} % of systole", 100),
}


def figure_lines(analysis: Analysis) -> list[Line]:
    """Tell each sign, how sure it is, and the evidence for it."""
    found = analysis.findings
    lines = [_murmur_line(analysis)]
    if found.murmur.value == "present" and analysis.murmur is not None:
        lines += _character_lines(analysis, analysis.murmur)
    lines += [*_s1_lines(analysis), *_split_lines(found.s2_split), *_extra_sound_lines(analysis)]
    if found.diastolic_murmur.value is not None:
        present = found.diastolic_murmur.value == "present"
        sure, tone = _sure(found.diastolic_murmur), tone_of(present)
        lines.append(Line(TITLES["diastolic_murmur"], "heard" if present else "not heard", sure, _early_db(analysis), tone))
    rhythm, finding = analysis.rhythm, found.irregular_rhythm
    if rhythm.irregularity is not None and finding.value is not None:
        evidence = f"varies by {share(rhythm.irregularity)}; systole {1e3 * (rhythm.systole_s or 0.0):.0f} ms"
        value, tone = PHRASES["irregular_rhythm"][str(finding.value)], tone_of(finding.value == "present")
        lines.append(Line(TITLES["irregular_rhythm"], value, _sure(finding), evidence, tone))
    return lines


def _murmur_line(analysis: Analysis) -> Line:
    heard, murmur = analysis.findings.murmur, analysis.murmur
    diastolic = analysis.findings.diastolic_murmur.probability or 0.0
    if diastolic > (heard.evidence.get("systolic_probability") or 0.0):
        evidence = f"in diastole: {_early_db(analysis)}"
    else:
        evidence = "" if murmur is None else f"{decibels(murmur.above_quiet_db)} relative to late diastole"
    sure: float | None = getattr(heard, f"{heard.value}_probability")
    if heard.value == "unknown":
        return Line(TITLES["murmur"], "uncertain", sure, evidence, Tone.DOUBTFUL)
    tone = tone_of(heard.value == "present", heard.present_probability)
    return Line(TITLES["murmur"], "possible" if tone is Tone.DOUBTFUL else heard.value, sure, evidence, tone)


def _early_db(analysis: Analysis) -> str:
    early_db = analysis.findings.diastolic_murmur.evidence.get("early_above_late_db")
    return f"{decibels(early_db or 0.0)}, early relative to late diastole"


def _character_lines(analysis: Analysis, murmur: MurmurFeatures) -> list[Line]:
    s1_db, s2_db = (analysis.findings.systolic_timing.evidence.get(name) for name in ("left_at_s1_db", "left_at_s2_db"))
    level = "too faint to measure" if murmur.level_db is None else f"{decibels(murmur.level_db)} relative to S2"
    ends = "" if s1_db is None or s2_db is None else f"relative to its peak {decibels(s1_db)} at S1, {decibels(s2_db)} at S2"
    spectrum = murmur.spectrum
    noise = f"bandwidth {spectrum.bandwidth_hz:.0f} Hz, tones {share(spectrum.harmonicity)}" if spectrum else ""
    evidence = {
        "systolic_timing": ends,
        "systolic_shape": f"rises by {murmur.rise_db:.1f} dB, falls by {murmur.fall_db:.1f} dB",
        "systolic_quality": noise,
        "systolic_pitch": f"{level}, centroid {spectrum.centroid_hz:.0f} Hz" if spectrum else level,
        "grade": level,
    }
    lines = []
    for name, text in evidence.items():
        finding: Finding = getattr(analysis.findings, name)
        if finding.value is not None:
            lines.append(Line(f"  {TITLES[name]}", str(finding.value), finding.probability, text))
    extent = Line("  extent", f"{share(murmur.extent)} of systole", None, "at least 3 dB above late diastole")
    return [*lines[:1], extent, *lines[1:]]


def _s1_lines(analysis: Analysis) -> list[Line]:
    finding, sounds = analysis.findings.s1_intensity, analysis.heart_sounds
    if finding.value is None or sounds is None:
        return []
    norm, quiet = finding.evidence.get("norm_at_site_db"), finding.probability or 0.0
    evidence = f"{decibels(sounds.s1_s2_level_db)} relative to S2"
    evidence += "" if norm is None else f", norm {round(norm, 1) + 0.0:+.1f}"
    sure = {"quiet": quiet, "normal": 1.0 - quiet}.get(str(finding.value))
    return [Line(TITLES["s1_intensity"], str(finding.value), sure, evidence, tone_of(finding.value != "normal"))]


def _split_lines(finding: Finding) -> list[Line]:
    if finding.value is None:
        return []
    probability = finding.probability or 0.0
    wide = probability > EVEN
    value, evidence = f"{finding.value:.0f} ms", f"in {share(finding.evidence.get('share_of_cycles') or 0.0)} of cycles"
    sure = probability if wide else 1.0 - probability
    return [Line(TITLES["s2_split"], f"{value}, wide" if wide else value, sure, evidence, tone_of(wide))]


def _extra_sound_lines(analysis: Analysis) -> list[Line]:
    """A line for each that is heard, and one for all that are not."""
    lines, absent = [], {}
    for name, (against, where, factor) in _EXTRA_SOUNDS.items():
        finding: Finding = getattr(analysis.findings, name)
        if finding.value == "present":
            level_db, place = (finding.evidence.get(key) or 0.0 for key in ("level_db", "place"))
            evidence = f"{decibels(level_db)} relative to {against}, {where.format(factor * place)}"
            lines.append(Line(TITLES[name], "heard", finding.probability, evidence, Tone.ABNORMAL))
        elif finding.value is not None:
            absent[TITLES[name]] = finding.probability or 0.0
    return lines + ([Line(", ".join(absent), "not heard", 1.0 - max(absent.values()))] if absent else [])


def _sure(finding: Finding) -> float | None:
    """Probability of what was found, from that of the sign."""
    if finding.probability is None:
        return None
    return finding.probability if finding.value == "present" else 1.0 - finding.probability
