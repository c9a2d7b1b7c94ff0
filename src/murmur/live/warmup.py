"""Compile or load every kernel before it is needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def warm_up() -> None:
    """Run the whole flow once on a synthetic heart, so that no later call compiles or loads anything.

    Takes about half a minute the first time on a machine and a fraction of a second after that: kernels are cached on disk,
    if it can be written to.
    """
    from murmur.live.analyzer import LiveAnalyzer
    from murmur.pipeline.analysis import analyze

    live = LiveAnalyzer(4000)
    live.push(_heart(4000))
    live.finish()
    analyze(_heart(4001), sample_rate_hz=4001)  # a rate without a simple ratio


def _heart(sample_rate_hz: int) -> NDArray[np.float32]:
    """Eight seconds with readable beats: two bursts every 800 ms, and some noise."""
    time_s = np.arange(8 * sample_rate_hz) / sample_rate_hz
    in_cycle_s = time_s % 0.8
    bursts = np.exp(-(((in_cycle_s - 0.1) / 0.02) ** 2)) + 0.8 * np.exp(-(((in_cycle_s - 0.42) / 0.015) ** 2))
    noise = 0.01 * np.random.default_rng(0).standard_normal(time_s.size)
    heart: NDArray[np.float32] = (bursts * np.sin(2.0 * np.pi * 55.0 * time_s) + noise).astype(np.float32)
    return heart
