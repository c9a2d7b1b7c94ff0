"""What several test modules share: phantoms to listen to, models, and ways of cutting a stream into blocks."""

from __future__ import annotations

import itertools
import signal
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from murmur.pipeline.models import Models, shipped_models
from murmur.synthesis import Phantom, Synthetic, synthesize

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's background job; the tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
#: What takes long as a whole, since it starts processes, draws or synthesises: not part of ``pytest -m quick``.
THOROUGH = (
    "batch",
    "benchmarks",
    "cli",
    "io/test_fuzz.py",
    "io/test_remote.py",
    "live",
    "patients/test_visits.py",
    "plot",
    "report",
    "serve",
    "synthesis",
)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    thorough = [TESTS / name for name in THOROUGH]
    for item in items:
        long = any(item.get_closest_marker(name) for name in ("slow", "browser", "real"))
        if not long and not any(item.path.is_relative_to(path) for path in thorough):
            item.add_marker("quick")


CUTTINGS = {"one by one": (1,), "primes": (7, 13, 101, 997), "random": None, "long": (3000, 1)}


@pytest.fixture(params=CUTTINGS)
def cut(request):
    """Cut an array into blocks, in one of several ways."""
    sizes = CUTTINGS[request.param] or np.random.default_rng(3).integers(0, 600, 50).tolist()

    def into_blocks(rows):
        pattern, blocks, start = itertools.cycle(sizes), [], 0
        while start < rows.shape[0]:
            size = next(pattern)
            blocks.append(rows[start : start + size])
            start += size
        return blocks

    return into_blocks


@pytest.fixture(scope="session")
def models() -> Models:
    """The models that ship."""
    return shipped_models()


@lru_cache(maxsize=32)
def _heard(phantom: Phantom, duration_s: float, seed: int, sample_rate_hz: int) -> Synthetic:
    heard = synthesize(phantom, duration_s, sample_rate_hz, seed)
    heard.samples.flags.writeable = False
    return heard


@pytest.fixture(scope="session")
def listen():
    """Record a phantom, once for all tests that ask for the same."""

    def record(duration_s: float = 10.0, seed: int = 1, sample_rate_hz: int = 4000, **phantom) -> Synthetic:
        return _heard(Phantom(**phantom), duration_s, seed, sample_rate_hz)

    return record
