"""What can be made of live sound, second by second: good, noisy, or no contact."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal

import numpy as np

from murmur.live.events import BeatClosed, BeatFound, QualityChanged
from murmur.quality import LOST_DB
from murmur.settings import Settings

__all__ = ["QualityTracker"]

#: Good seconds by which the usual level is known.
USUAL_SECONDS = 30
#: No trusted beat for so long is noise: a slow heart's next one would have been found.
NOISY_AFTER_S = 3.0


class QualityTracker:
    """Good from a trusted beat on, noisy where none comes any more, contact lost where it is silent or far too quiet.

    The rules are those of `murmur.quality.assess_quality`, which has the whole recording before it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._usual_db: deque[float] = deque(maxlen=USUAL_SECONDS)
        self._told: str | None = None
        self._beat_end_s = 0.0
        self._lost_until_s = 0.0
        self._seconds = 0

    def take(self, beat: BeatFound | BeatClosed) -> None:
        """Heed a beat."""
        if beat.confidence >= self._settings.least_confidence:
            self._beat_end_s = beat.end_s if isinstance(beat, BeatClosed) else beat.diastole_onset_s

    def update(self, time_s: float, levels_db: np.ndarray, silent: np.ndarray) -> Iterator[QualityChanged]:
        """Tell how it is now, given the level and the share of silence of each second that is new."""
        for level_db, silence in zip(levels_db.tolist(), silent.tolist(), strict=True):
            second = self._seconds
            self._seconds += 1
            usual = float(np.median(self._usual_db)) if self._usual_db else -np.inf
            if silence > 0.5 or level_db < usual - LOST_DB:
                self._lost_until_s = second + 1.0
                yield from self._tell("contact lost", time_s, float(second))
            elif self._beat_end_s > second:
                self._usual_db.append(level_db)
        good = self._beat_end_s > max(self._lost_until_s, time_s - NOISY_AFTER_S)
        if good:
            yield from self._tell("good", time_s, self._beat_end_s)
        elif self._lost_until_s > time_s - NOISY_AFTER_S:
            return
        elif time_s - max(self._beat_end_s, self._lost_until_s) > NOISY_AFTER_S:
            yield from self._tell("noisy", time_s, max(self._beat_end_s, self._lost_until_s))

    def _tell(
        self, quality: Literal["good", "noisy", "contact lost"], time_s: float, since_s: float
    ) -> Iterator[QualityChanged]:
        if quality != self._told:
            self._told = quality
            yield QualityChanged(time_s=time_s, quality=quality, since_s=since_s)
