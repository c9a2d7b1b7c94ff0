"""Signs as they settle: conclusions from the sound so far, and where they have changed."""

from __future__ import annotations

from collections.abc import Iterator

from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.registry import SIGNS
from murmur.live.events import BeatAveraged, SignChanged
from murmur.pipeline.analysis import Analysis

#: Conclusions are drawn every second, and from longer streams whenever they have grown by this share.
EVERY_S, GROWTH = 1.0, 1 / 30
#: A sign is reported again when its probability has changed by this much.
PROBABILITY_STEP = 0.1

#: What is concluded of a sign: its value and its probability.
_Conclusion = tuple[str | float | None, float | None]
_NOTHING: _Conclusion = (None, None)


class SignTracker:
    """Reports a sign when two conclusions in a row agree on something new, so that nothing flickers."""

    def __init__(self) -> None:
        self._reported: dict[str, _Conclusion] = {}
        self._last: dict[str, _Conclusion] = {}
        self._due_s = 0.0

    def is_due(self, time_s: float, held_s: float) -> bool:
        """Return whether it is time for a conclusion, from `held_s` of sound."""
        if time_s < self._due_s:
            return False
        self._due_s = time_s + max(EVERY_S, GROWTH * held_s)
        return True

    def update(self, time_s: float, analysis: Analysis) -> Iterator[SignChanged | BeatAveraged]:
        """Report what has changed since it was last reported."""
        readable = analysis.status == "ok"
        for sign in SIGNS:
            finding: Finding | MurmurFinding = getattr(analysis.findings, sign.name)
            found = (finding.value, finding.probability) if readable and finding.value is not None else _NOTHING
            last, reported = self._last.get(sign.name, _NOTHING), self._reported.get(sign.name, _NOTHING)
            self._last[sign.name] = found
            if _agree(found, last, sign.step) and not _agree(found, reported, sign.step):
                self._reported[sign.name] = found
                yield SignChanged(
                    time_s=time_s,
                    sign=sign.name,
                    value=found[0],
                    probability=found[1],
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


def _agree(one: _Conclusion, other: _Conclusion, step: float) -> bool:
    """Return whether two conclusions have the same words, and numbers that differ by less than a step."""
    parts = zip(one, other, (step, PROBABILITY_STEP), strict=True)
    return all(abs(a - b) < step if isinstance(a, float) and isinstance(b, float) else a == b for a, b, step in parts)
