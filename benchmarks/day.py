"""Does a whole day fit into memory, and do its beats stay the same however it is cut?

    python -m benchmarks.day [--hours 24] [--rate 80] [--blocks 7.3 601]

Analyzes one recording that is made as it is read, each time in a new process: by `murmur.analyze`, and in blocks of other
lengths than the minute that it takes. Prints peak memory, speed with and without the making of the sound, and beats; then
whether the other blocks give the same states, onsets, beats and conclusions, to the last bit.

The day is a WAV file that is stored nowhere. It has 24 phantoms, of all conditions, one for each hour, whose heart rate is
low at night and high in the afternoon. A minute of each is made in advance, or making them would take longer than the
analysis; they are played over and over, at their hour or at one beside it, at a gain that drifts over 12 dB. In one minute
of 50 there is no contact. Minutes are joined without regard to the beats.
"""

from __future__ import annotations

import argparse
import io
import struct
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import murmur
from murmur.io.recording import open_source
from murmur.pipeline.analysis import conclude, measure
from murmur.pipeline.models import shipped_models
from murmur.settings import Settings
from murmur.synthesis import CONDITIONS, random_phantom, synthesize

__all__ = ["Day", "Heard", "hear"]

SEED = 24
SAMPLE_RATE_HZ = 4000
PHANTOMS = 24
MINUTE_S = 60
MINUTE = MINUTE_S * SAMPLE_RATE_HZ
#: In one minute of so many there is no contact.
LOST_EVERY = 50
HEADER_BYTES = 44
OTHER_BLOCKS_S = (7.3, 601.0)


def _minutes(rate_bpm: float) -> NDArray[np.int16]:
    """A minute of each phantom, shape (PHANTOMS, MINUTE)."""
    minutes = np.empty((PHANTOMS, MINUTE), dtype=np.int16)
    for hour in range(PHANTOMS):
        phantom = random_phantom(CONDITIONS[hour % len(CONDITIONS)], np.random.default_rng([SEED, hour]))
        at_that_hour_bpm = rate_bpm * (1.0 - 0.3 * np.cos(2.0 * np.pi * (hour - 3) / PHANTOMS))
        phantom = replace(phantom, heart_rate_bpm=min(max(at_that_hour_bpm, 40.0), 200.0))
        minutes[hour] = np.rint(32767.0 * synthesize(phantom, float(MINUTE_S), SAMPLE_RATE_HZ, SEED + hour).samples)
    return minutes


class Day(io.RawIOBase):
    """A 16-bit WAV file of some hours, in which the day goes round once; its bytes are made when they are read."""

    def __init__(self, hours: float = 24.0, rate_bpm: float = 80.0) -> None:
        count = int(np.ceil(60.0 * hours))
        rng = np.random.default_rng(SEED)
        self._minutes = _minutes(rate_bpm)
        self._phantom = np.floor(np.arange(count) * PHANTOMS / count + rng.uniform(-1.0, 1.0, count)).astype(int) % PHANTOMS
        self._gain = 10.0 ** (-0.6 * rng.random(count + 1))  # where one minute ends and the next begins
        self._lost = np.arange(count) % LOST_EVERY == LOST_EVERY - 1
        n_bytes = 2 * int(3600.0 * hours * SAMPLE_RATE_HZ)
        self._header = struct.pack(
            "<4sI4s4sIHHIIHH4sI", b"RIFF", HEADER_BYTES - 8 + n_bytes, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ,
            2 * SAMPLE_RATE_HZ, 2, 16, b"data", n_bytes,
        )  # fmt: skip
        self._size = HEADER_BYTES + n_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence], 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill as much of `buffer` as lies in the header, or in one minute."""
        data = self._bytes(min(len(buffer), self._size - self._at)) if self._at < self._size else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _bytes(self, most: int) -> bytes:
        if self._at < HEADER_BYTES:
            return self._header[self._at : self._at + most]
        first, odd = divmod(self._at - HEADER_BYTES, 2)
        minute, begin = divmod(first, MINUTE)
        end = min(begin + most // 2 + 1, MINUTE)
        return self._samples(minute, begin, end).tobytes()[odd : odd + most]

    def _samples(self, minute: int, begin: int, end: int) -> NDArray[np.int16]:
        if self._lost[minute]:
            return np.zeros(end - begin, dtype=np.int16)
        samples = np.arange(begin, end, dtype=np.float32)
        samples *= np.float32((self._gain[minute + 1] - self._gain[minute]) / MINUTE)
        samples += np.float32(self._gain[minute])
        samples *= self._minutes[self._phantom[minute], begin:end]
        return samples.astype(np.int16)


@dataclass(frozen=True, eq=False)
class Heard:
    """What a process found that analyzed a day, and what it took.

    `spans` has a row for each interval, its onset and its state; `beats` one for each beat, its bounds and its confidence.
    """

    spans: NDArray[np.float64]
    beats: NDArray[np.float64]
    conclusions: str
    seconds: float
    memory_mb: float

    def same(self, other: Heard) -> bool:
        """To the last bit."""
        arrays_are = np.array_equal(self.spans, other.spans) and np.array_equal(self.beats, other.beats)
        return arrays_are and self.conclusions == other.conclusions


def hear(hours: float = 24.0, rate_bpm: float = 80.0, block_s: float | None = None) -> Heard:
    """Analyze a day in a new process, in blocks of `block_s`; None is `murmur.analyze`, which chooses for itself."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_hear, hours, rate_bpm, block_s).result()


