"""The murmur: how much of systole it fills, where, how loud it is, and its shape and pitch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.comparison import COLUMNS, MURMUR_BANDS, PROFILE_BANDS, CycleSummary
from murmur.measure.cycles import BANDS_HZ, N_PARTS
from murmur.measure.robust import median
from murmur.measure.spectrum import SpectralShape, describe_spectrum
from murmur.records import Record

Array = NDArray[np.float64]

#: Parts of systole away from S1 and S2.
INNER = slice(2, 8)
MURMUR_BANDS_HZ = tuple(BANDS_HZ[band] for band in range(MURMUR_BANDS.start, MURMUR_BANDS.stop))
#: How far a click reaches into the profile on either side, as a share of systole.
CLICK_REACH = 0.17
#: A part of systole this far above late diastole is filled by sound.
FILLED_DB = 3.0
#: A part this far below the loudest part of inner systole is not filled.
FILLED_BELOW_DB = 12.0
#: Late diastole this far above the quietest part of diastole is not quiet.
QUIET_DB = 6.0


@dataclass(frozen=True, slots=True)
class MurmurFeatures(Record):
    """The sound of systole above the late diastole of the same cycle; medians over the trusted cycles, levels in dB.

    Attributes
    ----------
    profile_db : tuple of float
        Level above late diastole, 80 to 600 Hz, in ten equal parts of systole, from the end of S1 to S2.
    diastole_profile_db : tuple of float
        The same for diastole.
    profile_low_db, profile_high_db, diastole_profile_low_db, diastole_profile_high_db : tuple of float
        Quantiles of the same over the cycles, 10 % and 90 %.
    level_db : float or None
        Power of mid-systole less that of late diastole, against S2, 80 to 600 Hz; None where nothing remains.
    above_quiet_db : float
        Mid-systole above late diastole, in the band between 80 and 600 Hz where it stands out most.
    extent : float
        Share of systole that stands at least 3 dB above late diastole and within 12 dB of the loudest part.
    onset, end : float or None
        Where the filled part begins and ends, as shares of systole; None where nothing is filled.
    peak : float
        Where the profile is largest, as a share of systole.
    evenness_db : float
        Range of the profile, largest less least, over the inner systole.
    rise_db, fall_db : float
        From the first fifth of systole up to the loudest part, and down from there to the last fifth.
    above_late_diastole_by_band_db, against_s2_by_band_db : tuple of float
        Mid-systole above late diastole and against S2 in the four bands from 80 to 600 Hz.
    low_against_s1_db, low_against_s2_db : float
        Mid-systole between 80 and 150 Hz, where a rough murmur is loud, against S1 and S2.
    late_diastole_db : float
        Late diastole against S2, 80 to 600 Hz.
    late_diastole_quiet : bool
        Whether late diastole is quiet: within 6 dB of the quietest part of diastole.
    spectrum : SpectralShape or None
        Spectrum of mid-systole less that of late diastole.
    """

    profile_db: tuple[float, ...]
    diastole_profile_db: tuple[float, ...]
    profile_low_db: tuple[float, ...]
    profile_high_db: tuple[float, ...]
    diastole_profile_low_db: tuple[float, ...]
    diastole_profile_high_db: tuple[float, ...]
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


def _power(level_db: Array) -> Array:
    power: Array = np.exp(level_db * (np.log(10.0) / 10.0))
    return power


def describe_murmur(summary: CycleSummary, click: float | None) -> MurmurFeatures:
    """Summarize the trusted cycles, of which there must be one.

    Parameters
    ----------
    summary : CycleSummary
        Of the trusted cycles.
    click : float, optional
        Where a click lies, as a share of systole; there the murmur's profile is interpolated from before it to after it.
    """
    medians = {name: summary.medians[columns] for name, columns in COLUMNS.items()}
    profile, diastole_profile = medians["profile"], medians["diastole_profile"]
    if click is not None:
        profile = _bridge(profile, click)
    above_late, excess = medians["above_late_by_band"].tolist(), float(medians["excess"][0])
    tailless, filled = _filled(profile[None])
    inner, where = tailless[0].tolist(), np.flatnonzero(filled[0]).tolist()
    top = max(inner)
    low, high = (
        {name: tuple(summary.quantiles[share][COLUMNS[name]].tolist()) for name in ("profile", "diastole_profile")}
        for share in (0.1, 0.9)
    )
    noise_free = _power(medians["systole_spectrum"]) - _power(medians["late_spectrum"])
    return MurmurFeatures(
        profile_db=tuple(profile.tolist()),
        diastole_profile_db=tuple(diastole_profile.tolist()),
        profile_low_db=low["profile"],
        profile_high_db=high["profile"],
        diastole_profile_low_db=low["diastole_profile"],
        diastole_profile_high_db=high["diastole_profile"],
        level_db=10.0 * math.log10(max(excess, 1e-15)) if excess > 0 else None,
        above_quiet_db=max(above_late),
        extent=len(where) / N_PARTS,
        onset=where[0] / N_PARTS if where else None,
        end=(where[-1] + 1) / N_PARTS if where else None,
        peak=(inner.index(top) + 0.5) / N_PARTS,
        evenness_db=max(inner[1:9]) - min(inner[1:9]),
        rise_db=top - min(inner[:2]),
        fall_db=top - min(inner[-2:]),
        above_late_diastole_by_band_db=tuple(above_late),
        against_s2_by_band_db=tuple(medians["against_s2_by_band"].tolist()),
        low_against_s1_db=float(medians["low_against_s1"][0]),
        low_against_s2_db=float(medians["low_against_s2"][0]),
        late_diastole_db=float(medians["late_diastole"][0]),
        late_diastole_quiet=min(diastole_profile.tolist()[1:]) > -QUIET_DB,
        spectrum=describe_spectrum(np.maximum(noise_free, 0.0)),
    )


def cycle_extents(profiles_db: Array) -> Array:
    """Return the share of systole that is filled in each cycle, by the rule of `MurmurFeatures.extent`.

    Parameters
    ----------
    profiles_db : ndarray, shape (cycles, parts)
        Level of each cycle above its own late diastole, clicks included.

    Returns
    -------
    ndarray, shape (cycles,)
    """
    shares: Array = _filled(profiles_db)[1].mean(axis=1)
    return shares


def _filled(profiles_db: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the profiles (cycles, parts) without the tails of S1 and S2, and which parts a murmur fills."""
    inner = profiles_db.copy()
    # the outermost parts hold those tails, so they are no louder than their neighbours
    inner[:, 0], inner[:, -1] = profiles_db[:, :2].min(axis=1), profiles_db[:, -2:].min(axis=1)
    least = np.maximum(inner[:, INNER].max(axis=1) - FILLED_BELOW_DB, FILLED_DB)
    return inner, inner >= least[:, None]


