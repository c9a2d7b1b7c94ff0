"""What the signs that describe a systolic murmur have in common."""

from __future__ import annotations

import math

from murmur.findings.context import Context, Features
from murmur.findings.murmur import decide_murmur
from murmur.measure.murmur import MurmurFeatures

#: Weight of the log odds by a word's meaning, beside those by what CirCor's experts call so. At 0.3 the results agree with
#: the experts nearly as well as at 0, and every phantom gets the right word (benchmarks/README.md, "blowing", "plateau").
MEANING_SHARE = 0.3
#: Limit of the log odds by a word's meaning; set before scoring, not tuned.
MEANING_LIMIT = 6.0

#: What the models take for log2 of the centroid (Hz) of a murmur without a spectrum.
NO_CENTROID = 7.0

#: Why a systolic murmur is not described, by what was concluded of any murmur.
_NOT_SYSTOLIC = {
    "present": "no murmur is heard in systole",
    "absent": "no murmur is heard",
    "unknown": "whether there is a murmur is uncertain",
}


def why_not_described(features: Features, context: Context) -> str | None:
    """Return the reason why there is no systolic murmur to describe; None where there is one."""
    if decide_murmur(context.systolic, context.settings) != "present":
        return _NOT_SYSTOLIC[str(context.concluded["murmur"].value)]
    return "the murmur does not stand out of late diastole" if features.murmur.extent == 0 else None


def log2_centroid(murmur: MurmurFeatures) -> float:
    """Return log2 of the centroid of the murmur's spectrum (Hz), as the models take it."""
    return math.log2(murmur.spectrum.centroid_hz) if murmur.spectrum else NO_CENTROID
