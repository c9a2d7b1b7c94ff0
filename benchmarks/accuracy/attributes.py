"""The one place that asks murmur for the probabilities of a murmur's character, given that there is one.

The public result describes a murmur only where one is called; CirCor's labels say more of murmurs that were missed, and the
attributes are judged wherever a murmur is heard by label. Hence these ask the functions behind the findings.
"""

from __future__ import annotations

import murmur
from benchmarks.accuracy.scoring import Scored
from murmur.findings import grade, systolic_pitch, systolic_quality, systolic_shape, systolic_timing

__all__ = ["TIMINGS", "attribute_probabilities"]

TIMINGS = systolic_timing.SIGN.choices


def attribute_probabilities(item: Scored, models: murmur.Models) -> dict[str, dict[str, float]]:
    """Probability of each word for the murmur of one recording: timing, shape, quality, pitch and grade.

    Empty where no cycle could be measured. Of the qualities blowing and harsh: CirCor has three musical murmurs, too few to
    judge a third word by.
    """
    features = item.analysis.murmur
    if features is None:
        return {}
    blowing = systolic_quality.blowing_probability(features, models.findings)
    return {
        "timing": systolic_timing.probabilities(features, models.findings),
        "shape": systolic_shape.probabilities(features, models.findings),
        "quality": {"blowing": blowing, "harsh": 1.0 - blowing},
        "pitch": systolic_pitch.probabilities(features, models.findings),
        "grade": grade.probabilities(features, models.findings),
    }
