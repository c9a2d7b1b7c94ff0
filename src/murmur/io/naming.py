"""Patient, auscultation site and body position, as file names and people write them."""

from __future__ import annotations

import hashlib
import re

from murmur.errors import ParameterError

#: Longest part of a name that `file_name` keeps.
_LONGEST_NAME = 80

#: Each site's codes, as file names use them, and words, accepted from people only: in a file name "mitral" more often names
#: the disease than the site. AV, PV, TV and MV (the apex) are the valves, Erb is Erb's point, Ax the axilla.
_SITE_ALIASES = {
    "AV": (("av", "aor"), ("aortic",)),
    "PV": (("pv", "pul"), ("pulmonary", "pulmonic")),
    "TV": (("tv", "tri"), ("tricuspid",)),
    "MV": (("mv", "mit", "apex"), ("mitral",)),
    "Erb": (("erb",), ()),
    "Ax": (("ax",), ("axilla",)),
    "other": (("phc",), ("other",)),
}
_SITES_BY_CODE = {code: site for site, (codes, _) in _SITE_ALIASES.items() for code in codes}
_SITES_BY_ALIAS = _SITES_BY_CODE | {word: site for site, (_, words) in _SITE_ALIASES.items() for word in words}
_POSITIONS_BY_ALIAS = {"sit": "sit", "sitting": "sit", "sup": "sup", "supine": "sup", "left": "left"}

SITES = tuple(_SITE_ALIASES)
"""The canonical auscultation sites: four valves (MV is the apex), Erb's point, axilla, elsewhere."""

POSITIONS = tuple(dict.fromkeys(_POSITIONS_BY_ALIAS.values()))
"""The canonical body positions: sitting, supine, left lateral."""

#: Letters that number a take, a channel or a file, not a patient: "take2_AV" does not say who it was. Nor can the code of a
#: site or position begin an id: "MV_1_AV" follows no known scheme.
_NOT_A_PATIENT = {
    *("aud", "ch", "chan", "clip", "day", "exam", "file", "lead", "part", "pcg", "rec", "run", "seg", "set", "take", "test"),
    *("trk", "ver", "wav", *_SITES_BY_ALIAS, *_POSITIONS_BY_ALIAS),
}

_SCHEME = re.compile(
    rf"""
    (?!(?:19|20)\d\d[01]\d[0-3]\d_)                    # a date would join everyone recorded that day
    (?P<patient> (?: (?P<prefix>[A-Z]{{1,4}}) [_-]? )? \d{{1,10}} )
    (?: _ (?P<position> {"|".join(_POSITIONS_BY_ALIAS)} ) )?
    _ (?P<site> {"|".join(_SITES_BY_CODE)} )
    (?: _ \d{{1,2}} )?                                 # a second recording at the same site
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def file_name(name: str) -> str:
    """Turn a name, such as a patient's, into a file name; different names give different file names."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    if safe == name.upper() and not safe.startswith((".", "-")) and 0 < len(safe) <= _LONGEST_NAME:
        return safe
    # A few digits of its hash keep apart names that were changed, or differ only in case.
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[:_LONGEST_NAME].lstrip('.-')}-{digits}"


def file_path(path: str) -> str:
    """Return a path as it is, a URL without its query; of chained URLs, that of the innermost file."""
    return path.partition("::")[0].partition("?")[0] if "://" in path else path


def match_name(path: str) -> tuple[str, str, str]:
    """Return patient, site and position from the last part of a path, all empty if it follows no known scheme."""
    name = file_path(path).replace("\\", "/").rpartition("/")[2]
    match = _SCHEME.fullmatch(name.rpartition(".")[0] or name)
    if match is None or (match["prefix"] or "").lower() in _NOT_A_PATIENT:
        return "", "", ""
    return match["patient"], match["site"], match["position"] or ""


def canonical_site(text: str) -> str:
    """Turn a site as people write it into one of `SITES`.

    Parameters
    ----------
    text : str
        Such as ``"MV"``, ``"Mit"``, ``"mitral"`` or ``"apex"``; case and surrounding space are ignored. The empty string
        stands for an unknown site, and stays empty.

    Returns
    -------
    str
        ``"AV"``, ``"PV"``, ``"TV"``, ``"MV"``, ``"Erb"``, ``"Ax"``, ``"other"`` or ``""``.

    Raises
    ------
    ParameterError
        If the site is unknown.
    """
    return _canonical(text, "site", _SITES_BY_ALIAS)


def canonical_position(text: str) -> str:
    """Turn a body position as people write it into one of `POSITIONS`.

    Parameters
    ----------
    text : str
        ``"sit"``, ``"sitting"``, ``"sup"``, ``"supine"`` or ``"left"``; case and surrounding space are ignored. The empty
        string stands for an unknown position, and stays empty.

    Returns
    -------
    str
        ``"sit"``, ``"sup"``, ``"left"`` or ``""``.

    Raises
    ------
    ParameterError
        If the position is unknown.
    """
    return _canonical(text, "position", _POSITIONS_BY_ALIAS)


def _canonical(text: str, what: str, by_alias: dict[str, str]) -> str:
    if not isinstance(text, str):
        raise ParameterError(f"{what} must be a string, not {text!r}")
    key = text.strip().lower()
    if key and key not in by_alias:
        names = dict.fromkeys(by_alias.values())
        aliases = {name: [a for a, n in by_alias.items() if n == name and a != name.lower()] for name in names}
        known = ", ".join(f"{name} ({', '.join(others)})" if others else name for name, others in aliases.items())
        raise ParameterError(f"unknown {what} {text!r}: must be one of {known}, or empty if it is not known")
    return by_alias.get(key, "")
