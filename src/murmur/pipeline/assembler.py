"""From spans to measured cycles: those still open wait until their cycle is complete."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.measure.measurement import CycleBuffer, MeasuredCycles
from murmur.pipeline.buffers import FrameBuffers
from murmur.segmentation.cycles import read_cycles
from murmur.segmentation.decoding import Spans
from murmur.segmentation.durations import DurationModel
from murmur.segmentation.onsets import refine_onsets
from murmur.segmentation.result import State
from murmur.signal.stream_buffer import StreamBuffer

#: A longer interval from S1 to S1 is not a cycle: there was no heart to hear in between.
LONGEST_CYCLE_S = 10.0
#: The murmur network has scored a cycle when this many frames of the next one have come.
SCORED_FRAMES = 2


class CycleAssembler:
    """Refines onsets, and reads and measures the cycles that are complete.

    Attributes
    ----------
    states, onsets_s : StreamBuffer
        CirCor's code and onset of every span that is certain and held.
    cycles : CycleBuffer
        The complete cycles that are held.
    """

    def __init__(self, durations: DurationModel, frames: FrameBuffers) -> None:
        self._durations, self._frames = durations, frames
        self._open, self._open_onsets_s = Spans.none(), np.empty(0)
        self._last_onset_s = 0.0
        self.states = StreamBuffer(dtype=np.int64)
        self.onsets_s = StreamBuffer(dtype=np.float64)
        self.cycles = CycleBuffer()

    @property
    def waiting_frame(self) -> int:
        """The first frame of the spans that are still open; 0 where there are none."""
        return int(self._open.start[0]) if len(self._open) else 0

    def update(self, spans: Spans, first_onset_frame: int, duration_s: float, last: bool) -> None:
        """Take the spans that have become certain; measure the cycles that they complete.

        `duration_s` is the length of the input so far; cycles that begin up to `first_onset_frame` are left out.
        """
        if not (last or len(spans) or self._closed(self._open, last)):
            return
        posteriors = self._frames.log_posteriors
        onsets_s = refine_onsets(spans, posteriors.held, posteriors.first, self._last_onset_s)
        onsets_s = np.minimum(onsets_s, duration_s)  # between frames, the last may come to lie past the end
        if len(spans):
            self._last_onset_s = float(onsets_s[-1])
        self.states.append(spans.state)
        self.onsets_s.append(onsets_s)
        spans, onsets_s = Spans.joined([self._open, spans]), np.concatenate([self._open_onsets_s, onsets_s])
        closed = self._closed(spans, last)
        self._open, self._open_onsets_s = spans[closed:], onsets_s[closed:]
        # frames that were dropped belong to a cycle that is too long to be one
        usable = (spans.start >= posteriors.first) & (spans.start > first_onset_frame)
        use = slice(int(usable.argmax()), closed + 1)
        if measured := self.measure(spans[use], onsets_s[use]):
            self.cycles.append(measured)

    def measure(self, spans: Spans, onsets_s: NDArray[np.float64]) -> MeasuredCycles | None:
        """Read and measure the cycles in consecutive spans; None where there is none."""
        posteriors = self._frames.log_posteriors
        cycles = read_cycles(spans, onsets_s, posteriors.held, posteriors.first, self._durations, LONGEST_CYCLE_S)
        return self._frames.measure(cycles) if len(cycles) else None

    def drop_before(self, second: int) -> None:
        """Drop what is over by then."""
        self.cycles.drop_before(second)
        spans = max(int(np.searchsorted(self.onsets_s.held, second, side="right")) - 1, 0)
        for buffer in (self.states, self.onsets_s):
            buffer.drop_before(buffer.first + spans)

    def _closed(self, spans: Spans, last: bool) -> int:
        """How many of the spans belong to cycles that are complete and scored."""
        scored = last | (spans.start + SCORED_FRAMES <= self._frames.scores.end)
        sounds = np.flatnonzero((spans.state == State.S1) & scored)
        return int(sounds[-1]) if sounds.size else 0
