"""Does live sound get the answers of the finished recording, soon enough, and at what cost?

    python -m benchmarks.live same DIR [--count 200]     recordings in blocks of 1 to 1000 ms, against `murmur.analyze`
    python -m benchmarks.live cost                       of a block of 100 ms; nothing compiles after warm_up()
    python -m benchmarks.live streams [--count 50]       so many at once in one process, in real time
    python -m benchmarks.live day [--hours 24]           memory, and drift of times

DIR holds recordings (WAV or FLAC, searched recursively); `--count` of them are taken evenly. Where labels in CirCor's form
lie beside them, the confidence of a beat is compared to how often beats are right.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import murmur
from benchmarks.day import SAMPLE_RATE_HZ, Day
from benchmarks.invariance import chosen
from murmur.formats.circor import read_segments
from murmur.live.events import BeatClosed, BeatFound, Event, RateChanged
from murmur.segmentation.result import CardiacCycles, State

BLOCKS_MS = (1, 10, 100, 1000)
#: Frames are compared from here on, every 10 ms.
SETTLED_S, FRAME_S = 5.0, 0.01
#: A beat is right whose S1 and S2 lie within this of labelled ones.
TOLERANCE_S = 0.06

Array = NDArray[np.float64]


# --- the same truth ---------------------------------------------------------------------


def hear(recording: murmur.Recording, block_ms: float) -> tuple[list[Event], murmur.Analysis]:
    """Push a recording in blocks; return all events and what was said at the end."""
    live = murmur.LiveAnalyzer(recording.sample_rate_hz, site=recording.info.site)
    size = max(round(recording.sample_rate_hz * block_ms / 1000), 1)
    events: list[Event] = []
    for start in range(0, recording.samples.shape[0], size):
        events += live.push(recording.samples[start : start + size])
    return events, live.finish()


def told_states(events: list[Event], times_s: Array) -> NDArray[np.int64]:
    """State at each time as the events told it; unlabelled where they told none."""
    states = np.full(times_s.shape, State.UNLABELLED)
    for event in events:
        if not isinstance(event, BeatFound | BeatClosed):
            continue
        edges = [event.s1_onset_s, event.systole_onset_s, event.s2_onset_s, event.diastole_onset_s]
        edges.append(event.end_s if isinstance(event, BeatClosed) else event.diastole_onset_s)
        for state, start_s, end_s in zip(list(State)[1:], edges[:-1], edges[1:], strict=True):
            states[(times_s >= start_s) & (times_s < end_s)] = state
    return states


def final_states(analysis: murmur.Analysis, times_s: Array) -> NDArray[np.int64]:
    """State at each time as the whole recording has it."""
    onsets_s = np.array([interval.start_s for interval in analysis.segmentation.intervals])
    states = np.array([interval.state for interval in analysis.segmentation.intervals], dtype=np.int64)
    return states[np.searchsorted(onsets_s, times_s, side="right") - 1]


def right(beats: list[tuple[float, float]], labels: Path) -> list[float]:
    """Whether beats (S1, S2) are labelled so: 1, 0, or NaN where nothing is labelled."""
    if not labels.exists():
        return [np.nan] * len(beats)
    spans = read_segments(labels)
    s1_s, s2_s = (np.array([a for a, _, state in spans if state == wanted]) for wanted in (State.S1, State.S2))
    known = [(a, b) for a, b, state in spans if state != State.UNLABELLED]
    judged = []
    for s1, s2 in beats:
        inside = all(any(a <= s < b for a, b in known) for s in (s1, s2)) and s1_s.size and s2_s.size
        near = inside and np.abs(s1_s - s1).min() < TOLERANCE_S and np.abs(s2_s - s2).min() < TOLERANCE_S
        judged.append(float(near) if inside else np.nan)
    return judged


@dataclass(frozen=True)
class Comparison:
    """How live events compare to the analysis of the whole.

    Attributes
    ----------
    recordings, alike, equal : int
        How many there are; in how many all blocks gave the same events; and the end was equal to the whole's.
    agree : list of ndarray of bool
        For each recording, whether its frames stayed as they were told.
    late_s, first_rate_s : ndarray
        How long after its S2 each beat was told, and when the first rate of each recording; NaN where never.
    confidence : ndarray, shape (beats, 3)
        Of each labelled beat: when found, at the end, and whether it is right.
    """

    recordings: int
    alike: int
    equal: int
    agree: list[NDArray[np.bool_]]
    late_s: Array
    first_rate_s: Array
    confidence: Array


def compare(paths: list[Path], blocks_ms: tuple[float, ...] = BLOCKS_MS) -> Comparison:
    """Push each recording in each kind of blocks, and analyze it as a whole."""
    agree, late_s, first_rate_s, alike, equal = [], [], [], 0, 0
    confidence: list[tuple[float, float, float]] = []
    for path in paths:
        recording = murmur.load(path)
        whole = murmur.analyze(path)
        heard = [hear(recording, block_ms) for block_ms in blocks_ms]
        events = heard[0][0]
        alike += all([e.to_json() for e in other] == [e.to_json() for e in events] for other, _ in heard[1:])
        equal += all(
            analysis.findings.to_json() == whole.findings.to_json()
            and analysis.segmentation.to_json() == whole.segmentation.to_json()
            for _, analysis in heard
        )
        found = [event for event in events if isinstance(event, BeatFound)]
        late_s += [event.time_s - event.diastole_onset_s for event in found]
        first_rate_s.append(next((event.time_s for event in events if isinstance(event, RateChanged)), np.nan))
        if found:
            times_s = np.arange(SETTLED_S, found[-1].diastole_onset_s, FRAME_S)
            agree.append(told_states(events, times_s) == final_states(whole, times_s))
        judged = right([(event.s1_onset_s, event.s2_onset_s) for event in found], path.with_suffix(".tsv"))
        finally_ = [_final_confidence(whole.segmentation.cycles, event) for event in found]
        confidence += [(e.confidence, f, r) for e, f, r in zip(found, finally_, judged, strict=True)]
    table = np.array(confidence).reshape(-1, 3)
    table = table[~np.isnan(table).any(axis=1)]
    return Comparison(len(paths), alike, equal, agree, np.array(late_s), np.array(first_rate_s), table)


def same(paths: list[Path]) -> None:
    """Print how they compare."""
    compared = compare(paths)
    print(f"{compared.recordings} recordings in blocks of {', '.join(map(str, BLOCKS_MS))} ms")
    print(f"events the same in all blocks: {compared.alike}")
    print(f"findings and segmentation at the end equal to the whole's: {compared.equal}")
    shares = np.sort([frames.mean() for frames in compared.agree if frames.size])
    frames, worst = np.concatenate(compared.agree), f"worst recordings {shares[:5].round(3).tolist()}"
    print(f"frames after {SETTLED_S:g} s told as they stay: {frames.mean():.4f}; {worst}")
    late, first = compared.late_s, compared.first_rate_s
    beat = f"{np.median(late):.2f} s (99 %: {np.quantile(late, 0.99):.2f}, most {late.max():.2f})"
    print(f"a beat is told {beat} after its S2 ends")
    rate = f"{np.nanmedian(first):.2f} s (95 %: {np.nanquantile(first, 0.95):.2f}, most {np.nanmax(first):.2f})"
    print(f"first rate after {rate}; later than 4 s in {np.sum(first > 4.0)}, never in {np.isnan(first).sum()}")
    if compared.confidence.size:
        early, final, was_right = compared.confidence.T
        print(f"{early.size} labelled beats, {was_right.mean():.4f} right:")
        for when, said in (("found", early), ("whole", final)):
            print(f"  {when}: mean confidence {said.mean():.4f}, Brier score {np.mean((said - was_right) ** 2):.4f}")


def _final_confidence(beats: CardiacCycles, event: BeatFound) -> float:
    """Confidence of the same beat in the whole recording; NaN where there is none."""
    apart_s = np.maximum(np.abs(beats.s1_onset_s - event.s1_onset_s), np.abs(beats.s2_onset_s - event.s2_onset_s))
    return float(beats.confidence[apart_s.argmin()]) if apart_s.size and apart_s.min() < TOLERANCE_S else np.nan


# --- cost -------------------------------------------------------------------------------


def sound(seconds: float, sample_rate_hz: int = SAMPLE_RATE_HZ) -> NDArray[np.int16]:
    """Some of the day's sound, at 4 kHz or a multiple."""
    day = Day(seconds / 3600.0 + 0.1)
    day.seek(44)
    samples = np.frombuffer(day.read(2 * int(seconds * SAMPLE_RATE_HZ)), dtype=np.int16)
    while samples.size < seconds * SAMPLE_RATE_HZ:
        more = np.frombuffer(day.read(2 * int(seconds * SAMPLE_RATE_HZ) - 2 * samples.size), dtype=np.int16)
        samples = np.concatenate([samples, more])
    return np.repeat(samples, sample_rate_hz // SAMPLE_RATE_HZ)


def cost(seconds: float = 600.0) -> None:
    """Time each block of 100 ms, in a new process, right after `warm_up`."""
    print("| sample rate | median, ms | 99th percentile, ms | most, ms | of real time |")
    print("|---|---|---|---|---|")
    for sample_rate_hz in (2000 * 2, 8000, 44_000):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            took_ms, signatures = pool.submit(_cost, seconds, sample_rate_hz).result()
        middle, high = np.median(took_ms), np.quantile(took_ms, 0.99)
        print(f"| {sample_rate_hz} Hz | {middle:.2f} | {high:.2f} | {took_ms.max():.2f} | {middle:.2f} %, {high:.2f} % |")
        if signatures:
            print(f"compiled after warm_up(): {', '.join(signatures)}")


def _cost(seconds: float, sample_rate_hz: int) -> tuple[Array, list[str]]:
    murmur.warm_up()
    before = _compiled()
    samples, size = sound(seconds, sample_rate_hz), sample_rate_hz // 10
    live = murmur.LiveAnalyzer(sample_rate_hz)
    took = []
    for start in range(0, samples.size, size):
        block = samples[start : start + size]
        began = time.perf_counter()
        live.push(block)
        took.append(time.perf_counter() - began)
    live.finish()
    return 1000.0 * np.array(took), sorted(_compiled() - before)


def _compiled() -> set[str]:
    """Every kernel with the types for which it is compiled or loaded."""
    import gc

    from numba.core.dispatcher import Dispatcher

    kernels = [thing for thing in gc.get_objects() if isinstance(thing, Dispatcher)]
    return {f"{kernel.py_func.__name__}{signature}" for kernel in kernels for signature in kernel.signatures}


def streams(count: int, workers: int = 2, seconds: float = 30.0) -> None:
    """Push so many streams at their own pace from a few threads of one process, and see how late each block is done."""
    murmur.warm_up()
    parts = sound(4 * seconds).reshape(4, -1)
    begin, cpu = time.perf_counter() + 1.0, time.process_time()
    with ThreadPoolExecutor(workers) as pool:
        shares = [range(worker, count, workers) for worker in range(workers)]
        late_ms = np.concatenate(list(pool.map(partial(_in_real_time, parts, begin, count), shares)))
    used = (time.process_time() - cpu) / seconds
    late = f"{np.median(late_ms):.1f} ms after it came (99 %: {np.quantile(late_ms, 0.99):.1f}, most {late_ms.max():.1f})"
    print(f"{count} streams of {seconds:g} s in real time, {workers} threads of one process, {used:.2f} of a core:")
    print(f"a block of 100 ms is done {late}")


def _in_real_time(parts: NDArray[np.int16], begin: float, count: int, numbers: range) -> Array:
    """Serve some of the streams, whose blocks come evenly over each 100 ms; return how late each was done, in ms."""
    analyzers = {number: murmur.LiveAnalyzer(SAMPLE_RATE_HZ) for number in numbers}
    size, late = SAMPLE_RATE_HZ // 10, []
    for start in range(0, parts.shape[1], size):
        for number, live in analyzers.items():
            due = begin + (start + size) / SAMPLE_RATE_HZ + 0.1 * number / count
            time.sleep(max(due - time.perf_counter(), 0.0))
            live.push(parts[number % len(parts), start : start + size])
            late.append(time.perf_counter() - due)
    return 1000.0 * np.array(late)


# --- a day ------------------------------------------------------------------------------


def day(hours: float) -> None:
    """Push a day in blocks of 100 ms; tell memory and how far the last hour's beats lie from the whole recording's."""
    murmur.warm_up()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        held_mb, s1_s, seconds = pool.submit(_push_day, hours).result()
        whole_s = pool.submit(_onsets, hours).result()
    first = int(np.searchsorted(held_mb[:, 0], 60.0))
    told = s1_s[s1_s > 3600.0 * hours - 3600.0]
    apart = np.abs(np.subtract.outer(told, whole_s[whole_s > told[0] - 5.0])).min(axis=1)
    print(f"{hours:g} hours, {len(s1_s)} beats, {3600.0 * hours / seconds:.0f} times real time")
    hourly = [f"{mb:.1f}" for mb in held_mb[first::3600, 1]]
    print(f"{held_mb[first, 1]:.1f} MB after a minute, {held_mb[first:, 1].max():.1f} at most after that; hour by hour")
    print(", ".join(hourly))
    drift_ms = f"{1000.0 * np.median(apart):.3f} ms (95 %: {1000.0 * np.quantile(apart, 0.95):.3f})"
    print(f"S1 of the last hour lie {drift_ms} from those of the whole recording")


def _push_day(hours: float) -> tuple[Array, Array, float]:
    sounding = Day(hours)
    sounding.seek(44)
    live = murmur.LiveAnalyzer(SAMPLE_RATE_HZ)
    size = SAMPLE_RATE_HZ // 10
    # what is noted takes no more memory as the day goes on
    held_mb, s1_s, found = np.full((int(3600 * hours) + 1, 2), 0.0), np.full(int(4 * 3600 * hours), 0.0), 0
    began, rest = time.perf_counter(), b""
    while piece := sounding.read(2 * SAMPLE_RATE_HZ):
        piece = rest + piece
        whole = len(piece) - len(piece) % (2 * size)
        rest = piece[whole:]
        for block in np.frombuffer(piece[:whole], dtype=np.int16).reshape(-1, size):
            for event in live.push(block):
                if isinstance(event, BeatFound):
                    s1_s[found] = event.s1_onset_s
                    found += 1
        held_mb[int(live.time_s) - 1] = live.time_s, _memory_mb()
    return held_mb[held_mb[:, 1] > 0], s1_s[:found], time.perf_counter() - began


def _onsets(hours: float) -> Array:
    return murmur.analyze(Day(hours)).segmentation.cycles.s1_onset_s


def _memory_mb() -> float:
    """What this process holds, as Linux counts it; NaN elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), float("nan"))


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.live", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["same", "cost", "streams", "day"])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--hours", type=float, default=24.0)
    arguments = parser.parse_args()
    if arguments.what == "same":
        if arguments.folder is None:
            parser.error("same needs a folder with recordings")
        same(chosen(arguments.folder, arguments.count or 200))
    elif arguments.what == "cost":
        cost()
    elif arguments.what == "streams":
        streams(arguments.count or 50)
    else:
        day(arguments.hours)


if __name__ == "__main__":
    main()
