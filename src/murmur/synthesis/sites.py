"""The same patient at another auscultation site."""

from __future__ import annotations

from dataclasses import replace

from murmur.synthesis.checks import check_name
from murmur.synthesis.phantom import Murmur, Phantom

__all__ = ["SITES", "at_site"]

# S1 against S2 at a site; what is lost there of gallops, which are sounds of the apex; and what is lost of a
# murmur on the way from where it is loudest: the apex radiates to the axilla and hardly to the base, the
# aortic area along the outflow and to the apex.
_S1_AT_SITE_DB = {"AV": -1.0, "PV": -1.5, "TV": 1.5, "MV": 0.0, "Erb": 0.0, "Ax": 0.0}
_GALLOP_AT_SITE_DB = {"AV": -10.0, "PV": -8.0, "TV": -3.0, "MV": 0.0, "Erb": -4.0, "Ax": -5.0}
_MURMUR_AT_SITE_DB = {
    "MV": {"MV": 0.0, "Ax": -3.0, "TV": -6.0, "Erb": -7.0, "PV": -11.0, "AV": -13.0},
    "AV": {"AV": 0.0, "PV": -3.0, "Erb": -4.0, "TV": -7.0, "MV": -8.0, "Ax": -16.0},
    "PV": {"PV": 0.0, "AV": -4.0, "Erb": -4.0, "TV": -7.0, "MV": -10.0, "Ax": -14.0},
    "TV": {"TV": 0.0, "Erb": -4.0, "MV": -6.0, "PV": -7.0, "AV": -10.0, "Ax": -13.0},
    "Erb": {"Erb": 0.0, "AV": -4.0, "PV": -4.0, "TV": -4.0, "MV": -6.0, "Ax": -13.0},
}
SITES: tuple[str, ...] = tuple(_S1_AT_SITE_DB)
"""Auscultation sites that `at_site` knows."""


def at_site(phantom: Phantom, site: str, loudest: str = "MV") -> Phantom:
    """Move the sensor: the same patient at another auscultation site.

    Changes S1 against S2 to what is normal there, takes from the murmurs what is lost on the way from where
    they are loudest, and from S3 and S4 what is lost away from the apex.

    Parameters
    ----------
    phantom : Phantom
        The patient where the murmur is loudest and, for S3 and S4, at the apex.
    site : str
        Where to listen: one of `SITES`.
    loudest : str
        Where the murmur is loudest: "AV", "PV", "TV", "MV" or "Erb".

    Returns
    -------
    Phantom
        The patient there.

    Raises
    ------
    ParameterError
        If a site is not known.
    """
    check_name("site", site, SITES)
    check_name("loudest", loudest, tuple(_MURMUR_AT_SITE_DB))
    lost_db = _MURMUR_AT_SITE_DB[loudest][site]

    def moved(murmur: Murmur | None) -> Murmur | None:
        return None if murmur is None else replace(murmur, level_db=murmur.level_db + lost_db)

    def fainter(level_db: float | None) -> float | None:
        return None if level_db is None else level_db + _GALLOP_AT_SITE_DB[site]

    return replace(
        phantom,
        s1_over_s2_db=_S1_AT_SITE_DB[site],
        s3_level_db=fainter(phantom.s3_level_db),
        s4_level_db=fainter(phantom.s4_level_db),
        systolic_murmur=moved(phantom.systolic_murmur),
        diastolic_murmur=moved(phantom.diastolic_murmur),
    )
