"""Synthesised recordings as 16-bit WAV files of any length and rate."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from murmur.synthesis import Murmur, Phantom, synthesize

__all__ = ["write_recording"]

#: Longer recordings play this one over and over.
LONGEST_SYNTHESISED_S = 60.0


@lru_cache(maxsize=4)
def _sound(duration_s: float, sample_rate_hz: int) -> NDArray[np.float32]:
    murmur = Murmur(level_db=-6.0, onset=0.0, end=1.0, shape="plateau", quality="blowing")
    return synthesize(Phantom(systolic_murmur=murmur), duration_s=duration_s, sample_rate_hz=sample_rate_hz).samples


def write_recording(folder: Path, duration_s: float, sample_rate_hz: int) -> Path:
    """Write a recording of mitral regurgitation, once; return where it is."""
    path = folder / f"{duration_s:g}s_{sample_rate_hz}hz.wav"
    if not path.exists():
        piece = _sound(min(duration_s, LONGEST_SYNTHESISED_S), sample_rate_hz)
        times = -(-int(duration_s * sample_rate_hz) // piece.size)
        soundfile.write(path, np.tile(piece, times)[: int(duration_s * sample_rate_hz)], sample_rate_hz, subtype="PCM_16")
    return path
