"""Levels in dB, and their reference."""

from __future__ import annotations

YARDSTICK_S = 0.10
"""Time over which the normal S2 has an RMS of 1, in s."""


def gain(level_db: float) -> float:
    """Return the factor on samples for a level in dB."""
    return float(10.0 ** (level_db / 20.0))
