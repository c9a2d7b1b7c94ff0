"""What is in each column of the tables: the data dictionary, in words and as a Data Package."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from murmur import __version__
from murmur.tables.rows import CYCLE_COLUMNS, PATIENT_COLUMNS, RECORDING_COLUMNS, Cell, kind_of
from murmur.tables.visit_history import CHANGE_COLUMNS, TREND_COLUMNS, VISIT_COLUMNS, kind_of_course

__all__ = ["TABLES", "Column", "data_package"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        As the table's first line has it.
    kind : type
        str, int, float or bool, which CSV spells ``true`` and ``false``; a cell of any kind may be empty.
    unit : str
        Such as "s" or "dB"; empty where there is none.
    words : tuple of str
        All that a cell may say, where that is a fixed list; else empty.
    meaning : str
        What it is.
    """

    name: str
    kind: type
    unit: str
    words: tuple[str, ...]
    meaning: str


#: Units by the end of a column's name.
_UNITS = {
    "_s": "s",
    "_ms": "ms",
    "_hz": "Hz",
    "_db": "dB",
    "_bpm": "1/min",
    "_fraction": "share",
    "_probability": "probability",
}
#: Units that a name does not tell.
_OTHER_UNITS = (
    dict.fromkeys(("pnn50", "murmur_extent", "murmur_onset", "murmur_end", "quality", "rhythm_irregularity"), "share")
    | dict.fromkeys(("mitral_regurgitation_score", "confidence"), "0 to 1")
    | dict.fromkeys(("score_pansystolic_murmur", "score_quiet_s1", "score_loudest_at_the_apex"), "0 to 1")
    | {"expected_grade": "grade"}
)
_MURMUR = ("present", "absent", "unknown")
_GRADES = ("I/VI", "II/VI", "III/VI")
_INTENSITY = ("quiet", "normal", "loud")
_WORDS: dict[str, tuple[str, ...]] = {
    "status": ("ok", "unreadable", "failed"),
    "murmur": _MURMUR,
    "systolic_timing": ("holosystolic", "early", "mid", "late"),
    "systolic_shape": ("plateau", "diamond", "decrescendo", "crescendo"),
    "systolic_pitch": ("low", "medium", "high"),
    "systolic_quality": ("blowing", "harsh", "musical"),
    "grade": _GRADES,
    "s1_intensity": _INTENSITY,
    "per": ("visit", "month"),
    "noise_from": ("scatter", "repeatability"),
}

_LABELS = {
    "path": "The input as it was named: a path, a URL, or a path inside an archive.",
    "patient": "Who, from the manifest, `--patient` or the file's name; empty where none of them tells.",
    "site": "Where the chest piece was: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other; empty where not known.",
}

