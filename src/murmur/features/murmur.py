"""The murmur: how much of systole it fills, where, how loud, of what shape and pitch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.features.cycles import BANDS_HZ, N_PARTS, CycleLevels
from murmur.features.spectrum import SpectralShape, describe_spectrum
from murmur.records import Record
from murmur.robust import median, median_columns, quantile

__all__ = ["MURMUR_BANDS_HZ", "VECTOR_NAMES", "MurmurFeatures", "describe_murmur", "mid_systole_db", "murmur_vector"]

Array = NDArray[np.float64]

#: Parts of diastole that are its late, quiet reference (55 to 90 %), and its early and middle ones.
LATE, EARLY, MIDDLE = slice(6, 9), slice(1, 3), slice(3, 6)
#: Parts of systole well away from S1 and S2.
INNER = slice(2, 8)
#: Bands of a murmur, 80 to 600 Hz, in `BANDS_HZ`.
MURMUR_BANDS = slice(3, 7)
MURMUR_BANDS_HZ = BANDS_HZ[3:7]
#: 80 to 150 Hz.
LOW_BAND = 3
#: All bands but 60 to 100 Hz, which overlaps its neighbours.
PROFILE_BANDS = (0, 1, 3, 4, 5, 6, 7)
#: Late diastole counts as no quieter than this share of S2's power: a noise gate's silence is no reference.
LEAST_POWER = 1e-6
#: How far a click reaches into the profile on either side, as a share of systole.
CLICK_REACH = 0.17
#: A part of systole this far above late diastole is filled by sound.
FILLED_DB = 3.0
#: Late diastole this far above the quietest part of diastole is not quiet.
QUIET_DB = 6.0


@dataclass(frozen=True, slots=True)
class MurmurFeatures(Record):
    """The sound of systole above the beat's own late diastole; medians over the trusted beats, levels in dB.

    Attributes
    ----------
    profile_db : tuple of float
        Level above late diastole, 80 to 600 Hz, in ten equal parts of systole from the end of S1 to S2.
    diastole_profile_db : tuple of float
        The same of diastole.
    level_db : float or None
        Power of mid-systole less that of late diastole, against S2, 80 to 600 Hz; None where nothing is left.
    above_quiet_db : float
        Mid-systole above late diastole, in the band between 80 and 600 Hz where it stands out most.
    extent : float
        Share of systole that stands at least 3 dB above late diastole and within 12 dB of the loudest part.
    onset, end : float or None
        Where the filled part begins and ends, as shares of systole; None where nothing is filled.
    peak : float
        Where the profile is largest, as a share of systole.
    evenness_db : float
        Spread (largest less least) of the profile over the inner systole.
    rise_db, fall_db : float
        From the first fifth of systole up to the loudest part, and down from there to the last fifth.
    above_late_diastole_by_band_db, against_s2_by_band_db : tuple of float
        Mid-systole above late diastole and against S2 in the four bands from 80 to 600 Hz.
    low_against_s1_db, low_against_s2_db : float
        Mid-systole between 80 and 150 Hz, where a rough murmur is loud, against S1 and S2.
    late_diastole_db : float
        Late diastole against S2, 80 to 600 Hz.
    late_diastole_quiet : bool
        Whether late diastole is itself quiet: within 6 dB of the quietest part of diastole.
    spectrum : SpectralShape or None
        Pitch and character of mid-systole with late diastole's spectrum taken off.
    """

    profile_db: tuple[float, ...]
    diastole_profile_db: tuple[float, ...]
    level_db: float | None
    above_quiet_db: float
    extent: float
    onset: float | None
    end: float | None
    peak: float
    evenness_db: float
    rise_db: float
    fall_db: float
    above_late_diastole_by_band_db: tuple[float, ...]
    against_s2_by_band_db: tuple[float, ...]
    low_against_s1_db: float
    low_against_s2_db: float
    late_diastole_db: float
    late_diastole_quiet: bool
    spectrum: SpectralShape | None


def _power(level_db: NDArray[np.floating[Any]]) -> Array:
    power: Array = np.exp(level_db * np.float64(np.log(10.0) / 10.0))
    return power


def _decibels(power: Array) -> Array:
    level_db: Array = 10.0 * np.log10(np.maximum(power, 1e-15))
    return level_db


def mid_systole_db(levels: CycleLevels) -> Array:
    """Mid-systole above late diastole between 80 and 600 Hz, of every cycle, shape (cycles,)."""
    systole = _power(levels.systole[:, INNER, MURMUR_BANDS]).sum(axis=2).mean(axis=1)
    late = _power(levels.diastole[:, LATE, MURMUR_BANDS]).sum(axis=2).mean(axis=1)
    s2 = _power(levels.s2[:, MURMUR_BANDS]).sum(axis=1)
    return _decibels(systole / np.maximum(late, LEAST_POWER * s2))


def describe_murmur(levels: CycleLevels, trusted: NDArray[np.bool_], click: float | None = None) -> MurmurFeatures | None:
    """Sum up the trusted cycles; None where there are none.

    `click` is where a click lies, as a share of systole: there the murmur's profile runs straight from before it to after.
    """
    if not trusted.any():
        return None
    s1_db, s2_db, systole_db = levels.s1[trusted], levels.s2[trusted], levels.systole[trusted]
    by_band = _power(systole_db[:, :, MURMUR_BANDS]), _power(levels.diastole[trusted][:, :, MURMUR_BANDS])
    systole, diastole = (power.sum(axis=2) for power in by_band)
    s2 = _power(s2_db[:, MURMUR_BANDS]).sum(axis=1)
    late = np.maximum(diastole[:, LATE].mean(axis=1), LEAST_POWER * s2)
    mid_db = _decibels(by_band[0][:, INNER].mean(axis=1))
    low_db = systole_db[:, INNER, LOW_BAND].mean(axis=1, dtype=np.float64)
    medians = median_columns(
        profile=_decibels(systole / late[:, None]),
        diastole_profile=_decibels(diastole / late[:, None]),
        excess=systole[:, INNER].mean(axis=1) / s2 - late / s2,
        above_late=mid_db - _decibels(by_band[1][:, LATE].mean(axis=1)),
        against_s2=mid_db - s2_db[:, MURMUR_BANDS],
        low_against_s1=low_db - s1_db[:, LOW_BAND],
        low_against_s2=low_db - s2_db[:, LOW_BAND],
        late=_decibels(late / s2),
        systole_spectrum=levels.systole_spectrum[trusted],
        late_spectrum=levels.late_diastole_spectrum[trusted],
    )
    profile, diastole_profile = medians["profile"], medians["diastole_profile"]
    if click is not None:
        profile = _bridge(profile, click)
    above_late, excess = medians["above_late"], float(medians["excess"][0])
    # the outermost parts hold the tails of S1 and S2: their neighbours speak for them
    inner = profile.copy()
    inner[0] = min(inner[0], inner[1])
    inner[-1] = min(inner[-1], inner[-2])
    filled = (inner >= FILLED_DB) & (inner >= inner[INNER].max() - 12.0)
    where = np.flatnonzero(filled)
    noise_free = _power(medians["systole_spectrum"]) - _power(medians["late_spectrum"])
    return MurmurFeatures(
        profile_db=tuple(profile.tolist()),
        diastole_profile_db=tuple(diastole_profile.tolist()),
        level_db=10.0 * math.log10(max(excess, 1e-15)) if excess > 0 else None,
        above_quiet_db=float(above_late.max()),
        extent=float(filled.mean()),
        onset=float(where[0] / N_PARTS) if where.size else None,
        end=float((where[-1] + 1) / N_PARTS) if where.size else None,
        peak=float((inner.argmax() + 0.5) / N_PARTS),
        evenness_db=float(np.ptp(inner[1:9])),
        rise_db=float(inner.max() - inner[:2].min()),
        fall_db=float(inner.max() - inner[-2:].min()),
        above_late_diastole_by_band_db=tuple(above_late.tolist()),
        against_s2_by_band_db=tuple(medians["against_s2"].tolist()),
        low_against_s1_db=float(medians["low_against_s1"][0]),
        low_against_s2_db=float(medians["low_against_s2"][0]),
        late_diastole_db=float(medians["late"][0]),
        late_diastole_quiet=bool(diastole_profile[1:].min() > -QUIET_DB),
        spectrum=describe_spectrum(np.maximum(noise_free, 0.0)),
    )


def _bridge(profile: Array, place: float) -> Array:
    """Replace the parts of systole that a short sound reaches by the straight line across them."""
    parts = np.arange(N_PARTS)
    outside = np.abs((parts + 0.5) / N_PARTS - place) > CLICK_REACH
    return np.interp(parts, parts[outside], profile[outside])


def _names() -> tuple[str, ...]:
    bands = [f"{BANDS_HZ[b][0]}-{BANDS_HZ[b][1]} Hz" for b in PROFILE_BANDS]
    every = [f"{low}-{high} Hz" for low, high in BANDS_HZ]
    names = [f"systole part {p} above late diastole, {b}" for p in range(N_PARTS // 2) for b in bands]
    names += [f"mid-systole against S2, {b}" for b in bands]
    names += [f"mid-systole against S1, {b}" for b in bands]
    names += [f"early diastole above late, {b}" for b in bands]
    names += [f"mid-diastole above late, {b}" for b in bands]
    names += [f"late diastole against S2, {b}" for b in bands]
    names += [f"S1 against S2, {b}" for b in every]
    names += [f"mid-systole above mean diastole, {b}" for b in bands]
    names += [f"lower fifth of mid-systole above late diastole, {b}" for b in bands]
    names += [f"upper fifth of mid-systole above late diastole, {b}" for b in bands]
    names += ["log2 cycle", "systole share", "systole profile spread", "systole profile slope", "systole profile bulge"]
    return tuple(names)


#: What each element of `murmur_vector` is.
VECTOR_NAMES = _names()


def murmur_vector(levels: CycleLevels, bounds_s: Array, trusted: NDArray[np.bool_]) -> Array:
    """Describe a recording to the murmur model: robust summaries over the trusted cycles, shape (len(VECTOR_NAMES),).

    All levels are differences in dB within a cycle, so that neither gain nor the sensor's response counts.
    """
    bands = list(PROFILE_BANDS)
    systole = levels.systole[trusted][:, :, bands].astype(np.float64)
    diastole = levels.diastole[trusted][:, :, bands].astype(np.float64)
    s1, s2 = levels.s1[trusted], levels.s2[trusted]
    late = diastole[:, LATE].mean(axis=1)
    mid = systole[:, INNER].mean(axis=1)
    pairs = 0.5 * (systole[:, 0::2] + systole[:, 1::2])
    bounds = bounds_s[trusted]
    cycle = bounds[:, 4] - bounds[:, 0]
    summed = np.concatenate(
        [
            (pairs - late[:, None, :]).reshape(cycle.size, -1),
            mid - s2[:, bands],
            mid - s1[:, bands],
            diastole[:, EARLY].mean(axis=1) - late,
            diastole[:, MIDDLE].mean(axis=1) - late,
            late - s2[:, bands],
            s1 - s2,
            mid - diastole.mean(axis=1),
            np.log2(cycle)[:, None],
            ((bounds[:, 2] - bounds[:, 0]) / cycle)[:, None],
        ],
        axis=1,
    )
    medians, above_late = median(summed), mid - late
    broad = medians[: pairs.shape[1] * len(bands)].reshape(-1, len(bands))[:, 2:6].mean(axis=1)
    shape = [np.ptp(broad[1:4]), broad[3] - broad[1], broad[2] - 0.5 * (broad[1] + broad[3])]
    return np.concatenate([medians[:-2], quantile(above_late, 0.2), quantile(above_late, 0.8), medians[-2:], shape])
