"""The table of recordings: one row for each input, the failed ones included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.records import Record
from murmur.tables.column import Cell, Column, Row, row_of

if TYPE_CHECKING:
    from murmur.findings.finding import Finding
    from murmur.findings.findings import Findings
    from murmur.measure.murmur import MurmurFeatures
    from murmur.pipeline.analysis import Analysis

__all__ = ["LABELS", "RECORDINGS", "RECORDING_FIGURES", "Failure", "info_from_row", "manifest_columns", "recording_row"]


@dataclass(frozen=True, slots=True)
class Failure(Record):
    """A recording that could not be analyzed, and why."""

    info: RecordingInfo
    status: str
    error: str


if TYPE_CHECKING:
    Result: TypeAlias = Analysis | Failure
    Get: TypeAlias = Callable[[Result], Cell]


def _analyzed(get: Callable[[Analysis], Cell]) -> Get:
    """Leave the cell empty unless the recording was analyzed, readable or not."""
    return lambda result: None if isinstance(result, Failure) else get(result)


def _readable(get: Callable[[Analysis], Cell]) -> Get:
    """Leave the cell empty unless the recording is readable: no figure should rest on one that is not."""
    return lambda result: get(result) if not isinstance(result, Failure) and result.status == "ok" else None


def _found(get: Callable[[Findings], Cell]) -> Get:
    return _readable(lambda analysis: get(analysis.findings))


def _murmur(get: Callable[[MurmurFeatures], Cell]) -> Get:
    return _readable(lambda analysis: None if analysis.murmur is None else get(analysis.murmur))


def _evidence(finding: Finding, name: str) -> float | None:
    return None if finding.value is None else finding.evidence.get(name)


#: The first columns, as far as `mitral_regurgitation_score`, are promised in this order; others may follow.
RECORDINGS: tuple[Column[Result], ...] = (
    Column(
        "path", str, lambda r: r.info.path,
        "The input as it was named: a path, a URL, or a path inside an archive.", key=True,
    ),
    Column(
        "status", str, lambda r: r.status,
        "ok; unreadable: no finding should rest on it, and there is none; failed: it could not be analyzed.",
        words=("ok", "unreadable", "failed"),
    ),
    Column("error", str, lambda r: r.error, "Why it failed or is unreadable."),
    Column("duration_s", float, _analyzed(lambda a: a.duration_s), "Length of the recording.", "s"),
    Column("sample_rate_hz", float, _analyzed(lambda a: a.sample_rate_hz), "Sample rate of the input.", "Hz"),
    Column(
        "patient", str, lambda r: r.info.patient,
        "Patient, from the manifest, `--patient` or the file's name; empty if none of them names one.",
    ),
    Column(
        "site", str, lambda r: r.info.site,
        "Where the chest piece was: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other; empty if unknown.",
    ),
    Column(
        "position", str, lambda r: r.info.position, "Position of the patient: sit, sup (supine) or left; empty if unknown."
    ),
    Column(
        "visit", str, lambda r: r.info.visit, "Visit, from the manifest: a date such as 2026-05-02, or a number or name."
    ),
    Column(
        "quality", float, _analyzed(lambda a: a.quality.index),
        "Expected share of the recording that is segmented correctly: the length of each cycle, weighted by its confidence.",
        "share",
    ),
    Column("heart_rate_bpm", float, _readable(lambda a: a.rhythm.heart_rate_bpm), "60 over the mean cycle.", "1/min"),
    Column(
        "rhythm_irregularity", float, _readable(lambda a: a.rhythm.irregularity),
        "Median absolute difference between successive cycles, over the median cycle.", "share",
    ),
    Column("cycles", int, _analyzed(lambda a: len(a.segmentation.cycles)), "Complete cardiac cycles found."),
    Column(
        "murmur", str, _analyzed(lambda a: a.findings.murmur.value),
        "The class of lowest expected cost (`murmur.Settings`: missing present costs 5, unknown 3, absent 1).",
        sign="murmur",
    ),
    Column(
        "murmur_probability", float, _found(lambda f: f.murmur.present_probability),
        "Probability of a murmur, systolic or diastolic.", "probability", decimals=6,
    ),
    Column(
        "unknown_probability", float, _found(lambda f: f.murmur.unknown_probability),
        "Probability that an expert could not decide.", "probability", decimals=6,
    ),
    Column(
        "murmur_level_db", float, _murmur(lambda m: m.level_db),
        "Mid-systole less late diastole, relative to S2, 80 to 600 Hz; empty if nothing is left.", "dB",
    ),
    Column(
        "systolic_timing", str, _found(lambda f: f.systolic_timing.value),
        "Timing of the murmur in systole; holosystolic means pansystolic. Empty without a murmur.",
        sign="systolic_timing",
    ),
    Column(
        "holosystolic_probability", float, _found(lambda f: _evidence(f.systolic_timing, "p_holosystolic")),
        "Probability that it spans all of systole, given a murmur.", "probability",
    ),
    Column(
        "systolic_shape", str, _found(lambda f: f.systolic_shape.value), "Course of its loudness over systole.",
        sign="systolic_shape",
    ),
    Column(
        "systolic_pitch", str, _found(lambda f: f.systolic_pitch.value), "Pitch of the murmur.",
        sign="systolic_pitch",
    ),
    Column(
        "systolic_quality", str, _found(lambda f: f.systolic_quality.value), "Character of its sound.",
        sign="systolic_quality",
    ),
    Column(
        "blowing_probability", float, _found(lambda f: _evidence(f.systolic_quality, "p_blowing")),
        "Probability that it is blowing, given a murmur.", "probability",
    ),
    Column(
        "grade", str, _found(lambda f: f.grade.value),
        "Grade of the murmur in this recording alone; III/VI stands for III/VI and louder.",
        sign="grade",
    ),
    Column(
        "diastolic_murmur_probability", float, _found(lambda f: f.diastolic_murmur.probability),
        "Probability of a murmur in early diastole.", "probability",
    ),
    Column(
        "s1_s2_level_db", float, _readable(lambda a: a.heart_sounds.s1_s2_level_db if a.heart_sounds else None),
        "Level of S1 relative to S2, 60 to 100 Hz; median over the trusted cycles.", "dB",
    ),
    Column(
        "s1_intensity", str, _found(lambda f: f.s1_intensity.value), "S1 compared with the norm at the site.",
        sign="s1_intensity",
    ),
    Column(
        "s2_split_ms", float, _found(lambda f: f.s2_split.value),
        "Interval between the two components of S2; empty if S2 has a single peak in most cycles.", "ms",
    ),
    Column(
        "s3_probability", float, _found(lambda f: f.s3.probability), "Probability of a third heart sound.", "probability"
    ),
    Column(
        "s4_probability", float, _found(lambda f: f.s4.probability), "Probability of a fourth heart sound.", "probability"
    ),
    Column(
        "click_probability", float, _found(lambda f: f.click.probability), "Probability of a mid-systolic click.",
        "probability",
    ),
    Column(
        "mitral_regurgitation_score", float, _found(lambda f: f.mitral_regurgitation.value),
        "From this recording alone: 0.45 pansystolic murmur + 0.45 quiet S1 + 0.1 wide split or S3 beside that murmur.",
        "0 to 1",
    ),
    Column(
        "absent_probability", float, _found(lambda f: f.murmur.absent_probability),
        "Probability of no murmur; the probabilities of the three classes add up to one.", "probability", decimals=6,
    ),
    Column(
        "above_quiet_db", float, _murmur(lambda m: m.above_quiet_db),
        "Mid-systole above late diastole, in the band between 80 and 600 Hz where it stands out most.", "dB",
    ),
    Column(
        "murmur_extent", float, _murmur(lambda m: m.extent),
        "Share of systole at least 3 dB above late diastole and within 12 dB of its loudest part.", "share",
    ),
    Column("murmur_onset", float, _murmur(lambda m: m.onset), "Where that part begins, as a share of systole.", "share"),
    Column("murmur_end", float, _murmur(lambda m: m.end), "Where that part ends, as a share of systole.", "share"),
    Column(
        "timing_probability", float, _found(lambda f: f.systolic_timing.probability),
        "Probability that `systolic_timing` is right.", "probability",
    ),
    Column(
        "shape_probability", float, _found(lambda f: f.systolic_shape.probability),
        "Probability that `systolic_shape` is right.", "probability",
    ),
    Column(
        "pitch_probability", float, _found(lambda f: f.systolic_pitch.probability),
        "Probability that `systolic_pitch` is right.", "probability",
    ),
    Column(
        "character_probability", float, _found(lambda f: f.systolic_quality.probability),
        "Probability that `systolic_quality` is right.", "probability",
    ),
    Column(
        "grade_probability", float, _found(lambda f: f.grade.probability), "Probability that `grade` is right.",
        "probability",
    ),
    Column(
        "centroid_hz", float, _murmur(lambda m: m.spectrum.centroid_hz if m.spectrum else None),
        "Centroid of the murmur's spectrum, with late diastole's subtracted.", "Hz",
    ),
    Column(
        "late_diastole_quiet", bool, _murmur(lambda m: m.late_diastole_quiet),
        "Whether late diastole, the reference of the murmur's level, is within 6 dB of the quietest part of diastole.",
    ),
    Column(
        "s1_departure_db", float, _found(lambda f: _evidence(f.s1_intensity, "departure_db")),
        "`s1_s2_level_db` less the norm at the site.", "dB",
    ),
    Column(
        "quiet_s1_probability", float, _found(lambda f: f.s1_intensity.probability), "Probability that S1 is quiet.",
        "probability",
    ),
    Column(
        "wide_s2_split_probability", float, _found(lambda f: f.s2_split.probability),
        "Probability that S2 is widely split.", "probability",
    ),
    Column("systole_s", float, _readable(lambda a: a.rhythm.systole_s), "Median from S1 onset to S2 onset.", "s"),
    Column("diastole_s", float, _readable(lambda a: a.rhythm.diastole_s), "Median from S2 onset to the next S1 onset.", "s"),
    Column(
        "rmssd_ms", float, _readable(lambda a: a.rhythm.rmssd_ms),
        "Root mean square of the differences between successive cycles.", "ms",
    ),
    Column(
        "pnn50", float, _readable(lambda a: a.rhythm.pnn50),
        "Share of differences between successive cycles that exceed 50 ms.", "share",
    ),
    Column(
        "sample_entropy", float, _readable(lambda a: a.rhythm.sample_entropy),
        "Sample entropy of the cycles (m = 1, r = 0.2 standard deviations); needs 12 of them.",
    ),
    Column(
        "irregular_rhythm_probability", float, _found(lambda f: f.irregular_rhythm.probability),
        "Probability that the rhythm is irregular throughout, as in atrial fibrillation.", "probability",
    ),
    Column(
        "premature_beats", int,
        _readable(lambda a: None if a.findings.premature_beats.value is None else a.rhythm.premature_beats),
        "Early beats followed by a longer cycle; empty if the rhythm is irregular throughout.",
    ),
    Column(
        "pauses", int, _readable(lambda a: len(a.rhythm.pauses)), "Cycles of at least 1.8 median cycles and 1.5 s."
    ),
    Column(
        "trusted_cycles", int, _analyzed(lambda a: a.quality.trusted_cycles),
        "Cycles whose confidence is high enough to be measured.",
    ),
    Column(
        "quality_reasons", str, _analyzed(lambda a: "; ".join(a.quality.reasons)),
        "What is wrong with the recording, separated by `; `: clipped, noisy, no heartbeat, contact lost, too short.",
    ),
    Column(
        "clipped_fraction", float, _analyzed(lambda a: a.quality.clipped_fraction),
        "Share of the recording that is clipped.", "share",
    ),
    Column(
        "spiked_fraction", float, _analyzed(lambda a: a.quality.spiked_fraction),
        "Share of the recording in friction spikes.", "share",
    ),
    Column(
        "lost_fraction", float, _analyzed(lambda a: a.quality.lost_fraction), "Share of the recording without contact.",
        "share",
    ),
    Column(
        "notes", str, _analyzed(lambda a: "; ".join(a.notes)),
        "What a user should know about how it was read, separated by `; `.",
    ),
    Column("version", str, _analyzed(lambda a: a.version), "Version of murmur."),
    Column("settings", str, _analyzed(lambda a: a.settings), "Fingerprint of the settings."),
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
