"""Signs as they settle: what would be concluded if that were all, and where its words have changed."""

from __future__ import annotations

from collections.abc import Iterator

from murmur.analysis import Analysis
from murmur.findings import Finding, Findings, MurmurFinding
from murmur.live.events import BeatAveraged, SignChanged

__all__ = ["SignTracker"]

#: Conclusions are drawn anew each second, and of longer streams each time they have grown by this share.
EVERY_S, GROWTH = 1.0, 1 / 30
#: Figures without a word are told when they have changed by this much (ms of the split of S2; the score).
STEPS = {"s2_split": 10.0, "mitral_regurgitation": 0.1}

Value = str | float | None


class SignTracker:
    """Tells a sign when two conclusions in a row have the same new word for it: what flickers is not settled."""

    def __init__(self) -> None:
        self._told: dict[str, Value] = dict.fromkeys(Findings.__dataclass_fields__)
        self._last: dict[str, Value] = dict(self._told)
        self._due_s = 0.0

    def is_due(self, time_s: float, held_s: float) -> bool:
        """Whether it is time for a conclusion, from `held_s` of sound."""
        if time_s < self._due_s:
            return False
        self._due_s = time_s + max(EVERY_S, GROWTH * held_s)
        return True

    def update(self, time_s: float, analysis: Analysis) -> Iterator[SignChanged | BeatAveraged]:
        """Tell what has changed since it was told."""
        readable = analysis.status == "ok"
        for name in Findings.__dataclass_fields__:
            finding: Finding | MurmurFinding = getattr(analysis.findings, name)
            value = finding.value if readable else None
            last, self._last[name] = self._last[name], value
            if _same(name, value, last) and not _same(name, value, self._told[name]):
                self._told[name] = value
                yield SignChanged(
                    time_s=time_s,
                    sign=name,
                    value=value,
                    probability=finding.present_probability if isinstance(finding, MurmurFinding) else finding.probability,
                    evidence=finding.evidence,
                    reason=finding.reason,
                    beats=analysis.quality.trusted_beats,
                )
        murmur, rhythm = analysis.murmur, analysis.rhythm
        if readable and murmur and rhythm.systole_s is not None and rhythm.diastole_s is not None:
            yield BeatAveraged(
                time_s=time_s,
                systole_s=rhythm.systole_s,
                diastole_s=rhythm.diastole_s,
                systole_profile_db=murmur.profile_db,
                diastole_profile_db=murmur.diastole_profile_db,
                beats=analysis.quality.trusted_beats,
            )


def _same(name: str, one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < STEPS.get(name, 0.0)
    return one == other