_RECORDINGS = _LABELS | {
    "status": "ok; unreadable: no finding should rest on it, and there is none; failed: it could not be analyzed.",
    "error": "Why it failed or is unreadable.",
    "duration_s": "Length of the recording.",
    "sample_rate_hz": "Sample rate of the input.",
    "position": "Of the patient: sit, sup (supine) or left, as far as known.",
    "visit": "Which visit, from the manifest: a date such as 2026-05-02, or a number or name.",
    "quality": "Share of the recording expected to be segmented right: each beat's length weighed by its confidence.",
    "heart_rate_bpm": "60 over the mean cycle.",
    "rhythm_irregularity": "Median absolute difference of successive cycles, over the median cycle.",
    "cycles": "Complete heart cycles that were found.",
    "murmur": "The class of largest expected worth (`murmur.Settings`: 5 for present, 3 for unknown, 1 for absent).",
    "murmur_probability": "That a murmur, systolic or diastolic, is present.",
    "unknown_probability": "That an expert could not have told.",
    "murmur_level_db": "Mid-systole less late diastole, against S2, 80 to 600 Hz; empty where nothing is left.",
    "systolic_timing": "When in systole the murmur is heard; holosystolic is pansystolic. Empty where no murmur is.",
    "holosystolic_probability": "That it fills systole from end to end, given a murmur.",
    "systolic_shape": "How its loudness runs over systole.",
    "systolic_pitch": "How high it is.",
    "systolic_quality": "What it sounds like.",
    "blowing_probability": "That it is blowing, given a murmur.",
    "grade": "How loud it is in this recording alone; III/VI stands for III and louder.",
    "diastolic_murmur_probability": "That early diastole holds a murmur.",
    "s1_s2_level_db": "S1 against S2 between 60 and 100 Hz, median over the trusted beats.",
    "s1_intensity": "S1 against what is usual at the site.",
    "s2_split_ms": "Interval between the two components of S2; empty where S2 has one peak in most beats.",
    "s3_probability": "That there is a third heart sound.",
    "s4_probability": "That there is a fourth heart sound.",
    "click_probability": "That there is a mid-systolic click.",
    "mitral_regurgitation_score": "From this recording alone: .45 murmur throughout systole + .45 quiet S1 + .1 wide split "
    "or S3 beside that murmur.",
    "absent_probability": "That there is no murmur; with the other two classes it adds up to one.",
    "above_quiet_db": "Mid-systole above late diastole, in the band between 80 and 600 Hz where it stands out most.",
    "murmur_extent": "Share of systole at least 3 dB above late diastole and within 12 dB of its loudest part.",
    "murmur_onset": "Where that part begins, as a share of systole.",
    "murmur_end": "Where it ends.",
    "timing_probability": "That the word in `systolic_timing` is right.",
    "shape_probability": "That the word in `systolic_shape` is right.",
    "pitch_probability": "That the word in `systolic_pitch` is right.",
    "character_probability": "That the word in `systolic_quality` is right.",
    "grade_probability": "That the word in `grade` is right.",
    "centroid_hz": "Centroid of the murmur's spectrum, late diastole's taken off.",
    "late_diastole_quiet": "Whether late diastole, which the murmur is measured against, is itself within 6 dB of the "
    "quietest part of diastole.",
    "s1_departure_db": "`s1_s2_level_db` less what is usual at the site.",
    "quiet_s1_probability": "That S1 is quiet.",
    "wide_s2_split_probability": "That S2 is widely split.",
    "systole_s": "Median from S1's onset to S2's onset.",
    "diastole_s": "Median from S2's onset to the next S1's onset.",
    "rmssd_ms": "Root mean square of the differences of successive cycles.",
    "pnn50": "Share of differences of successive cycles above 50 ms.",
    "sample_entropy": "Of the cycles (m = 1, r = 0.2 standard deviations); needs 12 of them.",
    "irregular_rhythm_probability": "That the rhythm is irregular throughout, as in atrial fibrillation.",
    "premature_beats": "Early beats followed by a longer cycle; empty where the rhythm is irregular throughout.",
    "pauses": "Cycles of at least 1.8 median cycles and 1.5 s.",
    "trusted_cycles": "Cycles whose confidence is high enough to be measured.",
    "quality_reasons": "What is wrong with it, parted by `; `: clipped, noisy, no heartbeat, contact lost, too short.",
    "clipped_fraction": "Of the recording in flat tops.",
    "spiked_fraction": "Of the recording in friction spikes.",
    "lost_fraction": "Of the recording without contact.",
    "notes": "How it was read, where that should be known, parted by `; `.",
    "version": "Version of murmur.",
    "settings": "Fingerprint of the settings.",
}

_CYCLES = _LABELS | {
    "cycle": "Number of the cycle in its recording, from 1.",
    "s1_onset_s": "Where S1 begins, from the start of the recording.",
    "systole_onset_s": "Where S1 ends and systole begins.",
    "s2_onset_s": "Where S2 begins.",
    "diastole_onset_s": "Where S2 ends and diastole begins.",
    "end_s": "Where the next S1 begins.",
    "confidence": "Probability that its S1 and S2 are where they are said to be.",
    "trusted": "Whether it counts in the recording's figures.",
    "s1_s2_level_db": "S1 against S2 between 60 and 100 Hz; empty where the cycle is not trusted, like what follows.",
    "murmur_above_late_diastole_db": "Mid-systole above late diastole, 80 to 600 Hz.",
    "murmur_extent": "Share of systole at least 3 dB above late diastole and within 12 dB of its loudest part.",
}

_PATIENTS = {
    "patient": "Who.",
    "recordings": "How many there are, of whatever visit.",
    "murmur": "The class of largest expected worth, from all recordings.",
    "murmur_probability": "That a murmur is present.",
    "unknown_probability": "That an expert could not have told.",
    "grade": "From how sure a murmur is at AV, PV, TV and MV; I/VI where fewer than the four were recorded.",
    "loudest_site": "Where the murmur is loudest against S2.",
    "murmur_sites": "Where it is heard, parted by `+`.",
    "radiates_to_axilla": "Whether it is heard at Ax; empty without a readable recording there.",
    "readable": "How many of the recordings could be read.",
    "holosystolic_probability": "At the sites where it is heard, weighed by its probability there.",
    "blowing_probability": "The same of blowing.",
    "s1_intensity": "From the median over the sites of S1 against what is usual there.",
    "quiet_s1_probability": "That S1 is quiet, over the sites.",
    "apex_over_base_db": "The murmur's level at MV above that at AV; empty where one is missing or it is heard at neither.",
    "score_pansystolic_murmur": "Part of the score: a murmur throughout systole.",
    "score_quiet_s1": "Part of the score: a quiet S1.",
    "score_loudest_at_the_apex": "Part of the score: louder at the apex than at the aortic site.",
    "mitral_regurgitation_score": "Mean of the three parts; of two where a site for the third is missing.",
}

