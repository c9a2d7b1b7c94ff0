"""Quality of live sound, second by second: good, noisy, or contact lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from murmur.live.events import BeatClosed, BeatFound, QualityChanged
from murmur.measure.quality import LOST_DB
from murmur.settings import Settings

#: The reference level is the median of this many good seconds.
REFERENCE_SECONDS = 30
#: No trusted beat for this long is noise: the next beat of a slow heart would have been found.
NOISY_AFTER_S = 3.5
#: The beats of a second are found by then, counted from its beginning.
FOUND_AFTER_S = 2.5

Kind = Literal["good", "noisy", "contact lost"]


class QualityTracker:
    """Good from a trusted beat on, noisy when no more come, contact lost when it is silent or far too quiet.

    The rules are those that `murmur.measure.quality.assess_quality` applies to a whole recording: a second that is only far
    too quiet is lost if it holds no trusted beat either, so that a step in gain is no loss.

    Attributes
    ----------
    seconds : int
        How many seconds it has been given.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reference_db: deque[float] = deque(maxlen=REFERENCE_SECONDS)
        self._reported: str | None = None
        self._beat_s, self._beat_end_s = 0.0, 0.0  # S1 and the end of S2 of the last trusted beat
        self._lost_until_s = 0.0
        self._quiet: deque[tuple[int, float]] = deque()  # seconds whose beats have still to be found, and their levels
        self.seconds = 0

    def take(self, beat: BeatFound | BeatClosed) -> None:
        """Take a beat into account, except the very first, whose confidence is too high with none beside it."""
        if beat.number > 1 and beat.confidence >= self._settings.least_confidence:
            self._beat_s, self._beat_end_s = beat.s1_onset_s, beat.diastole_onset_s

    def update(self, time_s: float, levels_db: NDArray[np.float64], silent: NDArray[np.float64]) -> Iterator[QualityChanged]:
        """Report a change, given the level and the share of silence of each new second."""
        for level_db, silence in zip(levels_db.tolist(), silent.tolist(), strict=True):
            if silence > 0.5:
                yield from self._lose(self.seconds, time_s)
            else:
                self._quiet.append((self.seconds, level_db))
            self.seconds += 1
        while self._quiet and self._quiet[0][0] + FOUND_AFTER_S <= time_s:
            second, level_db = self._quiet.popleft()
            if self._beat_end_s > second:
                self._reference_db.append(level_db)
            elif self._reference_db and level_db < np.median(self._reference_db) - LOST_DB:
                yield from self._lose(second, time_s)
        known_s = max(self._beat_end_s, self._lost_until_s)
        if time_s - known_s > NOISY_AFTER_S:
            yield from self._report("noisy", time_s, known_s)
        elif self._beat_end_s > self._lost_until_s:
            yield from self._report("good", time_s, self._beat_s)

    def _lose(self, second: int, time_s: float) -> Iterator[QualityChanged]:
        self._lost_until_s = second + 1.0
        yield from self._report("contact lost", time_s, float(second))

    def _report(self, quality: Kind, time_s: float, since_s: float) -> Iterator[QualityChanged]:
        if quality != self._reported:
            self._reported = quality
            yield QualityChanged(time_s=time_s, quality=quality, since_s=since_s)
