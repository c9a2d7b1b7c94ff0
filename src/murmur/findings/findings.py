"""All signs of one recording."""

from __future__ import annotations

from dataclasses import dataclass

from murmur.findings.finding import Finding, MurmurFinding
from murmur.records import Record


@dataclass(frozen=True, slots=True)
class Findings(Record):
    """Every sign of one recording, in the order in which a doctor reports them.

    A new sign is a field here, and a module of the same name beside this one: `murmur.findings.registry.SIGNS`.
    """

    murmur: MurmurFinding
    systolic_timing: Finding
    systolic_shape: Finding
    systolic_pitch: Finding
    systolic_quality: Finding
    grade: Finding
    s1_intensity: Finding
    s2_split: Finding
    s3: Finding
    s4: Finding
    click: Finding
    diastolic_murmur: Finding
    irregular_rhythm: Finding
    premature_beats: Finding
    mitral_regurgitation: Finding
