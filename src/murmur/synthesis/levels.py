"""Levels in dB, and the yardstick that all of them are set against."""

from __future__ import annotations

__all__ = ["YARDSTICK_S", "gain"]

YARDSTICK_S = 0.10
"""Over which the normal S2 has its RMS of 1."""


def gain(level_db: float) -> float:
    """Return the factor on samples that a level in dB stands for."""
    return float(10.0 ** (level_db / 20.0))
