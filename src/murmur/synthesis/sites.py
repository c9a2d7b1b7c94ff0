"""The same patient at another auscultation site."""

from __future__ import annotations

from dataclasses import replace

from murmur.synthesis.checks import check_name
from murmur.synthesis.phantom import Murmur, Phantom

# S1 against S2 at each site; the loss of gallops, which are sounds of the apex; and the loss of a murmur on the way from the
# site where it is loudest: from the apex it radiates to the axilla but hardly to the base, from the aortic area along the
# outflow tract and to the apex.
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
"""The auscultation sites of `at_site`."""


def at_site(phantom: Phantom, site: str, loudest: str = "MV") -> Phantom:
    """Move the sensor: the same patient at another auscultation site.

    S1 against S2 becomes what is normal there; murmurs are attenuated by their distance from the site where they are
    loudest, S3 and S4 by their distance from the apex.

    Parameters
    ----------
    phantom : Phantom
        The patient at the site where the murmur is loudest; its S3 and S4 are those at the apex.
    site : str
        Site of the sensor: one of `SITES`.
    loudest : str
        Site where the murmur is loudest: "AV", "PV", "TV", "MV" or "Erb".

    Returns
    -------
    Phantom
        The patient at that site.

    Raises
    ------
    ParameterError
        If a site is unknown.

    See Also
    --------
    synthesize : Records the patient at that site.

    Examples
    --------
    >>> at_apex = Phantom(systolic_murmur=Murmur(level_db=-6.0))
    >>> at_site(at_apex, "AV").systolic_murmur.level_db
    -19.0
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
