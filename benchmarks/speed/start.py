"""What a new process spends: on imports, and from exec to exit for one file, without and with a cache of kernels."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.speed.timing import REPEATS, in_turns

__all__ = ["import_seconds", "peak_memory_mb", "start_seconds"]

#: Packages that are told apart in what a process spends on imports.
PACKAGES = ("murmur", "numba", "llvmlite", "numpy", "scipy", "soundfile", "cffi")


def _run(arguments: list[str], cache: str | None = None) -> str:
    environment = os.environ | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    done = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True, env=environment)
    return done.stdout


def start_seconds(path: Path, repeats: int = REPEATS) -> dict[str, list[float]]:
    """Seconds of each new process."""
    analyze = ["-m", "murmur", "analyze", str(path), "--json"]
    with tempfile.TemporaryDirectory() as empty:
        began = time.perf_counter()
        _run(analyze, empty)
        cold = {"murmur analyze FILE --json, no kernel cached": [time.perf_counter() - began]}
    warm = in_turns(
        {
            "python -c pass": partial(_run, ["-c", "pass"]),
            "import numpy": partial(_run, ["-c", "import numpy"]),
            "import murmur": partial(_run, ["-c", "import murmur"]),
            "import numba, scipy.signal": partial(_run, ["-c", "import numba, scipy.signal"]),
            "murmur analyze FILE --json, kernels cached": partial(_run, analyze),
        },
        repeats,
        again=False,
    )
    return warm | cold


def import_seconds(path: Path) -> dict[str, float]:
    """Seconds that ``murmur analyze FILE --json`` spends on loading modules, by package, as ``python -X importtime`` counts.

    It adds to what it counts. What is left of the process's time are kernels loaded from the cache and the analysis.
    """
    arguments = [sys.executable, "-X", "importtime", "-m", "murmur", "analyze", str(path), "--json"]
    told = subprocess.run(arguments, check=True, capture_output=True, text=True).stderr
    spent: dict[str, float] = {}
    for line in told.splitlines():
        own, bar, rest = line.removeprefix("import time:").partition("|")
        if bar and own.strip().isdigit():
            package = rest.partition("|")[2].strip().partition(".")[0]
            package = package if package in PACKAGES else "Python's own and the rest"
            spent[package] = spent.get(package, 0.0) + int(own) / 1e6
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def peak_memory_mb(path: Path) -> float:
    """Most memory that a process held that analyzes one file, as Linux counts it; NaN elsewhere.

    `resource.getrusage` would count the memory of the process that started it, too.
    """
    code = (
        "import sys, murmur; murmur.analyze(sys.argv[1]);"
        "print(next((line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')), 'nan'))"
    )
    if not Path("/proc/self/status").exists():
        return float("nan")
    return float(_run(["-c", code, str(path)])) / 1024
