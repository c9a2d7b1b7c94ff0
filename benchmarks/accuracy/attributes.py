"""The one place that asks murmur for the probabilities of a murmur's character, given that there is one.

The public result describes a murmur only where one is called; CirCor's labels say more of murmurs that were missed, and the
attributes are judged wherever a murmur is heard by label. Hence these ask the functions behind the findings.
"""

from __future__ import annotations

import murmur
from benchmarks.accuracy.scoring import Scored
from murmur.findings.character import (
    blowing_probability,
    grade_probabilities,
    pitch_probabilities,
    shape_probabilities,
    timing_probabilities,
)
from murmur.measure.murmur import MurmurFeatures

__all__ = ["TIMINGS", "attribute_probabilities"]

TIMINGS = ("holosystolic", "early", "mid", "late")


def attribute_probabilities(item: Scored, models: murmur.Models) -> dict[str, dict[str, float]]:
    """Probability of each word for the murmur of one recording: timing, shape, quality, pitch and grade.

    Empty where no beat could be measured.
    """
    features = item.analysis.murmur
    if features is None:
        return {}
    return {
        "timing": timing_probabilities(features, models.findings),
        "shape": shape_probabilities(features, models.findings),
        "quality": _quality(features, models),
        "pitch": pitch_probabilities(features, models.findings),
        "grade": grade_probabilities(features, models.findings),
    }


def _quality(features: MurmurFeatures, models: murmur.Models) -> dict[str, float]:
    """Blowing or harsh: CirCor has three musical murmurs, too few to judge a third word by."""
    blowing = blowing_probability(features, models.findings)
    return {"blowing": blowing, "harsh": 1.0 - blowing}