def _bridge(profile: Array, place: float) -> Array:
    """Interpolate the parts of systole that a short sound reaches."""
    parts = np.arange(N_PARTS)
    outside = np.abs((parts + 0.5) / N_PARTS - place) > CLICK_REACH
    return np.interp(parts, parts[outside], profile[outside])


PROFILE_BANDS_HZ = tuple(BANDS_HZ[band] for band in PROFILE_BANDS)
#: Columns of a `Comparison` whose medians `murmur_vector` takes, and what they are.
VECTOR_MEDIANS = {
    "pairs_above_late": [f"systole part {part} above late diastole" for part in range(N_PARTS // 2)],
    "mid_against_s2": ["mid-systole against S2"],
    "mid_against_s1": ["mid-systole against S1"],
    "early_above_late": ["early diastole above late"],
    "middle_above_late": ["mid-diastole above late"],
    "late_against_s2": ["late diastole against S2"],
    "s1_against_s2": ["S1 against S2"],
    "mid_above_diastole": ["mid-systole above mean diastole"],
}
#: What each element of `murmur_vector` is.
VECTOR_NAMES = (
    *(
        f"{text}, {low}-{high} Hz"
        for column, texts in VECTOR_MEDIANS.items()
        for text in texts
        for low, high in (BANDS_HZ if column == "s1_against_s2" else PROFILE_BANDS_HZ)
    ),
    *(f"lower fifth of mid-systole above late diastole, {low}-{high} Hz" for low, high in PROFILE_BANDS_HZ),
    *(f"upper fifth of mid-systole above late diastole, {low}-{high} Hz" for low, high in PROFILE_BANDS_HZ),
    *("log2 cycle", "systole share", "systole profile spread", "systole profile slope", "systole profile bulge"),
)


def murmur_vector(summary: CycleSummary, bounds_s: Array) -> Array:
    """Return what the trees of the murmur model take: medians and quantiles over the trusted cycles.

    Parameters
    ----------
    summary : CycleSummary
        Of the trusted cycles.
    bounds_s : ndarray, shape (cycles, 5)
        Boundaries of the same cycles: S1, systole, S2, diastole, next S1.

    Returns
    -------
    ndarray, shape (len(VECTOR_NAMES),)
    """
    cycle = bounds_s[:, 4] - bounds_s[:, 0]
    medians = summary.medians
    broad = (medians[COLUMNS["pairs_above_late"]].reshape(-1, len(PROFILE_BANDS))[:, 2:6].sum(axis=1) / 4.0).tolist()
    return np.concatenate(
        [
            *(medians[COLUMNS[name]] for name in VECTOR_MEDIANS),
            *(summary.quantiles[share][COLUMNS["mid_above_late"]] for share in (0.2, 0.8)),
            [median(np.log2(cycle)), median((bounds_s[:, 2] - bounds_s[:, 0]) / cycle)],
            [max(broad[1:4]) - min(broad[1:4]), broad[3] - broad[1], broad[2] - 0.5 * (broad[1] + broad[3])],
        ]
    )
