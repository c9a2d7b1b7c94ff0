"""What is kept of the stream: the frames that open cycles and seconds still need, and the seconds themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.measure.cycles import measure_cycles
from murmur.measure.measurement import MeasuredCycles
from murmur.measure.murmur_network import OUTPUTS, score_cycles
from murmur.measure.seconds import Seconds, measure_seconds
from murmur.measure.sounds import measure_sounds
from murmur.pipeline.stages import Produced
from murmur.segmentation.cycles import Cycles
from murmur.settings import ANALYSIS_RATE_HZ, FRAME_RATE_HZ, HOP
from murmur.signal.columns import ColumnBuffer
from murmur.signal.envelopes import ENVELOPE_HOP
from murmur.signal.spectrogram import N_BINS
from murmur.signal.stream_buffer import StreamBuffer


class FrameBuffers:
    """The newest output of every stage, and what is measured in it."""

    def __init__(self) -> None:
        self.limited = StreamBuffer(dtype=np.uint8)
        self.envelope = StreamBuffer(3)
        self.power = StreamBuffer(N_BINS)
        self.log_posteriors = StreamBuffer(4)
        self.scores = StreamBuffer(OUTPUTS)

    def append(self, produced: Produced) -> None:
        """Add what a block gave."""
        self.limited.append(produced.limited)
        self.envelope.append(produced.envelope)
        self.power.append(produced.power)
        self.log_posteriors.append(produced.log_posteriors)
        self.scores.append(produced.scores)

    def drop_before(self, frame: int) -> None:
        """Drop what lies before a frame."""
        for buffer in (self.power, self.log_posteriors, self.scores):
            buffer.drop_before(frame)
        self.limited.drop_before(frame * HOP)
        self.envelope.drop_before(frame * HOP // ENVELOPE_HOP)

    def measure(self, cycles: Cycles) -> MeasuredCycles:
        """Measure cycles whose frames are held."""
        bounds_s = cycles.bounds_s
        begin = max(int(bounds_s[0, 0] * FRAME_RATE_HZ) - 2, self.power.first)
        end = min(int(bounds_s[-1, 4] * FRAME_RATE_HZ) + 3, self.power.end)
        levels = measure_cycles(self.power.rows(begin, end), begin, bounds_s)
        sounds = measure_sounds(self.envelope.held, self.envelope.first, bounds_s)
        posteriors = self.log_posteriors.rows(self.log_posteriors.first, self.scores.end)
        scores = score_cycles(self.scores.held, posteriors, self.scores.first, bounds_s)
        return MeasuredCycles(cycles, levels, sounds, scores, self._spike_share(bounds_s))

    def _spike_share(self, bounds_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of each cycle's samples in friction spikes."""
        limited = self.limited.held
        if not limited.any():  # the usual case
            return np.zeros(bounds_s.shape[0])
        start, stop = (bounds_s[:, [0, 4]] * ANALYSIS_RATE_HZ).astype(np.int64).T - self.limited.first
        before = np.concatenate([[0], np.cumsum(limited, dtype=np.int64)])
        shares: NDArray[np.float64] = (before[stop] - before[start]) / (stop - start)
        return shares


class SecondsBuffer(ColumnBuffer[Seconds]):
    """The seconds that are complete and held; the last is number `end` − 1."""

    def __init__(self) -> None:
        super().__init__(Seconds)
        self.end = 0

    def update(self, frames: FrameBuffers, last: bool) -> None:
        """Measure the seconds that have become complete, and at the end a rest of half a second or more."""
        first = self.end * FRAME_RATE_HZ
        count, rest = divmod(frames.log_posteriors.end - first, FRAME_RATE_HZ)
        if count:
            self._measure(frames, first, count, FRAME_RATE_HZ)
        if last and 2 * rest >= FRAME_RATE_HZ:
            self._measure(frames, first + count * FRAME_RATE_HZ, 1, rest)

    def drop_before(self, second: int) -> None:
        """Drop the seconds before one."""
        self.drop(second - (self.end - len(self.whole())))

    def _measure(self, frames: FrameBuffers, first: int, count: int, length: int) -> None:
        """Measure `count` intervals of `length` frames from frame `first` on."""
        stop = first + count * length
        power, log_posteriors = frames.power.rows(first, stop), frames.log_posteriors.rows(first, stop)
        self.append(measure_seconds(power, log_posteriors, frames.limited.rows(first * HOP, stop * HOP), length))
        self.end += count
