"""``python -m benchmarks.speed``: how fast murmur is, next to what else a user could run, in one run.

Run it with one thread (``OMP_NUM_THREADS=1``) on a machine that does little else. All times are medians, taken in turns;
their ratios hold where absolute times drift. ``python -m benchmarks.speed.compare OLD.json NEW.json`` says what got slower.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

import murmur
from benchmarks.speed.alternatives import FLOOR, alternatives
from benchmarks.speed.recordings import write_recording
from benchmarks.speed.scaling import gains
from benchmarks.speed.stages import stages
from benchmarks.speed.start import import_seconds, peak_memory_mb, start_seconds
from benchmarks.speed.timing import REPEATS, in_turns

WHOLE = "murmur, everything, 30 s at 4 kHz"
LENGTHS_S = (5.0, 30.0, 300.0, 3600.0)
RATES_HZ = (2000, 4000, 8000, 44100)
#: Shorter ones are analyzed as often in a row as makes this long: what is timed is a folder of them.
IN_A_ROW_S = 300.0


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Lay out as Markdown."""
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def median(values: list[float]) -> float:
    """Of a call's times."""
    return float(np.median(values))


def sizes(folder: Path, repeats: int) -> dict[tuple[float, int], list[float]]:
    """Seconds for each length (s) and rate (Hz), all in turns."""

    def analyze(path: Path, count: int) -> None:
        for _ in range(count):
            murmur.analyze(path)

    counts = {duration_s: max(round(IN_A_ROW_S / duration_s), 1) for duration_s in LENGTHS_S}
    calls: dict[str, Callable[[], object]] = {
        f"{duration_s} {rate}": partial(analyze, write_recording(folder, duration_s, rate), count)
        for duration_s, count in counts.items()
        for rate in RATES_HZ
    }
    times = in_turns(calls, repeats, again=False)
    return {
        (duration_s, rate): [time / count for time in times[f"{duration_s} {rate}"]]
        for duration_s, count in counts.items()
        for rate in RATES_HZ
    }


def main(arguments: list[str] | None = None) -> None:
    """Time, print, save."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--brief", action="store_true", help="only 30 s at 4 kHz: stages and alternatives")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--markdown", type=Path, help="write the tables as Markdown")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        text, seconds, other = measure(Path(folder), given.repeats, given.brief)
    print(text)
    if given.markdown:
        given.markdown.write_text(text, encoding="utf-8")
    if given.output:
        figures = {"machine": machine(), "seconds": seconds, "other": other}
        given.output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, str]:
    """What it ran on."""
    from importlib.metadata import version

    packages = {name: version(name) for name in ("numpy", "scipy", "numba", "librosa", "soundfile")}
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "murmur": murmur.__version__,
        **packages,
    }


def measure(folder: Path, repeats: int, brief: bool) -> tuple[str, dict[str, float], dict[str, float]]:
    """Everything as Markdown, all times in seconds by name, and what is no time."""
    path = write_recording(folder, 30.0, 4000)
    recording = murmur.load(path)
    parts = stages(recording.samples, round(recording.sample_rate_hz))
    others, missing = alternatives()
    calls: dict[str, Callable[[], object]] = {WHOLE: partial(murmur.analyze, path)}
    calls |= {f"stage: {name}": call for name, call in parts.items()}
    calls |= {name: partial(run, path) for name, run in others.items()}
    seconds = {name: median(times) for name, times in in_turns(calls, repeats).items()}
    other: dict[str, float] = {}
    base = seconds[WHOLE]
    text = ", ".join(f"{k} {v}" for k, v in machine().items()) + "\n\n"
    text += "One WAV of 30 s at 4 kHz, 16 bits, one core, steady state.\n\n"
    rows = ([name, f"{1e3 * t:.2f}", f"{30.0 / t:.0f}", f"{t / base:.2f}"] for name, t in seconds.items())
    text += table(["what", "ms", "seconds of audio per second", "times murmur's"], rows)
    text += f"\nThe whole is {base / seconds[FLOOR]:.2f} times the floor.\n" + "".join(f"{line}\n" for line in missing)
    if brief:
        return text, seconds, other
    in_rounds = sizes(folder, repeats)
    by_size = {size: median(times) for size, times in in_rounds.items()}
    seconds |= {f"{d:g} s at {r} Hz": t for (d, r), t in by_size.items()}
    text += "\nSeconds of audio per second, by length and rate.\n\n"
    rows = ([f"{d:g} s", *(f"{d / by_size[d, r]:.0f}" for r in RATES_HZ)] for d in LENGTHS_S)
    text += table(["", *(f"{r / 1000:g} kHz" for r in RATES_HZ)], rows)
    pace = float(np.median(np.divide(in_rounds[30.0, 4000], in_rounds[3600.0, 4000]) * 3600.0 / 30.0))
    other["30 s against an hour, per second"] = pace
    text += f"\nA second of 30 s at 4 kHz costs {pace:.2f} times a second of an hour, in the median of the rounds.\n"
    starts = {name: median(times) for name, times in start_seconds(path, repeats).items()}
    seconds |= starts
    text += "\nNew processes.\n\n" + table(["what", "s"], ([name, f"{t:.2f}"] for name, t in starts.items()))
    imports = {f"imports, {name}": spent for name, spent in import_seconds(path).items()}
    seconds |= imports
    text += "\nWhat a new process that analyzes one file spends on loading modules.\n\n"
    text += table(["package", "ms"], ([name.removeprefix("imports, "), f"{1e3 * t:.0f}"] for name, t in imports.items()))
    gained = gains(path, repeats)
    other |= gained
    text += "\nTwo workers against one.\n\n" + table(["what", "gain"], ([k, f"{v:.2f}"] for k, v in gained.items()))
    memory = {f"peak memory, {d:g} s at 4 kHz, MB": peak_memory_mb(write_recording(folder, d, 4000)) for d in LENGTHS_S}
    other |= memory
    return text + "\n" + table(["what", "MB"], ([k, f"{v:.0f}"] for k, v in memory.items())), seconds, other


if __name__ == "__main__":
    main()
