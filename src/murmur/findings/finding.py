"""What is concluded of one sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from murmur.records import Record

Evidence = Mapping[str, float | None]
#: What is more probable than this is more probable than not.
EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One sign of a recording.

    Attributes
    ----------
    value : str, float or None
        What was found; None where nothing can be concluded.
    probability : float or None
        Probability of what the sign is named after, whatever `value` says: that S1 is quiet, that the split of S2 is wide,
        that an S3, S4, click, diastolic murmur or irregular rhythm is present. Where `value` is one of several words
        (timing, shape, pitch, quality, grade), the probability of that word; the evidence holds those of the others.
    evidence : dict of str to float or None
        The measurements behind it.
    reason : str or None
        Why `value` is missing.
    """

    value: str | float | None
    probability: float | None = None
    evidence: Evidence = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MurmurFinding(Record):
    """Whether a murmur is heard, in the three classes of the PhysioNet Challenge 2022.

    Attributes
    ----------
    value : str
        "present", "absent" or "unknown".
    present_probability, unknown_probability, absent_probability : float or None
        Probabilities of the three classes, which add up to one.
    evidence, reason
        As in `Finding`.
    """

    value: str
    present_probability: float | None
    unknown_probability: float | None
    absent_probability: float | None
    evidence: Evidence = field(default_factory=dict)
    reason: str | None = None

    @property
    def probability(self) -> float | None:
        """Probability that a murmur is present, under the name that every other finding has for it."""
        return self.present_probability


def presence(probability: float, evidence: Evidence) -> Finding:
    """Conclude "present" where that is more likely than not."""
    return Finding("present" if probability > EVEN else "absent", probability, evidence)


def most_probable(probabilities: Mapping[str, float], evidence: Evidence) -> Finding:
    """Conclude the most probable of several words."""
    return _chosen(max(probabilities, key=probabilities.__getitem__), probabilities, evidence)


def median_of(probabilities: Mapping[str, float], evidence: Evidence) -> Finding:
    """Conclude the median of words that have an order, which has the least expected distance from the truth."""
    return _chosen(list(probabilities)[median_class(list(probabilities.values()))], probabilities, evidence)


def median_class(probabilities: Sequence[float]) -> int:
    """Return the number of the class up to which half of the probability lies."""
    half, so_far = 0.5 * sum(probabilities), 0.0
    for number, probability in enumerate(probabilities):
        so_far += probability
        if so_far >= half:
            return number
    return len(probabilities) - 1


def _chosen(value: str, probabilities: Mapping[str, float], evidence: Evidence) -> Finding:
    return Finding(value, probabilities[value], {**evidence, **{f"p_{name}": p for name, p in probabilities.items()}})
