"""Every sign that murmur knows, and the one way through all of them."""

from __future__ import annotations

from dataclasses import replace

from murmur.findings import (
    click,
    diastolic_murmur,
    grade,
    irregular_rhythm,
    mitral_regurgitation,
    murmur,
    premature_beats,
    s1_intensity,
    s2_split,
    s3,
    s4,
    systolic_pitch,
    systolic_quality,
    systolic_shape,
    systolic_timing,
)
from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.findings import Findings
from murmur.findings.sign import Sign

__all__ = ["SIGNS", "conclude_all", "no_findings"]

#: In the order in which a doctor reports them: the fields of `Findings`. A sign may depend on those before it.
SIGNS: tuple[Sign, ...] = tuple(
    module.SIGN
    for module in (
        murmur,
        systolic_timing,
        systolic_shape,
        systolic_pitch,
        systolic_quality,
        grade,
        s1_intensity,
        s2_split,
        s3,
        s4,
        click,
        diastolic_murmur,
        irregular_rhythm,
        premature_beats,
        mitral_regurgitation,
    )
)


def conclude_all(features: Features, context: Context) -> Findings:
    """Conclude on every sign of one readable recording."""
    concluded: dict[str, Finding | MurmurFinding] = {}
    context = replace(context, concluded=concluded)
    for sign in SIGNS:
        concluded[sign.name] = sign.conclude(features, context)
    return Findings(**concluded)  # type: ignore[arg-type]


def no_findings(reason: str) -> Findings:
    """Return every sign as missing for one reason, the murmur as "unknown"."""
    missing: dict[str, Finding] = dict.fromkeys([sign.name for sign in SIGNS], Finding(None, reason=reason))
    return Findings(**missing | {"murmur": MurmurFinding("unknown", None, None, None, reason=reason)})  # type: ignore[arg-type]
