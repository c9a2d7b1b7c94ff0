"""How long do the pages of a run take, and how large are they?

    python -m benchmarks.report [--patients 1000] [--pages 100] [--jobs 2]

A run of so many patients with four recordings each (the sample patient's, under other names): seconds for the index, for a
page of four recordings, and the largest page. Beside them the largest pages that there can be: a patient with 40 recordings
of a minute, and one with 400.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import murmur
from murmur.batch import run
from murmur.report import Subject, page_of, write_reports
from murmur.synthesis import random_phantom, synthesize

SAMPLES = Path(__file__).parents[1] / "samples"
SITES = ("AV", "PV", "TV", "MV")


def main() -> None:
    """Link, run, write, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="murmur-report-") as folder:
        home = Path(folder)
        names = [f"P{number:05}" for number in range(arguments.patients)]
        (home / "in").mkdir()
        for name in names:
            for site in SITES:
                os.link(SAMPLES / f"MR1_{site}.wav", home / "in" / f"{name}_{site}.wav")
        run(home / "in", home / "out", jobs=arguments.jobs)
        begin = time.perf_counter()
        write_reports(home / "out", index_only=True)
        seconds = time.perf_counter() - begin
        print(f"index of {arguments.patients} patients: {seconds:.2f} s, {_size(home / 'out', 'index.html')}")
        begin = time.perf_counter()
        written = write_reports(home / "out", patients=names[: arguments.pages], jobs=arguments.jobs)
        seconds = time.perf_counter() - begin
        each = f"{seconds / arguments.pages:.2f} s each"
        print(f"{written.pages} pages of {len(SITES)} recordings, {arguments.jobs} workers: {seconds:.1f} s, {each}")
        print(f"the largest: {_size(home / 'out', 'patient-*.html')}")
    sound = synthesize(random_phantom("mitral regurgitation severe", np.random.default_rng(1)), duration_s=60.0, seed=1)
    minute = murmur.Recording(sound.samples, sound.sample_rate_hz)
    for count in (40, 400):
        infos = [murmur.RecordingInfo("minute.wav", site=SITES[k % 4], visit=str(k // 4)) for k in range(count)]
        html = page_of(Subject("Patient 1", "1", [replace(minute, info=info) for info in infos]))
        print(f"page of {count} recordings of a minute: {len(html.encode()) / 1e6:.2f} MB")


def _size(home: Path, pattern: str) -> str:
    return f"{max(path.stat().st_size for path in (home / 'report').glob(pattern)) / 1e6:.2f} MB"


if __name__ == "__main__":
    main()