def _hear(hours: float, rate_bpm: float, block_s: float | None) -> Heard:
    day = Day(hours, rate_bpm)
    _analyze(Day(0.01), block_s)  # kernels are loaded
    began = time.perf_counter()
    analysis = _analyze(day, block_s)
    seconds = time.perf_counter() - began
    memory_mb = _peak_memory_mb()  # before anything is made of the result
    beats = analysis.segmentation.cycles
    columns = (
        beats.s1_onset_s, beats.systole_onset_s, beats.s2_onset_s, beats.diastole_onset_s, beats.end_s, beats.confidence,
    )  # fmt: skip
    told = {name: getattr(analysis, name) for name in ("quality", "rhythm", "heart_sounds", "murmur", "findings")}
    return Heard(
        spans=np.array([(interval.start_s, interval.state) for interval in analysis.segmentation.intervals]),
        beats=np.stack(columns, axis=1),
        conclusions=repr(told),
        seconds=seconds,
        memory_mb=memory_mb,
    )


def _analyze(day: Day, block_s: float | None) -> murmur.Analysis:
    if block_s is None:
        return murmur.analyze(day)
    settings, models = Settings(), shipped_models()
    with open_source(day) as source:
        return conclude(
            measure(source, settings, models, block_s),
            source.info,
            settings,
            models,
            sample_rate_hz=source.sample_rate_hz,
            notes=source.notes,
        )


def _peak_memory_mb() -> float:
    """Most memory that this process ever held, as Linux counts it; NaN elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


def _making_seconds(hours: float, rate_bpm: float) -> float:
    """Seconds that making the sound takes."""
    day = Day(hours, rate_bpm)
    began = time.perf_counter()
    while day.read(2 * MINUTE):
        pass
    return time.perf_counter() - began


def main() -> None:
    """Analyze, compare, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.day", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--rate", type=float, default=80.0, help="mean heart rate, per minute")
    parser.add_argument("--blocks", type=float, nargs="*", default=OTHER_BLOCKS_S, metavar="S", help="other blocks, in s")
    arguments = parser.parse_args()
    hours, rate_bpm = arguments.hours, arguments.rate
    murmur.warm_up()  # compiling takes memory and time, once on a machine
    making = _making_seconds(hours, rate_bpm)
    whole = hear(hours, rate_bpm)
    _tell("murmur.analyze", whole, hours, making)
    for block_s in arguments.blocks:
        other = hear(hours, rate_bpm, block_s)
        _tell(f"blocks of {block_s:g} s", other, hours, making)
        print(f"{'':18s} {'identical' if whole.same(other) else 'NOT THE SAME'}", flush=True)


def _tell(name: str, heard: Heard, hours: float, making: float) -> None:
    length_s = 3600.0 * hours
    print(
        f"{name:18s} {heard.memory_mb:4.0f} MB at most, {length_s / heard.seconds:.0f} times real time "
        f"({length_s / (heard.seconds - making):.0f} without making the sound), {len(heard.beats)} beats",
        flush=True,
    )


if __name__ == "__main__":
    main()
