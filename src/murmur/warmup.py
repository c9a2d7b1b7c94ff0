"""Compile or load every kernel, before it is needed."""

from __future__ import annotations

import numpy as np

__all__ = ["warm_up"]


def warm_up() -> None:
    """Run the whole flow once on noise, so that no later call compiles or loads anything.

    Takes about half a minute the first time on a machine, and a fraction of a second after that: kernels are cached on disk
    where that can be written.
    """
    from murmur.analysis import analyze

    rng = np.random.default_rng(0)
    analyze(rng.standard_normal(4 * 4000).astype(np.float32), sample_rate_hz=4000)
    analyze(rng.standard_normal(4 * 4001).astype(np.float32), sample_rate_hz=4001)
