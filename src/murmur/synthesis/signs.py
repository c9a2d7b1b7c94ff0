"""The signs that are certainly true of a phantom and its recording."""

from __future__ import annotations

import numpy as np

from murmur.synthesis.cycles import Cycles
from murmur.synthesis.phantom import Murmur, Phantom

Sign = str | float | bool


def certain_signs(phantom: Phantom, cycles: Cycles, duration_s: float) -> dict[str, Sign]:
    """Return the signs that are beyond doubt; see `Synthetic`."""
    floor_db = -80.0 if phantom.noise_level_db is None else phantom.noise_level_db
    signs = {
        **_of_murmurs(phantom, floor_db),
        **_of_heart_sounds(phantom, floor_db),
        **_of_rhythm(phantom, cycles, duration_s),
        **_of_quality(phantom, floor_db),
    }
    return {name: value for name, value in signs.items() if value is not None}


def _of_murmurs(phantom: Phantom, floor_db: float) -> dict[str, Sign | None]:
    systolic, diastolic = phantom.systolic_murmur, phantom.diastolic_murmur
    # The energy of the noise lies low: 5 dB above all of it, a murmur stands out well in its own bands.
    audible_db = max(floor_db + 5.0, -15.0)
    levels = [murmur.level_db for murmur in (systolic, diastolic) if murmur is not None]
    signs: dict[str, Sign | None] = {}
    signs["murmur"] = "absent" if not levels else "present" if max(levels) >= audible_db else None
    if systolic is not None and systolic.level_db >= audible_db:
        signs["systolic_timing"] = _systolic_timing(systolic)
        signs["systolic_shape"] = systolic.shape
        signs["systolic_quality"] = systolic.quality
    signs["diastolic_murmur"] = False if diastolic is None else True if diastolic.level_db >= audible_db else None
    return signs


def _systolic_timing(murmur: Murmur) -> str | None:
    """Return CirCor's word for where a murmur lies in systole; None if two words would fit."""
    if murmur.onset <= 0.05 and murmur.end >= 0.95:
        return "holosystolic"
    if murmur.onset <= 0.1 and murmur.end <= 0.6:
        return "early"
    if murmur.onset >= 0.35 and murmur.end >= 0.9:
        return "late"
    return "mid" if 0.06 < murmur.onset <= 0.4 and 0.6 <= murmur.end <= 0.9 else None


def _of_heart_sounds(phantom: Phantom, floor_db: float) -> dict[str, Sign | None]:
    level_db = phantom.s1_level_db
    # The S1 of healthy children differ by 4 dB, so a change within that is not beyond doubt.
    intensity = "quiet" if level_db <= -6.0 else "loud" if level_db >= 6.0 else "normal" if abs(level_db) <= 1.5 else None
    signs: dict[str, Sign | None] = {"s1_intensity": intensity, "s2_split_ms": float(phantom.s2_split_ms or 0.0)}
    extra = (("s3", phantom.s3_level_db), ("s4", phantom.s4_level_db), ("click", phantom.click_level_db))
    return signs | {name: False if db is None else True if db >= floor_db + 6.0 else None for name, db in extra}


def _of_rhythm(phantom: Phantom, cycles: Cycles, duration_s: float) -> dict[str, Sign | None]:
    signs: dict[str, Sign | None] = {}
    if phantom.rhythm == "atrial fibrillation":
        signs["irregular_rhythm"] = True
    elif phantom.rhythm == "premature beats":
        signs["premature_beats"] = bool(np.any(cycles.premature & (cycles.s1 > 0.0)))
    else:
        signs["premature_beats"] = False
        signs["irregular_rhythm"] = False if phantom.rate_variability <= 0.08 else None
    inside = cycles.s1[(cycles.s1 >= 0.0) & (cycles.s1 < duration_s)]
    if inside.size > 1:
        signs["heart_rate_bpm"] = 60.0 * (inside.size - 1) / float(inside[-1] - inside[0])
    return signs


def _of_quality(phantom: Phantom, floor_db: float) -> dict[str, Sign | None]:
    clean = floor_db <= -8.0 and phantom.knocks_per_minute <= 12.0 and phantom.clip_fraction <= 0.01
    clipped = True if phantom.clip_fraction >= 0.002 else False if phantom.clip_fraction == 0.0 else None
    return {"readable": False if floor_db >= 3.0 else True if clean else None, "clipped": clipped}
