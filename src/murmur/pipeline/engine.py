"""Blocks in; states, beats and what is measured of them out. A block, a recording and a day are the same thing to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.learned.network import NetworkWeights
from murmur.measure.cycles import measure_cycles
from murmur.measure.history import CycleHistory, MeasuredCycles, Spiked
from murmur.measure.listening import OUTPUTS, Listener, score_cycles
from murmur.measure.measurement import Measurement
from murmur.measure.seconds import Seconds, measure_seconds
from murmur.measure.sounds import measure_sounds
from murmur.pipeline.memory import keep_freed_memory
from murmur.segmentation.decoding import NO_SPANS, Decoder, Spans
from murmur.segmentation.emissions import Emitter, Normaliser
from murmur.segmentation.fixed_lag import FixedLagDecoder
from murmur.segmentation.model import SegmentationModel
from murmur.segmentation.reading import KEPT_FRAMES, Cycles, read_cycles, refine_onsets
from murmur.settings import ANALYSIS_RATE_HZ, FRAME_RATE_HZ, HOP, Settings
from murmur.signal.columns import ColumnBuffer
from murmur.signal.conditioning import Conditioner
from murmur.signal.envelopes import ENVELOPE_HOP, Envelopes
from murmur.signal.spectrogram import N_BINS, Spectrogram
from murmur.signal.stream_buffer import StreamBuffer

__all__ = ["Engine"]

#: Frames kept before the first open cycle: a boundary is refined by the frames around it.
MARGIN_FRAMES = 50
#: A sound that begins this soon after silence was under way before.
UNDER_WAY_FRAMES = 5
#: A cycle longer than this is none: the heart was not heard in between.
LONGEST_CYCLE_S = 10.0
NO_SAMPLES, NOTHING = np.empty(0, dtype=np.float32), np.empty(0)

keep_freed_memory()


class Engine:
    """The streaming flow from samples to measured heart cycles; what is carried between blocks lives in its stages.

    Whoever reads early keeps some of the newest frames, `least_kept_frames`, whether they are certain already or not.
    """

    def __init__(
        self,
        sample_rate_hz: float,
        settings: Settings,
        model: SegmentationModel,
        murmur_network: NetworkWeights,
        least_kept_frames: int = 0,
    ) -> None:
        self._rate_hz = sample_rate_hz
        self._least_kept = least_kept_frames
        self.durations = model.durations
        self._conditioner = Conditioner(sample_rate_hz, settings)
        self._spectrogram = Spectrogram()
        self._envelopes = Envelopes()
        self._normaliser = Normaliser()
        self._emitter = Emitter(model.network)
        self._listener = Listener(murmur_network)
        self._decoder = Decoder(model.tables)
        # what is still needed of the stream
        self._limited = StreamBuffer(dtype=np.uint8)
        self._power = StreamBuffer(N_BINS)
        self._envelope = StreamBuffer(3)
        self._log_posteriors = StreamBuffer(4)
        self._scores = StreamBuffer(OUTPUTS)
        # spans whose cycle is not complete yet
        self._open = NO_SPANS
        self._open_onsets_s = NOTHING
        self._last_onset_s = 0.0
        self._sounding = False
        # what is settled
        self._states = StreamBuffer(dtype=np.int64)
        self._onsets_s = StreamBuffer(dtype=np.float64)
        self._cycles = CycleHistory()
        self._seconds = ColumnBuffer(Seconds)
        self.seconds_done = 0
        self.start_s = 0.0

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, float32, of any number."""
        self._take(block, last=False)

    def finish(self, block: NDArray[np.float32] = NO_SAMPLES) -> Measurement:
        """Take the last samples, if any are left, and return everything."""
        self._take(block, last=True)
        return self.measured()

    def measured(self) -> Measurement:
        """What is certain so far, as far as it is held; views of the engine's own, good until the next block."""
        onsets_s = _held(self._onsets_s)
        inside = onsets_s < self.heard_s  # a last span may begin just where the recording ends: it is none
        return Measurement(
            *self._cycles.whole().parts(),
            start_s=self.start_s,
            duration_s=self.heard_s,
            states=_held(self._states)[inside],
            onsets_s=onsets_s[inside],
            seconds=self._seconds.whole(),
            clipped_fraction=self._conditioner.clipped_fraction,
        )

    def measured_early(self, cycles: CycleHistory, since: int) -> Measurement:
        """Cycles that were told early, from a second on, with what is measured of the seconds since then."""
        since = max(since, int(self.start_s))
        return Measurement(
            *cycles.whole().parts(),
            start_s=float(since),
            duration_s=self.heard_s,
            states=np.empty(0, dtype=np.int64),
            onsets_s=NOTHING,
            seconds=self._seconds.whole()[since - int(self.start_s) :],
            clipped_fraction=self._conditioner.clipped_fraction,
        )

    def forget_before(self, second: int) -> None:
        """Forget what is certain and over by then: a stream without end holds a bounded past."""
        self.start_s = float(second)
        self._cycles.forget_before(second)
        self._seconds.drop(second - (self.seconds_done - len(self._seconds.whole())))
        spans = max(int(np.searchsorted(_held(self._onsets_s), second, side="right")) - 1, 0)
        for track in (self._states, self._onsets_s):
            track.drop_before(track.first + spans)

    def read_early(self, reader: FixedLagDecoder) -> tuple[Spans, NDArray[np.float64]]:
        """Spans that are likely but not certain, and their onsets in seconds, as a reader finds them."""
        return reader.read(self._decoder, _held(self._log_posteriors), self._log_posteriors.first)

    def look_at(self, spans: Spans, onsets_s: NDArray[np.float64]) -> MeasuredCycles | None:
        """Read and measure the cycle that five spans make, from S1 to S1, uncertain as it is; None where it is forgotten."""
        if spans.start[0] <= max(self._first_onset_frame, self._power.first + 2):
            return None
        posteriors = self._log_posteriors
        cycles = read_cycles(spans, onsets_s, _held(posteriors), posteriors.first, self.durations, LONGEST_CYCLE_S)
        return self._measure(cycles) if len(cycles) else None

    @property
    def seconds(self) -> Seconds:
        """The seconds that are complete and held; the last is number `seconds_done` − 1."""
        return self._seconds.whole()

    @property
    def heard_s(self) -> float:
        """Length of the input so far."""
        return self._conditioner.samples_taken / self._rate_hz

    def _take(self, block: NDArray[np.float32], last: bool) -> None:
        conditioned = self._conditioner.push(block, last)
        power = self._spectrogram.push(conditioned.samples, last)
        bands = self._normaliser.push(power, last)
        if not self._sounding and self._conditioner.first_sound >= 0:
            self._sounding = True
            first_frame = round(self._conditioner.first_sound / HOP)
            self._emitter.begin_at(first_frame)
            self._listener.begin_at(first_frame)
            self._decoder.begin_at(first_frame)
        log_posteriors = self._emitter.push(bands, last)
        spans = self._decoder.push(log_posteriors, last)
        self._limited.append(conditioned.limited)
        self._power.append(power)
        self._envelope.append(self._envelopes.push(conditioned.samples, last))
        self._log_posteriors.append(log_posteriors)
        self._scores.append(self._listener.push(bands, log_posteriors, last))
        if last or len(spans) or self._closed(self._open, last):
            self._settle(spans, last)
        self._count_seconds(last)
        if not last:
            self._forget()

    def _closed(self, spans: Spans, last: bool) -> int:
        """How many of the spans belong to cycles that are complete and that the murmur network has heard."""
        sounds = np.flatnonzero((spans.state == 0) & (last | (spans.start + 2 <= self._scores.end)))
        return int(sounds[-1]) if sounds.size else 0

    def _settle(self, spans: Spans, last: bool) -> None:
        """Read the cycles that the new spans complete, and measure them."""
        posteriors = self._log_posteriors
        rows = posteriors.rows(posteriors.first, posteriors.end)
        onsets_s = refine_onsets(spans, rows, posteriors.first, self._last_onset_s)
        onsets_s = np.minimum(onsets_s, self.heard_s)  # between frames, the last may come to lie past the end
        if len(spans):
            self._last_onset_s = float(onsets_s[-1])
        self._states.append(spans.state)
        self._onsets_s.append(onsets_s)
        spans = Spans.joined([self._open, spans])
        onsets_s = np.concatenate([self._open_onsets_s, onsets_s])
        closed = self._closed(spans, last)
        self._open, self._open_onsets_s = spans[closed:], onsets_s[closed:]
        held = spans.start >= posteriors.first  # what was forgotten belongs to a cycle that is too long to be one
        held &= spans.start > self._first_onset_frame
        use = slice(int(held.argmax()), closed + 1)
        cycles = read_cycles(spans[use], onsets_s[use], rows, posteriors.first, self.durations, LONGEST_CYCLE_S)
        if len(cycles):
            self._cycles.append(self._measure(cycles))

    @property
    def _first_onset_frame(self) -> int:
        """A sound that begins up to here was under way when the recording, or the sound in it, began."""
        return self._conditioner.first_sound // HOP + UNDER_WAY_FRAMES

    def _measure(self, cycles: Cycles) -> MeasuredCycles:
        """Measure cycles whose frames are held."""
        bounds_s = cycles.bounds_s
        begin = max(int(bounds_s[0, 0] * FRAME_RATE_HZ) - 2, self._power.first)
        end = min(int(bounds_s[-1, 4] * FRAME_RATE_HZ) + 3, self._power.end)
        levels = measure_cycles(self._power.rows(begin, end), begin, bounds_s)
        sounds = measure_sounds(_held(self._envelope), self._envelope.first, bounds_s)
        first, last = self._log_posteriors.first, self._scores.end
        posteriors = self._log_posteriors.rows(first, last)
        scores = score_cycles(self._scores.rows(first, last), posteriors, first, bounds_s)
        return MeasuredCycles(cycles, levels, sounds, scores, Spiked(self._share_limited(bounds_s)))

    def _share_limited(self, bounds_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of each cycle's samples in friction spikes."""
        marks = self._limited.rows(self._limited.first, self._limited.end)
        if not marks.any():  # which is usual
            return np.zeros(bounds_s.shape[0])
        start, stop = (bounds_s[:, [0, 4]] * ANALYSIS_RATE_HZ).astype(np.int64).T - self._limited.first
        before = np.concatenate([[0], np.cumsum(marks, dtype=np.int64)])
        shares: NDArray[np.float64] = (before[stop] - before[start]) / (stop - start)
        return shares

    def _count_seconds(self, last: bool) -> None:
        """Sum up the seconds that are complete, and at the end a rest of half a second or more."""
        done = self.seconds_done * FRAME_RATE_HZ
        left = self._log_posteriors.end - done
        whole = left // FRAME_RATE_HZ
        if whole:
            self._measure_seconds(done, whole, FRAME_RATE_HZ)
        rest = left - whole * FRAME_RATE_HZ
        if last and 2 * rest >= FRAME_RATE_HZ:
            self._measure_seconds(done + whole * FRAME_RATE_HZ, 1, rest)

    def _measure_seconds(self, first: int, count: int, length: int) -> None:
        """Sum up `count` stretches of `length` frames from frame `first` on."""
        stop = first + count * length
        power, log_posteriors = self._power.rows(first, stop), self._log_posteriors.rows(first, stop)
        limited = self._limited.rows(first * HOP, stop * HOP)
        self._seconds.append(measure_seconds(power, log_posteriors, limited, length))
        self.seconds_done += count

    def _forget(self) -> None:
        """Drop what no open cycle and no open second needs."""
        waiting = int(self._open.start[0]) if len(self._open) else 0
        waiting = max(waiting - MARGIN_FRAMES, self._log_posteriors.end - KEPT_FRAMES - MARGIN_FRAMES)
        keep = min(waiting, self.seconds_done * FRAME_RATE_HZ, self._log_posteriors.end - self._least_kept)
        self._power.drop_before(keep)
        self._log_posteriors.drop_before(keep)
        self._scores.drop_before(keep)
        self._limited.drop_before(keep * HOP)
        self._envelope.drop_before(keep * HOP // ENVELOPE_HOP)


def _held(track: StreamBuffer) -> NDArray[Any]:
    """All rows that a track holds."""
    return track.rows(track.first, track.end)
