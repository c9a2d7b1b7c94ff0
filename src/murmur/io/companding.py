"""Companded samples: 8 bits that stand for 13 or 14 (ITU-T G.711)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt


@cache
def mu_law() -> npt.NDArray[np.int16]:
    """Return the 16-bit value of each of the 256 mu-law codes."""
    codes = ~np.arange(256, dtype=np.int64) & 0xFF
    sign, exponent, mantissa = codes & 0x80, (codes >> 4) & 7, codes & 15
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(sign, -magnitude, magnitude).astype(np.int16)


@cache
def a_law() -> npt.NDArray[np.int16]:
    """Return the 16-bit value of each of the 256 A-law codes."""
    codes = np.arange(256, dtype=np.int64) ^ 0x55
    sign, exponent, mantissa = codes & 0x80, (codes >> 4) & 7, codes & 15
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(sign, magnitude, -magnitude).astype(np.int16)
