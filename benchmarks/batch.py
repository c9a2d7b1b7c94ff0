"""``python -m benchmarks.batch``: many files, by one worker and by two: files per second, memory, and what two gain.

The inputs are links to the samples and to synthesised recordings, so that they take no room. Memory is the most that the
parent and the largest of its workers held, as Linux counts it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.speed.__main__ import table
from benchmarks.speed.scaling import compute
from murmur.synthesis import Phantom, synthesize

SAMPLES = Path(__file__).parent.parent / "samples"
SYNTHESISED, DURATION_S = 40, 30.0
SITES = ("AV", "PV", "TV", "MV")
LOOK_S = 0.05


@dataclass
class Run:
    """What was measured of one run."""

    inputs: int
    jobs: int
    seconds: float
    parent_mb: float
    worker_mb: float


def recordings(folder: Path) -> list[Path]:
    """Samples and synthesised recordings."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(SYNTHESISED):
        sound = synthesize(Phantom(heart_rate_bpm=float(rng.uniform(55, 120))), duration_s=DURATION_S, seed=number)
        made.append(folder / f"{number}.wav")
        soundfile.write(made[-1], sound.samples, round(sound.sample_rate_hz), subtype="PCM_16")
    return made + sorted(SAMPLES.glob("*.wav"))


def link(folder: Path, count: int, targets: list[Path]) -> Path:
    """Make a folder of so many links, in folders of a thousand."""
    for number in range(count):
        place = folder / f"{number // 1000:04}" / f"{number // 4}_{SITES[number % 4]}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(targets[number % len(targets)])
    return folder


def peak_mb(pid: int) -> float:
    """Most memory that a process has held so far; 0 of one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def measure(folder: Path, count: int, jobs: int) -> Run:
    """Analyze a folder in a new process."""
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        command = [sys.executable, "-m", "murmur", "analyze", str(folder), "-o", out, "--jobs", str(jobs), "--quiet"]
        process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
        parent, worker = 0.0, 0.0
        while process.poll() is None:
            parent = max(parent, peak_mb(process.pid))
            worker = max([worker, *map(peak_mb, children(process.pid))])
            time.sleep(LOOK_S)
        if process.returncode != 0:
            raise RuntimeError(f"murmur analyze ended with {process.returncode}")
        return Run(count, jobs, time.perf_counter() - began, parent, worker)


def compute_gain(rounds: int = 9, tasks: int = 40) -> float:
    """How much more two processes do of what only computes than one, in the same time."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as one, ProcessPoolExecutor(2, mp_context=context) as two:
        for pool in (one, two):
            list(pool.map(compute, range(8)))
        ratios = []
        for _ in range(rounds):
            seconds = []
            for pool, count in ((one, tasks), (two, 2 * tasks)):
                began = time.perf_counter()
                list(pool.map(compute, range(count)))
                seconds.append(time.perf_counter() - began)
            ratios.append(2 * seconds[0] / seconds[1])
    return float(np.median(ratios))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.batch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[2000, 20000], metavar="N", help="inputs of the runs")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "made").mkdir()
        targets = recordings(folder / "made")
        mean_s = float(np.mean([soundfile.info(path).duration for path in targets]))
        runs, gains = [], [compute_gain()]
        for count in given.counts:
            named = link(folder / str(count), count, targets)
            for jobs in (1, 2):
                runs.append(measure(named, count, jobs))
                gains.append(compute_gain())
    columns = ["inputs", "workers", "s", "files per second", "seconds of audio per second", "parent, MB", "worker, MB"]
    rows = [
        [
            f"{run.inputs}",
            f"{run.jobs}",
            f"{run.seconds:.1f}",
            f"{run.inputs / run.seconds:.0f}",
            f"{run.inputs * mean_s / run.seconds:.0f}",
            f"{run.parent_mb:.0f}",
            f"{run.worker_mb:.0f}" if run.jobs > 1 else "",
        ]
        for run in runs
    ]
    print(f"Files of {mean_s:.1f} s on average; with one worker the parent does the work itself.\n")
    print(table(columns, rows))
    pure = float(np.median(gains))
    print(f"Two workers gain, of {given.counts[-1]} inputs: {runs[-2].seconds / runs[-1].seconds:.2f}")
    print(f"what only computes: {pure:.2f} ({min(gains):.2f} to {max(gains):.2f})")


if __name__ == "__main__":
    main()
