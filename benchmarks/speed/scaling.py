"""What two workers gain over one: processes and threads, against a loop that does nothing but compute."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import murmur

__all__ = ["compute", "gains"]

#: Tasks for each worker; a task takes some tens of milliseconds.
TASKS = 40
ROUNDS = 30_000


def compute(_: object) -> None:
    """Computes without the GIL and touches no memory."""
    hashlib.pbkdf2_hmac("sha256", b"heart", b"sound", ROUNDS)


def _analyze(path: Path, _: object) -> None:
    murmur.analyze(path)


def _seconds(pool: Executor, task: Callable[[Any], None], count: int) -> float:
    began = time.perf_counter()
    list(pool.map(task, range(count)))
    return time.perf_counter() - began


def gains(path: Path, repeats: int) -> dict[str, float]:
    """How much more two workers do than one in the same time, medians over the repeats."""
    kinds: dict[str, Callable[[int], Executor]] = {
        "processes": lambda n: ProcessPoolExecutor(n, mp_context=get_context("spawn")),
        "threads": ThreadPoolExecutor,
    }
    tasks: dict[str, Callable[[Any], None]] = {"murmur": partial(_analyze, path), "pure compute": compute}
    found = {}
    for kind, make in kinds.items():
        with make(1) as one, make(2) as two:
            for task in tasks.values():  # every worker has loaded all it needs
                for pool in (one, two):
                    _seconds(pool, task, 8)
            ratios: dict[str, list[float]] = {name: [] for name in tasks}
            for _ in range(repeats):
                for name, task in tasks.items():
                    ratios[name].append(2 * _seconds(one, task, TASKS) / _seconds(two, task, 2 * TASKS))
        found |= {f"{name}, two {kind}": float(np.median(values)) for name, values in ratios.items()}
    return found
