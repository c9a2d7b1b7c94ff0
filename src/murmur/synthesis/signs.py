"""What is certainly true of a phantom and its recording."""

from __future__ import annotations

import numpy as np

from murmur.synthesis.cycles import Beats
from murmur.synthesis.phantom import Murmur, Phantom

__all__ = ["Sign", "certain_signs"]

Sign = str | float | bool


def _systolic_timing(murmur: Murmur) -> str | None:
    """CirCor's word for where a murmur lies in systole; None where two words would do."""
    if murmur.onset <= 0.05 and murmur.end >= 0.95:
        return "holosystolic"
    if murmur.onset <= 0.1 and murmur.end <= 0.6:
        return "early"
    if murmur.onset >= 0.35 and murmur.end >= 0.9:
        return "late"
    if 0.06 < murmur.onset <= 0.4 and 0.6 <= murmur.end <= 0.9:
        return "mid"
    return None


def certain_signs(phantom: Phantom, beats: Beats, duration_s: float) -> dict[str, Sign]:
    """Collect the signs that are beyond doubt; see `Synthetic`."""
    signs: dict[str, Sign] = {}
    systolic, diastolic = phantom.systolic_murmur, phantom.diastolic_murmur
    floor_db = -80.0 if phantom.noise_level_db is None else phantom.noise_level_db
    # The floor's energy lies low: in a murmur's own bands 5 dB above the floor's whole is well heard.
    heard_db = max(floor_db + 5.0, -15.0)
    levels = [murmur.level_db for murmur in (systolic, diastolic) if murmur is not None]
    if not levels:
        signs["murmur"] = "absent"
    elif max(levels) >= heard_db:
        signs["murmur"] = "present"
    if systolic is not None and systolic.level_db >= heard_db:
        timing = _systolic_timing(systolic)
        if timing is not None:
            signs["systolic_timing"] = timing
        signs["systolic_shape"] = systolic.shape
        signs["systolic_quality"] = systolic.quality
    if diastolic is None:
        signs["diastolic_murmur"] = False
    elif diastolic.level_db >= heard_db:
        signs["diastolic_murmur"] = True

    # Healthy S1 differ by 4 dB from child to child, so what lies within that is not beyond doubt.
    if phantom.s1_level_db <= -6.0:
        signs["s1_intensity"] = "quiet"
    elif phantom.s1_level_db >= 6.0:
        signs["s1_intensity"] = "loud"
    elif abs(phantom.s1_level_db) <= 1.5:
        signs["s1_intensity"] = "normal"
    signs["s2_split_ms"] = float(phantom.s2_split_ms or 0.0)
    for name, level_db in (
        ("s3", phantom.s3_level_db),
        ("s4", phantom.s4_level_db),
        ("click", phantom.click_level_db),
    ):
        if level_db is None:
            signs[name] = False
        elif level_db >= floor_db + 6.0:
            signs[name] = True

    if phantom.rhythm == "atrial fibrillation":
        signs["irregular_rhythm"] = True
    elif phantom.rhythm == "premature beats":
        signs["premature_beats"] = bool(np.any(beats.premature & (beats.s1 > 0.0)))
    else:
        signs["premature_beats"] = False
        if phantom.rate_variability <= 0.08:
            signs["irregular_rhythm"] = False
    inside = beats.s1[(beats.s1 >= 0.0) & (beats.s1 < duration_s)]
    if inside.size > 1:
        signs["heart_rate_bpm"] = 60.0 * (inside.size - 1) / float(inside[-1] - inside[0])

    if floor_db >= 3.0:
        signs["readable"] = False
    elif floor_db <= -8.0 and phantom.knocks_per_minute <= 12.0 and phantom.clip_fraction <= 0.01:
        signs["readable"] = True
    if phantom.clip_fraction >= 0.002:
        signs["clipped"] = True
    elif phantom.clip_fraction == 0.0:
        signs["clipped"] = False
    return signs
