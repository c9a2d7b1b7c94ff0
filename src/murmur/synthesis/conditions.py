"""Patients with a condition, drawn at random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from murmur.synthesis.checks import check_name
from murmur.synthesis.phantom import Murmur, Phantom

#: How fields of a `Phantom` are drawn: (low, high) uniformly, a list by choice, a dict as a `Murmur`; others are constants.
_Draws = dict[str, Any]

#: What all conditions share: a healthy heart in an ordinary examination room.
_ORDINARY: _Draws = {
    "heart_rate_bpm": (60.0, 105.0),
    "rate_variability": (0.01, 0.05),
    "s1_level_db": (-1.0, 1.0),
    "s2_split_ms": (15.0, 32.0),
    "s2_split_swing_ms": (2.0, 8.0),
    "heart_sound_pitch": (0.9, 1.12),
    "sensor": ["electronic", "electronic", "flat", "contact", "air-coupled"],
    "noise_level_db": (-24.0, -18.0),
    "noise_unrest_db": (1.0, 3.0),
    "respiration_level_db": (-30.0, -22.0),
    "respiration_rate_per_min": (12.0, 26.0),
    "knocks_per_minute": (0.0, 4.0),
    "knock_level_db": (-4.0, 3.0),
    "peak_level_dbfs": (-14.0, -0.5),
}
#: What each condition draws instead. The order of the draws decides what a seed gives.
_CONDITIONS: dict[str, _Draws] = {
    "normal": {},
    "mitral regurgitation mild": {"s1_level_db": (-2.5, -1.5), "systolic_murmur": {"level_db": (-14.0, -11.0)}},
    "mitral regurgitation moderate": {
        "s1_level_db": (-5.0, -4.0),
        "s2_split_ms": (25.0, 40.0),
        "systolic_murmur": {"level_db": (-9.5, -6.5)},
    },
    "mitral regurgitation severe": {
        "heart_rate_bpm": (70.0, 100.0),
        "s1_level_db": (-9.0, -7.0),
        "s2_split_ms": (50.0, 60.0),
        "s2_split_swing_ms": (0.0, 4.0),
        "s3_level_db": (-12.0, -9.0),
        "systolic_murmur": {"level_db": (-5.0, -2.5)},
    },
    "aortic stenosis": {
        "systolic_murmur": {
            **{"level_db": (-4.0, 1.0), "onset": (0.08, 0.14), "end": (0.82, 0.90)},
            **{"shape": "diamond", "quality": "harsh"},
        },
        "heart_rate_bpm": (58.0, 90.0),
    },
    "aortic regurgitation": {
        "diastolic_murmur": {"level_db": (-8.0, -4.0), "end": (0.55, 0.75), "shape": "decrescendo", "low_hz": 150.0},
        "heart_rate_bpm": (58.0, 90.0),
    },
    "mitral valve prolapse": {
        "click_place": (0.45, 0.6),
        "systolic_murmur": {"level_db": (-7.0, -4.0), "shape": "crescendo"},  # from the click on
        "heart_rate_bpm": (60.0, 90.0),
        "click_level_db": (-3.0, 1.0),
    },
    "S3": {"heart_rate_bpm": (65.0, 95.0), "s3_level_db": (-12.0, -8.0)},
    "S4": {"heart_rate_bpm": (58.0, 85.0), "s4_level_db": (-12.0, -8.0)},
    "atrial fibrillation": {"heart_rate_bpm": (70.0, 105.0), "rhythm": "atrial fibrillation"},
    "premature beats": {"heart_rate_bpm": (58.0, 85.0), "rhythm": "premature beats"},
    "tachycardia": {
        "heart_rate_bpm": (130.0, 170.0),
        "rate_variability": (0.005, 0.02),
        "s2_split_ms": (5.0, 15.0),
        "s2_split_swing_ms": 2.0,
    },
    "noisy": {
        "noise_level_db": (8.0, 14.0),
        "noise_unrest_db": (4.0, 7.0),
        "knocks_per_minute": (60.0, 120.0),
        "knock_level_db": (12.0, 18.0),
    },
    "clipped": {"clip_fraction": (0.03, 0.07)},
}
CONDITIONS: tuple[str, ...] = tuple(_CONDITIONS)
"""The conditions that `random_phantom` draws."""


def random_phantom(condition: str, rng: np.random.Generator) -> Phantom:
    """Draw a patient with a condition, with signs strong enough for a careful listener.

    Parameters
    ----------
    condition : str
        One of `CONDITIONS`.
    rng : numpy.random.Generator
        Random number generator.

    Returns
    -------
    Phantom

    Raises
    ------
    ParameterError
        If the condition is unknown.

    See Also
    --------
    synthesize : Records the patient.

    Examples
    --------
    >>> import numpy as np
    >>> phantom = random_phantom("aortic stenosis", np.random.default_rng(1))
    >>> phantom.systolic_murmur.shape, phantom.systolic_murmur.quality
    ('diamond', 'harsh')
    """
    check_name("condition", condition, CONDITIONS)
    drawn = _draw(_ORDINARY, rng) | _draw(_CONDITIONS[condition], rng)
    if "click_place" in drawn:
        drawn["systolic_murmur"] = replace(drawn["systolic_murmur"], onset=drawn["click_place"] + 0.05)
    return Phantom(**drawn)


def _draw(draws: _Draws, rng: np.random.Generator) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    for name, given in draws.items():
        if isinstance(given, tuple):
            drawn[name] = rng.uniform(*given)
        elif isinstance(given, list):
            drawn[name] = str(rng.choice(given))
        else:
            drawn[name] = Murmur(**_draw(given, rng)) if isinstance(given, dict) else given
    return drawn
