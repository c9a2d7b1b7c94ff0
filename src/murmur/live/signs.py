"""Signs as they settle: what would be concluded if that were all, and where its words have changed."""

from __future__ import annotations

from collections.abc import Iterator

from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.findings import Findings
from murmur.live.events import BeatAveraged, SignChanged
from murmur.pipeline.analysis import Analysis

__all__ = ["SignTracker"]

#: Conclusions are drawn anew each second, and of longer streams each time they have grown by this share.
EVERY_S, GROWTH = 1.0, 1 / 30
#: Figures without a word are told when they have changed by this much (ms of the split of S2; the score), and words again
#: when their probability has.
STEPS = {"s2_split": 5.0, "mitral_regurgitation": 0.05}
PROBABILITY_STEP = 0.1

Value = str | float | None
#: What was said of a sign: its value and its probability.
_Said = tuple[Value, float | None]


class SignTracker:
    """Tells a sign when two conclusions in a row say the same, and something new, of it: what flickers is not settled."""

    def __init__(self) -> None:
        self._told: dict[str, _Said] = dict.fromkeys(Findings.__dataclass_fields__, (None, None))
        self._last: dict[str, _Said] = dict(self._told)
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
            probability = finding.present_probability if isinstance(finding, MurmurFinding) else finding.probability
            said = value, probability if value is not None else None
            last, self._last[name] = self._last[name], said
            if _same(name, said, last) and not _same(name, said, self._told[name]):
                self._told[name] = said
                yield SignChanged(
                    time_s=time_s,
                    sign=name,
                    value=value,
                    probability=said[1],
                    evidence=finding.evidence,
                    reason=finding.reason,
                    beats=analysis.quality.trusted_cycles,
                )
        murmur, rhythm = analysis.murmur, analysis.rhythm
        if readable and murmur and rhythm.systole_s is not None and rhythm.diastole_s is not None:
            yield BeatAveraged(
                time_s=time_s,
                systole_s=rhythm.systole_s,
                diastole_s=rhythm.diastole_s,
                systole_profile_db=murmur.profile_db,
                diastole_profile_db=murmur.diastole_profile_db,
                beats=analysis.quality.trusted_cycles,
            )


def _same(name: str, one: _Said, other: _Said) -> bool:
    """Whether two say the same: no other word, and no figure that differs by a step."""
    parts = zip(one, other, (STEPS.get(name, 0.0), PROBABILITY_STEP), strict=True)
    return all(abs(a - b) < step if isinstance(a, float) and isinstance(b, float) else a == b for a, b, step in parts)
