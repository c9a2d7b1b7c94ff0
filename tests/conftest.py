"""What several test modules share: phantoms to listen to, models, and ways of cutting a stream into blocks."""

from __future__ import annotations

import itertools
import signal
from functools import lru_cache

import numpy as np
import pytest

from murmur.pipeline.models import Models, shipped_models
from murmur.synthesis import Phantom, Synthetic, synthesize

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's background job; the tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
