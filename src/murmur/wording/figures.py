"""The signs of a recording in figures, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.wording.story import EVEN, Line, Tone, decibels, share, tone_of

if TYPE_CHECKING:
    from murmur.findings.finding import Finding
    from murmur.pipeline.analysis import Analysis

__all__ = ["figure_lines"]


def figure_lines(analysis: Analysis) -> list[Line]:
    """Tell each sign, how sure it is and what it rests on."""
    found, murmur, rhythm = analysis.findings, analysis.murmur, analysis.rhythm
    heard = found.murmur
    sure = {
        "present": heard.present_probability,
        "absent": heard.absent_probability,
        "unknown": heard.unknown_probability,
    }
    diastolic = found.diastolic_murmur
    early_db = f"{decibels(diastolic.evidence.get('early_above_late_db') or 0.0)}, early against late"
    if (diastolic.probability or 0.0) > (heard.evidence.get("systolic_probability") or 0.0):
        rests_on = f"in diastole: {early_db}"
    else:
        rests_on = "" if murmur is None else f"{decibels(murmur.above_quiet_db)} against late diastole"
    tone = Tone.DOUBTFUL if heard.value == "unknown" else tone_of(heard.value == "present", heard.present_probability)
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
                f"varies by {share(rhythm.irregularity)}; systole {1e3 * (rhythm.systole_s or 0.0):.0f} ms",
                tone_of(irregular, None),
            )
        )
    return lines


def _character_lines(analysis: Analysis) -> list[Line]:
    found, murmur = analysis.findings, analysis.murmur
    assert murmur is not None
    s1_db, s2_db = (found.systolic_timing.evidence.get(name) for name in ("left_at_s1_db", "left_at_s2_db"))
    ends = "" if s1_db is None or s2_db is None else f"of its loudest {decibels(s1_db)} at S1, {decibels(s2_db)} at S2"
    slope = f"rises by {murmur.rise_db:.1f} dB, falls by {murmur.fall_db:.1f} dB"
    level = "too faint to measure" if murmur.level_db is None else f"{decibels(murmur.level_db)} against S2"
    spectrum = murmur.spectrum
    tone = f"{level}, centroid {spectrum.centroid_hz:.0f} Hz" if spectrum else level
    noise = f"bandwidth {spectrum.bandwidth_hz:.0f} Hz, tones {share(spectrum.harmonicity)}" if spectrum else ""
    rows = (
        ("timing", found.systolic_timing, ends),
        ("shape", found.systolic_shape, slope),
        ("character", found.systolic_quality, noise),
        ("pitch", found.systolic_pitch, tone),
        ("grade", found.grade, level),
    )
    lines = [Line(f"  {sign}", str(f.value), f.probability, on) for sign, f, on in rows if f.value is not None]
    extent = Line("  extent", f"{share(murmur.extent)} of systole", None, "3 dB or more above late diastole")
    return [*lines[:1], extent, *lines[1:]]


def _sound_lines(analysis: Analysis) -> list[Line]:
    found, sounds = analysis.findings, analysis.heart_sounds
    lines = []
    s1 = found.s1_intensity
    if s1.value is not None and sounds is not None:
        usual = s1.evidence.get("usual_at_site_db")
        rests_on = f"{decibels(sounds.s1_s2_level_db)} against S2" + (
            "" if usual is None else f", usual {round(usual, 1) + 0.0:+.1f}"
        )
        quiet = s1.probability or 0.0
        sure = {"quiet": quiet, "normal": 1.0 - quiet}.get(str(s1.value))
        lines.append(Line("S1", str(s1.value), sure, rests_on, tone_of(s1.value != "normal", None)))
    split = found.s2_split
    if split.value is not None:
        wide = (split.probability or 0.0) > EVEN
        rests_on = f"in {share(split.evidence.get('share_of_cycles') or 0.0)} of beats"
        sure = split.probability if wide else 1.0 - (split.probability or 0.0)
        lines.append(
            Line("S2 split", f"{split.value:.0f} ms{', wide' if wide else ''}", sure, rests_on, tone_of(wide, None))
        )
    quiet_ones = []
    for name, finding, against, where in (
        ("S3", found.s3, "S1", "{:.0f} ms after S2"),
        ("S4", found.s4, "S1", "{:.0f} ms before S1"),
        ("click", found.click, "S2", "at {:.0f} % of systole"),
    ):
        if finding.value == "present":
            evidence = finding.evidence
            scale = 100 if name == "click" else 1000
            rests_on = f"{decibels(evidence.get('level_db') or 0.0)} against {against}, " + where.format(
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
    return Line(sign, "heard" if present else "not heard", _of(finding), rests_on, tone_of(present, None))


def _of(finding: Finding) -> float | None:
    """How sure what was found is, from the probability of the sign."""
    if finding.probability is None:
        return None
    return finding.probability if finding.value == "present" else 1.0 - finding.probability