_VISITS = {
    "patient": "Who.",
    "visit": "As the manifest names it.",
    "when": "Days since the first visit where all are named by date, else the visit's number, from 0.",
    "recordings": "Recordings of that visit.",
    "readable": "How many of them could be read.",
    "murmur": "The class of largest expected worth, from that visit's recordings.",
    "grade": "As in patients, from that visit's recordings.",
    "murmur_probability": "That a murmur is present.",
    "expected_grade": "0 to 3: the grade to be expected, were there a murmur, times the probability that there is one.",
    "murmur_extent": "Share of systole that the murmur fills, as if the same sites had been recorded at every visit.",
    "above_quiet_db": "Mid-systole above late diastole, as if the same sites had been recorded at every visit.",
    "s1_s2_level_db": "S1 against S2, as if the same sites had been recorded at every visit.",
    "heart_rate_bpm": "Heart rate, as if the same sites had been recorded at every visit.",
}

_COMPARED = {
    "patient": "Who.",
    "figure": "Which column of visits this row is about.",
    "unit": "Unit of change, slope and noise; a probability changes in log odds.",
}

_CHANGES = _COMPARED | {
    "since": "The earlier visit.",
    "until": "The later visit.",
    "change": "From the one to the other, in `unit`.",
    "low": "Lower end of its interval: 95 % over all figures of the two visits together.",
    "high": "Upper end.",
    "more_than_noise": "Whether the interval leaves out 0.",
}

_TRENDS = _COMPARED | {
    "per": "What the slope counts in: months where visits are named by date.",
    "visits": "How many visits have the figure.",
    "slope": "Of a straight line over the visits, in `unit` per visit or month.",
    "low": "Lower end of its interval: 95 % over all figures together.",
    "high": "Upper end.",
    "noise_sd": "Standard deviation of one visit that the interval rests on, in `unit`.",
    "noise_from": "scatter: these visits' own about the line; repeatability: that of children who were recorded twice.",
    "more_than_noise": "Whether the interval leaves out 0.",
}


def _columns(names: Iterable[str], kind: Callable[[str], type], meanings: dict[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, kind(name), _unit(name), _WORDS.get(name, ()), meanings[name]) for name in names)


def _unit(name: str) -> str:
    return _OTHER_UNITS.get(name) or next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")


TABLES: dict[str, tuple[Column, ...]] = {
    "recordings": _columns(RECORDING_COLUMNS, kind_of, _RECORDINGS),
    "cycles": _columns(CYCLE_COLUMNS, kind_of, _CYCLES),
    "patients": _columns(PATIENT_COLUMNS, kind_of, _PATIENTS),
    "visits": _columns(VISIT_COLUMNS, kind_of_course, _VISITS),
    "changes": _columns(CHANGE_COLUMNS, kind_of_course, _CHANGES),
    "trends": _columns(TREND_COLUMNS, kind_of_course, _TRENDS),
}
"""Every table with its columns, in their order; ``recordings`` has more columns where a manifest has."""

_KEYS = {
    "recordings": ["path"],
    "cycles": ["path", "cycle"],
    "patients": ["patient"],
    "visits": ["patient", "visit"],
    "changes": ["patient", "figure", "since", "until"],
    "trends": ["patient", "figure"],
}
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def data_package() -> dict[str, Any]:
    """Describe the CSV tables as a Data Package (https://specs.frictionlessdata.io/data-package/), for programs.

    Returns
    -------
    dict
        To be written as ``datapackage.json`` beside the tables.
    """
    return {
        "name": "murmur",
        "title": f"Tables of murmur {__version__}",
        "description": "For research and education, not a medical device.",
        "resources": [
            {
                "name": table,
                "path": f"{table}.csv",
                "profile": "tabular-data-resource",
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(column) for column in columns],
                    "primaryKey": _KEYS[table],
                    "missingValues": [""],
                },
            }
            for table, columns in TABLES.items()
        ],
    }


def _field(column: Column) -> dict[str, Cell | dict[str, Any]]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES[column.kind], "description": column.meaning}
    if column.unit:
        field["unit"] = column.unit
    if column.words:
        field["constraints"] = {"enum": list(column.words)}
    return field
