"""Blocks in; states, cycles and what is measured of them out. A block, a recording and a day are treated alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.learned.network import NetworkWeights
from murmur.measure.measurement import CycleBuffer, MeasuredCycles, Measurement
from murmur.measure.seconds import Seconds
from murmur.pipeline.assembler import CycleAssembler
from murmur.pipeline.buffers import FrameBuffers, SecondsBuffer
from murmur.pipeline.stages import Stages
from murmur.segmentation.decoding import Spans
from murmur.segmentation.fixed_lag import FixedLagDecoder
from murmur.segmentation.model import SegmentationModel
from murmur.segmentation.onsets import KEPT_FRAMES
from murmur.settings import FRAME_RATE_HZ, Settings

#: Frames kept before the first open cycle: a boundary is refined by the frames around it.
MARGIN_FRAMES = 50

# glibc keeps up to twice the largest block that was ever given back whole: this one lets it hold up to 16 MB, of which an
# analysis of half a minute takes 3, instead of clearing pages anew for each, a seventh of the time of a short recording. The
# block is never written to, so that it takes no memory. Other allocators than glibc's take no notice.
np.empty(2**23, dtype=np.uint8)


class Engine:
    """The streaming flow from samples to measured cycles, with identical results for any block size.

    For a `FixedLagDecoder` it keeps at least the newest `least_kept_frames`, whether they are certain already or not.
    """

    def __init__(
        self,
        sample_rate_hz: float,
        settings: Settings,
        model: SegmentationModel,
        murmur_network: NetworkWeights,
        least_kept_frames: int = 0,
    ) -> None:
        self.durations = model.durations
        self._stages = Stages(sample_rate_hz, settings, model, murmur_network)
        self._frames = FrameBuffers()
        self._assembler = CycleAssembler(model.durations, self._frames)
        self._seconds = SecondsBuffer()
        self._least_kept = least_kept_frames
        self.start_s = 0.0

    def push(self, block: NDArray[np.float32], last: bool = False) -> None:
        """Take the next samples, of any number."""
        produced = self._stages.push(block, last)
        self._frames.append(produced)
        self._assembler.update(produced.spans, self._stages.first_onset_frame, self.duration_s, last)
        self._seconds.update(self._frames, last)
        if not last:
            self._drop_frames()

    def finish(self, block: NDArray[np.float32] | None = None) -> Measurement:
        """Take the last samples, if any are left, and return everything."""
        self.push(np.empty(0, dtype=np.float32) if block is None else block, last=True)
        return self.measured()

    def measured(self) -> Measurement:
        """What is certain so far, as far as it is held; views of the engine's own, valid until the next block."""
        onsets_s = self._assembler.onsets_s.held
        inside = onsets_s < self.duration_s  # a last span may begin just where the recording ends: it is left out
        states = self._assembler.states.held[inside]
        return self._measurement(self._assembler.cycles, self.start_s, states, onsets_s[inside])

    def measured_at_lag(self, cycles: CycleBuffer, since: int) -> Measurement:
        """Cycles reported at a fixed lag, from a second on, with what is measured of the seconds since then."""
        start_s = max(float(since), self.start_s)
        return self._measurement(cycles, start_s, np.empty(0, dtype=np.int64), np.empty(0))

    def forget_before(self, second: int) -> None:
        """Forget what is certain and over by then: an endless stream holds a bounded past."""
        self.start_s = float(second)
        self._assembler.drop_before(second)
        self._seconds.drop_before(second)

    def read_at_lag(self, decoder: FixedLagDecoder) -> tuple[Spans, NDArray[np.float64]]:
        """Spans that are likely but not certain, and their onsets (s), from a fixed-lag decoder."""
        posteriors = self._frames.log_posteriors
        return decoder.read(self._stages.decoder, posteriors.held, posteriors.first)

    def measure_uncertain(self, spans: Spans, onsets_s: NDArray[np.float64]) -> MeasuredCycles | None:
        """Read and measure the cycle that five spans make, from S1 to S1; None where its frames are not held."""
        if spans.start[0] <= max(self._stages.first_onset_frame, self._frames.power.first + 2):
            return None
        return self._assembler.measure(spans, onsets_s)

    @property
    def seconds(self) -> Seconds:
        """The seconds that are complete and held; the last is number `seconds_done` − 1."""
        return self._seconds.whole()

    @property
    def seconds_done(self) -> int:
        """Complete seconds so far."""
        return self._seconds.end

    @property
    def duration_s(self) -> float:
        """Length of the input so far."""
        return self._stages.duration_s

    def _measurement(
        self, cycles: CycleBuffer, start_s: float, states: NDArray[np.int64], onsets_s: NDArray[np.float64]
    ) -> Measurement:
        measured = cycles.whole()
        return Measurement(
            measured.cycles,
            measured.levels,
            measured.sounds,
            measured.scores,
            measured.spike_share,
            start_s=start_s,
            duration_s=self.duration_s,
            states=states,
            onsets_s=onsets_s,
            seconds=self.seconds[int(start_s) - int(self.start_s) :],
            clipped_fraction=self._stages.clipped_fraction,
        )

    def _drop_frames(self) -> None:
        """Drop the frames that no open cycle and no open second needs."""
        end = self._frames.log_posteriors.end
        waiting = max(self._assembler.waiting_frame - MARGIN_FRAMES, end - KEPT_FRAMES - MARGIN_FRAMES)
        self._frames.drop_before(min(waiting, self._seconds.end * FRAME_RATE_HZ, end - self._least_kept))
