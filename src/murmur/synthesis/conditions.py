"""Patients with a condition, drawn by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from murmur.synthesis.checks import check_name
from murmur.synthesis.phantom import Murmur, Phantom

__all__ = ["CONDITIONS", "random_phantom"]


def _ordinary(rng: np.random.Generator) -> dict[str, Any]:
    """Draw what all conditions share: a healthy heart in an ordinary examination room."""
    return {
        "heart_rate_bpm": rng.uniform(60.0, 105.0),
        "rate_variability": rng.uniform(0.01, 0.05),
        "s1_level_db": rng.uniform(-1.0, 1.0),
        "s2_split_ms": rng.uniform(15.0, 32.0),
        "s2_split_swing_ms": rng.uniform(2.0, 8.0),
        "heart_sound_pitch": rng.uniform(0.9, 1.12),
        "sensor": str(rng.choice(["electronic", "electronic", "flat", "contact", "air-coupled"])),
        "noise_level_db": rng.uniform(-24.0, -18.0),
        "noise_unrest_db": rng.uniform(1.0, 3.0),
        "respiration_level_db": rng.uniform(-30.0, -22.0),
        "respiration_rate_per_min": rng.uniform(12.0, 26.0),
        "knocks_per_minute": rng.uniform(0.0, 4.0),
        "knock_level_db": rng.uniform(-4.0, 3.0),
        "peak_level_dbfs": rng.uniform(-14.0, -0.5),
    }


def _pansystolic(level_db: float) -> Murmur:
    return Murmur(level_db=level_db, onset=0.0, end=1.0, shape="plateau", quality="blowing")


def _regurgitation_mild(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "s1_level_db": rng.uniform(-2.5, -1.5),
        "systolic_murmur": _pansystolic(rng.uniform(-14.0, -11.0)),
    }


def _regurgitation_moderate(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "s1_level_db": rng.uniform(-5.0, -4.0),
        "s2_split_ms": rng.uniform(25.0, 40.0),
        "systolic_murmur": _pansystolic(rng.uniform(-9.5, -6.5)),
    }


def _regurgitation_severe(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "heart_rate_bpm": rng.uniform(70.0, 100.0),
        "s1_level_db": rng.uniform(-9.0, -7.0),
        "s2_split_ms": rng.uniform(50.0, 60.0),
        "s2_split_swing_ms": rng.uniform(0.0, 4.0),
        "s3_level_db": rng.uniform(-12.0, -9.0),
        "systolic_murmur": _pansystolic(rng.uniform(-5.0, -2.5)),
    }


def _aortic_stenosis(rng: np.random.Generator) -> dict[str, Any]:
    murmur = Murmur(
        level_db=rng.uniform(-4.0, 1.0),
        onset=rng.uniform(0.08, 0.14),
        end=rng.uniform(0.82, 0.90),
        shape="diamond",
        quality="harsh",
    )
    return {"heart_rate_bpm": rng.uniform(58.0, 90.0), "systolic_murmur": murmur}


def _aortic_regurgitation(rng: np.random.Generator) -> dict[str, Any]:
    murmur = Murmur(
        level_db=rng.uniform(-8.0, -4.0),
        onset=0.0,
        end=rng.uniform(0.55, 0.75),
        shape="decrescendo",
        quality="blowing",
        low_hz=150.0,
    )
    return {"heart_rate_bpm": rng.uniform(58.0, 90.0), "diastolic_murmur": murmur}


def _mitral_valve_prolapse(rng: np.random.Generator) -> dict[str, Any]:
    place = rng.uniform(0.45, 0.6)
    murmur = Murmur(level_db=rng.uniform(-7.0, -4.0), onset=place + 0.05, end=1.0, shape="crescendo")
    return {
        "heart_rate_bpm": rng.uniform(60.0, 90.0),
        "click_level_db": rng.uniform(-3.0, 1.0),
        "click_place": place,
        "systolic_murmur": murmur,
    }


def _s3(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(65.0, 95.0), "s3_level_db": rng.uniform(-12.0, -8.0)}


def _s4(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(58.0, 85.0), "s4_level_db": rng.uniform(-12.0, -8.0)}


def _atrial_fibrillation(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(70.0, 105.0), "rhythm": "atrial fibrillation"}


def _premature_beats(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(58.0, 85.0), "rhythm": "premature beats"}


def _tachycardia(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "heart_rate_bpm": rng.uniform(130.0, 170.0),
        "rate_variability": rng.uniform(0.005, 0.02),
        "s2_split_ms": rng.uniform(5.0, 15.0),
        "s2_split_swing_ms": 2.0,
    }


def _noisy(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "noise_level_db": rng.uniform(8.0, 14.0),
        "noise_unrest_db": rng.uniform(4.0, 7.0),
        "knocks_per_minute": rng.uniform(60.0, 120.0),
        "knock_level_db": rng.uniform(12.0, 18.0),
    }


def _clipped(rng: np.random.Generator) -> dict[str, Any]:
    return {"clip_fraction": rng.uniform(0.03, 0.07)}


_CONDITIONS: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
    "normal": lambda rng: {},
    "mitral regurgitation mild": _regurgitation_mild,
    "mitral regurgitation moderate": _regurgitation_moderate,
    "mitral regurgitation severe": _regurgitation_severe,
    "aortic stenosis": _aortic_stenosis,
    "aortic regurgitation": _aortic_regurgitation,
    "mitral valve prolapse": _mitral_valve_prolapse,
    "S3": _s3,
    "S4": _s4,
    "atrial fibrillation": _atrial_fibrillation,
    "premature beats": _premature_beats,
    "tachycardia": _tachycardia,
    "noisy": _noisy,
    "clipped": _clipped,
}
CONDITIONS: tuple[str, ...] = tuple(_CONDITIONS)
"""Names that `random_phantom` knows."""


def random_phantom(condition: str, rng: np.random.Generator) -> Phantom:
    """Draw a patient with a condition, with signs strong enough for a careful listener.

    Parameters
    ----------
    condition : str
        One of `CONDITIONS`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Phantom
        The patient; `synthesize` records it.

    Raises
    ------
    ParameterError
        If the condition is not known.
    """
    check_name("condition", condition, CONDITIONS)
    return Phantom(**(_ordinary(rng) | _CONDITIONS[condition](rng)))
