"""Beats as they come: found when S2 is over, closed when the next S1 begins; and the rate of the last ones."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from murmur.learned.linear import LinearModel
from murmur.live.events import BeatClosed, BeatFound, RateChanged
from murmur.measure.comparison import Comparison, compare_cycles
from murmur.measure.cycles import BANDS_HZ, CycleLevels
from murmur.measure.heart_sounds import S1_BAND_HZ
from murmur.measure.history import CycleHistory, MeasuredCycles
from murmur.measure.quality import cycle_confidence
from murmur.pipeline.engine import LONGEST_CYCLE_S, Engine
from murmur.segmentation.decoding import Spans
from murmur.segmentation.durations import CYCLE_S
from murmur.segmentation.fixed_lag import FixedLagDecoder
from murmur.segmentation.reading import Cycles
from murmur.settings import FRAME_RATE_HZ, Settings

__all__ = ["LAG_FRAMES", "BeatTracker", "RateTracker"]

#: What is told lies this far behind the newest posteriors: of 80 recordings 99.87 % of frames are then what they stay.
LAG_FRAMES = 50
#: A beat is judged together with the two before it; the rate is that of the last five.
BEATS_BEFORE, BEATS_COUNTED = 2, 5
#: A diastole of which nothing is heard yet is taken to last this long at least.
LEAST_DIASTOLE_FRAMES = 10
#: The rate is told anew when it has changed by this much, and given up after this long without a beat.
RATE_STEP_BPM, RATE_KEPT_S = 2.0, 4.0
#: A rate makes do with beats of this share of the confidence that a measurement of sound asks for; and with less where the
#: last five are as regular as no noise is: of a heart above 180 per minute the network is not sure where the sounds are.
RATE_SHARE = 0.3
REGULAR_WITHIN, REGULAR_CONFIDENCE = 0.08, 0.05


@dataclass(slots=True)
class _Turn:
    """The spans of a cycle as far as they have come: S1, systole, S2, diastole."""

    starts: list[int]
    onsets_s: list[float]


class BeatTracker:
    """Makes beats of the states that an engine's early reading tells.

    The confidence is that of `murmur.measure.quality.cycle_confidence`; of a beat whose diastole is not over, the
    diastole is taken to last as long as the last beats say, and judged by what has been heard of it.
    """

    def __init__(self, engine: Engine, model: LinearModel, settings: Settings) -> None:
        self._engine, self._model, self._settings = engine, model, settings
        self._reader = FixedLagDecoder(LAG_FRAMES)
        self._turn: _Turn | None = None
        self._before: deque[MeasuredCycles] = deque(maxlen=BEATS_BEFORE)
        self._cycles_s: deque[float] = deque(maxlen=BEATS_COUNTED)
        self._number = 0
        #: The beats that were closed.
        self.history = CycleHistory()

    def update(self, time_s: float) -> Iterator[BeatFound | BeatClosed]:
        """Tell what the newest sound has made sure."""
        spans, onsets_s = self._engine.read_early(self._reader)
        for start, state, onset_s in zip(spans.start.tolist(), spans.state.tolist(), onsets_s.tolist(), strict=True):
            turn = self._turn
            if state == 0:
                if turn is not None and len(turn.starts) == 4 and (closed := self._close(turn, start, onset_s, time_s)):
                    yield closed
                self._turn = _Turn([start], [onset_s])
            elif turn is not None and state == len(turn.starts):
                turn.starts.append(start)
                turn.onsets_s.append(onset_s)
                if state == 3:
                    found = self._find(turn, time_s)
                    self._turn = turn if found else None
                    if found:
                        yield found
            else:  # out of turn: what has begun is no beat
                self._turn = None

    def _find(self, turn: _Turn, time_s: float) -> BeatFound | None:
        s1_s, systole_s, s2_s, diastole_s = turn.onsets_s
        usual_s = float(np.median(self._cycles_s)) if self._cycles_s else self._usual_cycle_s(s2_s - s1_s)
        end = max(turn.starts[0] + round(usual_s * FRAME_RATE_HZ), turn.starts[3] + LEAST_DIASTOLE_FRAMES)
        end = min(end, turn.starts[3] + LAG_FRAMES)  # so much has been heard, whenever it is told
        looked = self._look(turn, end, s1_s + (end - turn.starts[0]) / FRAME_RATE_HZ)
        if looked is None:
            return None
        self._number += 1
        return BeatFound(
            time_s=time_s,
            number=self._number,
            s1_onset_s=s1_s,
            systole_onset_s=systole_s,
            s2_onset_s=s2_s,
            diastole_onset_s=diastole_s,
            confidence=looked[0],
        )

    def _close(self, turn: _Turn, start: int, end_s: float, time_s: float) -> BeatClosed | None:
        s1_s, systole_s, s2_s, diastole_s = turn.onsets_s
        if end_s - s1_s >= LONGEST_CYCLE_S or (looked := self._look(turn, start, end_s, keep=True)) is None:
            return None
        confidence, compared = looked
        self._cycles_s.append(end_s - s1_s)
        trusted = confidence >= self._settings.least_confidence
        s1_s2 = compared["s1_against_s2"][-1, BANDS_HZ.index(S1_BAND_HZ)]
        return BeatClosed(
            time_s=time_s,
            number=self._number,
            s1_onset_s=s1_s,
            systole_onset_s=systole_s,
            s2_onset_s=s2_s,
            diastole_onset_s=diastole_s,
            end_s=end_s,
            confidence=confidence,
            s1_s2_level_db=float(s1_s2) if trusted else None,
            murmur_above_late_diastole_db=float(compared["mid_systole"][-1, 0]) if trusted else None,
        )

    def _look(self, turn: _Turn, end: int, end_s: float, keep: bool = False) -> tuple[float, Comparison] | None:
        """Confidence in a cycle that ends at a frame, and its comparison with those before it; None where it is none."""
        starts = np.array([*turn.starts, end])
        spans = Spans(starts, np.array([0, 1, 2, 3, 0]), starts)
        measured = self._engine.look_at(spans, np.array([*turn.onsets_s, end_s]))
        if measured is None:
            return None
        together = [*self._before, measured]
        compared = compare_cycles(CycleLevels.joined(beat.levels for beat in together))
        cycles = Cycles.joined(beat.cycles for beat in together)
        confidence = float(cycle_confidence(cycles, compared, self._model)[-1])
        if keep:
            self._before.append(measured)
            self.history.append(measured)
        return confidence, compared

    def _usual_cycle_s(self, systole_s: float) -> float:
        """Cycle length whose usual systole is nearest."""
        usual_s, _ = self._engine.durations.systole_s(CYCLE_S)
        return float(CYCLE_S[np.abs(usual_s - systole_s).argmin()])


class RateTracker:
    """The heart rate from the last beats, as far as they can be trusted."""

    def __init__(self, settings: Settings) -> None:
        self._least = RATE_SHARE * settings.least_confidence
        self._recent: deque[BeatClosed] = deque(maxlen=BEATS_COUNTED)
        self._cycles_s: deque[float] = deque(maxlen=BEATS_COUNTED)
        self._last_s = -math.inf
        self._told: float | None = None

    def take(self, beat: BeatClosed) -> None:
        """Count a beat."""
        self._recent.append(beat)
        if beat.confidence >= self._least or self._is_regular():
            if beat.s1_onset_s - self._last_s > RATE_KEPT_S:
                self._cycles_s.clear()
            self._cycles_s.append(beat.end_s - beat.s1_onset_s)
            self._last_s = beat.end_s

    def _is_regular(self) -> bool:
        """Whether the last beats follow one another at equal distances."""
        beats = list(self._recent)
        if len(beats) < BEATS_COUNTED or min(beat.confidence for beat in beats) < REGULAR_CONFIDENCE:
            return False
        if any(after.s1_onset_s > before.end_s for before, after in pairwise(beats)):
            return False
        cycles_s = np.array([beat.end_s - beat.s1_onset_s for beat in beats])
        usual_s = float(np.median(cycles_s))
        return bool(np.abs(cycles_s - usual_s).max() <= REGULAR_WITHIN * usual_s)

    def update(self, time_s: float) -> Iterator[RateChanged]:
        """Tell the rate where it has changed."""
        rate = None if time_s - self._last_s > RATE_KEPT_S else 60.0 / float(np.median(self._cycles_s))
        if (rate is None) != (self._told is None) or (rate and self._told and abs(rate - self._told) >= RATE_STEP_BPM):
            self._told = rate
            yield RateChanged(time_s=time_s, heart_rate_bpm=rate)
