"""The table of recordings: one row for each input, the failed ones included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.records import Record
from murmur.tables.column import Cell, Column, Row, row_of

if TYPE_CHECKING:
    from murmur.findings.finding import Finding
    from murmur.measure.murmur import MurmurFeatures
    from murmur.pipeline.analysis import Analysis


@dataclass(frozen=True, slots=True)
class Failure(Record):
    """A recording that could not be analyzed, and why."""

    info: RecordingInfo
    status: str
    error: str


if TYPE_CHECKING:
    Result: TypeAlias = Analysis | Failure


def _label(name: str, meaning: str, key: bool = False) -> Column[Result]:
    return Column(name, str, lambda result: getattr(result.info, name), meaning, key=key)


def _analyzed(name: str, kind: type, get: Callable[[Analysis], Cell], meaning: str, unit: str = "") -> Column[Result]:
    """Make a column of every recording that was analyzed, readable or not."""
    return Column(name, kind, lambda result: None if isinstance(result, Failure) else get(result), meaning, unit)


def _figure(
    name: str, unit: str, get: Callable[[Analysis], Cell], meaning: str, kind: type = float, **parts: Any
) -> Column[Result]:
    """Make a column of readable recordings alone: no figure should rest on any other; `parts` are others of `Column`."""

    def cell(result: Result) -> Cell:
        return get(result) if not isinstance(result, Failure) and result.status == "ok" else None

    return Column(name, kind, cell, meaning, unit, **parts)


def _murmur(name: str, unit: str, get: Callable[[MurmurFeatures], Cell], meaning: str, kind: type = float) -> Column[Result]:
    return _figure(name, unit, lambda a: None if a.murmur is None else get(a.murmur), meaning, kind)


def _sign(name: str, meaning: str) -> Column[Result]:
    """Make a column of the value of the sign of its name."""
    return _figure(name, "", lambda a: getattr(a.findings, name).value, meaning, str, sign=name)


def _probability(name: str, sign: str, of: str) -> Column[Result]:
    return _figure(name, "probability", lambda a: getattr(a.findings, sign).probability, f"Probability {of}.")


def _class(name: str, part: str, of: str) -> Column[Result]:
    """Make a column of the probability of a class of murmur: patients are joined by its log odds, so it needs decimals."""
    return _figure(name, "probability", lambda a: getattr(a.findings.murmur, part), f"Probability {of}.", decimals=6)


def _evidence(name: str, unit: str, sign: str, evidence: str, meaning: str) -> Column[Result]:
    def get(analysis: Analysis) -> Cell:
        finding: Finding = getattr(analysis.findings, sign)
        return None if finding.value is None else finding.evidence.get(evidence)

    return _figure(name, unit, get, meaning)


#: The first columns, as far as `mitral_regurgitation_score`, are promised in this order; others may follow.
RECORDINGS: tuple[Column[Result], ...] = (
    _label("path", "The input as it was named: a path, a URL, or a path inside an archive.", key=True),
    Column(
        "status", str, lambda result: result.status,
        "ok; unreadable: no finding should rest on it, and there is none; failed: it could not be analyzed.",
        words=("ok", "unreadable", "failed"),
    ),
    Column("error", str, lambda result: result.error, "Why it failed or is unreadable."),
    _analyzed("duration_s", float, lambda a: a.duration_s, "Length of the recording.", "s"),
    _analyzed("sample_rate_hz", float, lambda a: a.sample_rate_hz, "Sample rate of the input.", "Hz"),
    _label("patient", "Patient, from the manifest, `--patient` or the file's name; empty if none of them names one."),
    _label("site", "Where the chest piece was: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other; empty if unknown."),
    _label("position", "Position of the patient: sit, sup (supine) or left; empty if unknown."),
    _label("visit", "Visit, from the manifest: a date such as 2026-05-02, or a number or name."),
    _analyzed("quality", float, lambda a: a.quality.index,
              "Expected share that is segmented correctly: the length of each cycle, weighted by its confidence.", "share"),
    _figure("heart_rate_bpm", "1/min", lambda a: a.rhythm.heart_rate_bpm, "60 over the mean cycle."),
    _figure("rhythm_irregularity", "share", lambda a: a.rhythm.irregularity,
            "Median absolute difference between successive cycles, over the median cycle."),
    _analyzed("cycles", int, lambda a: len(a.segmentation.cycles), "Complete cardiac cycles found."),
    Column(
        "murmur", str, lambda result: None if isinstance(result, Failure) else result.findings.murmur.value,
        "The class of lowest expected cost (`murmur.Settings`: missing present costs 5, unknown 3, absent 1).",
        sign="murmur",
    ),
    _class("murmur_probability", "present_probability", "of a murmur, systolic or diastolic"),
    _class("unknown_probability", "unknown_probability", "that an expert could not decide"),
    _murmur("murmur_level_db", "dB", lambda m: m.level_db,
            "Mid-systole less late diastole, relative to S2, 80 to 600 Hz; empty if nothing is left."),
    _sign("systolic_timing", "Timing of the murmur in systole; holosystolic means pansystolic. Empty without a murmur."),
    _evidence("holosystolic_probability", "probability", "systolic_timing", "p_holosystolic",
              "Probability that it spans all of systole, given a murmur."),
    _sign("systolic_shape", "Course of its loudness over systole."),
    _sign("systolic_pitch", "Pitch of the murmur."),
    _sign("systolic_quality", "Character of its sound."),
    _evidence("blowing_probability", "probability", "systolic_quality", "p_blowing",
              "Probability that it is blowing, given a murmur."),
    _sign("grade", "Grade of the murmur in this recording alone; III/VI stands for III/VI and louder."),
    _probability("diastolic_murmur_probability", "diastolic_murmur", "of a murmur in early diastole"),
    _figure("s1_s2_level_db", "dB", lambda a: a.heart_sounds.s1_s2_level_db if a.heart_sounds else None,
            "Level of S1 relative to S2, 60 to 100 Hz; median over the trusted cycles."),
    _sign("s1_intensity", "S1 compared with the norm at the site."),
    _figure("s2_split_ms", "ms", lambda a: a.findings.s2_split.value,
            "Interval between the two components of S2; empty if S2 has a single peak in most cycles."),
    _probability("s3_probability", "s3", "of a third heart sound"),
    _probability("s4_probability", "s4", "of a fourth heart sound"),
    _probability("click_probability", "click", "of a mid-systolic click"),
    _figure("mitral_regurgitation_score", "0 to 1", lambda a: a.findings.mitral_regurgitation.value,
            "From this recording alone: 0.45 pansystolic murmur + 0.45 quiet S1 + 0.1 wide split or S3 beside that murmur."),
    _class("absent_probability", "absent_probability",
           "of no murmur; the probabilities of the three classes add up to one"),
    _murmur("above_quiet_db", "dB", lambda m: m.above_quiet_db,
            "Mid-systole above late diastole, in the band between 80 and 600 Hz where it stands out most."),
    _murmur("murmur_extent", "share", lambda m: m.extent,
            "Share of systole at least 3 dB above late diastole and within 12 dB of its loudest part."),
    _murmur("murmur_onset", "share", lambda m: m.onset, "Where that part begins, as a share of systole."),
    _murmur("murmur_end", "share", lambda m: m.end, "Where that part ends, as a share of systole."),
    _probability("timing_probability", "systolic_timing", "that `systolic_timing` is right"),
    _probability("shape_probability", "systolic_shape", "that `systolic_shape` is right"),
    _probability("pitch_probability", "systolic_pitch", "that `systolic_pitch` is right"),
    _probability("character_probability", "systolic_quality", "that `systolic_quality` is right"),
    _probability("grade_probability", "grade", "that `grade` is right"),
    _murmur("centroid_hz", "Hz", lambda m: m.spectrum.centroid_hz if m.spectrum else None,
            "Centroid of the murmur's spectrum, with late diastole's subtracted."),
    _murmur("late_diastole_quiet", "", lambda m: m.late_diastole_quiet,
            "Whether late diastole, the reference of the murmur's level, is within 6 dB of the quietest part of diastole.",
            bool),
    _evidence("s1_departure_db", "dB", "s1_intensity", "departure_db", "`s1_s2_level_db` less the norm at the site."),
    _probability("quiet_s1_probability", "s1_intensity", "that S1 is quiet"),
    _probability("wide_s2_split_probability", "s2_split", "that S2 is widely split"),
    _figure("systole_s", "s", lambda a: a.rhythm.systole_s, "Median from S1 onset to S2 onset."),
    _figure("diastole_s", "s", lambda a: a.rhythm.diastole_s, "Median from S2 onset to the next S1 onset."),
    _figure("rmssd_ms", "ms", lambda a: a.rhythm.rmssd_ms, "Root mean square of the differences between successive cycles."),
    _figure("pnn50", "share", lambda a: a.rhythm.pnn50, "Share of differences between successive cycles that exceed 50 ms."),
    _figure("sample_entropy", "", lambda a: a.rhythm.sample_entropy,
            "Sample entropy of the cycles (m = 1, r = 0.2 standard deviations); needs 12 of them."),
    _probability("irregular_rhythm_probability", "irregular_rhythm",
                 "that the rhythm is irregular throughout, as in atrial fibrillation"),
    _figure("premature_beats", "", lambda a: None if a.findings.premature_beats.value is None else a.rhythm.premature_beats,
            "Early beats followed by a longer cycle; empty if the rhythm is irregular throughout.", int),
    _figure("pauses", "", lambda a: len(a.rhythm.pauses), "Cycles of at least 1.8 median cycles and 1.5 s.", int),
    _analyzed("trusted_cycles", int, lambda a: a.quality.trusted_cycles,
              "Cycles whose confidence is high enough to be measured."),
    _analyzed("quality_reasons", str, lambda a: "; ".join(a.quality.reasons),
              "What is wrong with the recording, separated by `; `: clipped, noisy, no heartbeat, contact lost, too short."),
    _analyzed("clipped_fraction", float, lambda a: a.quality.clipped_fraction,
              "Share of the recording that is clipped.", "share"),
    _analyzed("spiked_fraction", float, lambda a: a.quality.spiked_fraction,
              "Share of the recording in friction spikes.", "share"),
    _analyzed("lost_fraction", float, lambda a: a.quality.lost_fraction, "Share of the recording without contact.", "share"),
    _analyzed("notes", str, lambda a: "; ".join(a.notes), "What to know about how it was read, separated by `; `."),
    _analyzed("version", str, lambda a: a.version, "Version of murmur."),
    _analyzed("settings", str, lambda a: a.settings, "Fingerprint of the settings."),
)  # fmt: skip

#: Which recording it is and where it was taken; all other columns were measured.
LABELS = INFO_FIELDS
RECORDING_FIGURES = tuple(column for column in RECORDINGS if column.name not in LABELS)


def recording_row(result: Result) -> Row:
    """Return the row of one recording, failed or not, shape {column: cell}; an unreadable one has no figures."""
    return row_of(RECORDINGS, result)


def info_from_row(row: Mapping[str, Cell]) -> RecordingInfo:
    """Return what a row of the table of recordings says of its recording besides the figures."""
    return RecordingInfo(*(str(row[name] or "") for name in INFO_FIELDS))


def manifest_columns(extra: Iterable[str]) -> dict[str, str]:
    """Map further columns of a manifest to names in the table of recordings that do not hide murmur's own."""
    own = {column.name for column in RECORDINGS}
    return {name: f"manifest_{name}" if name in own else name for name in extra}
