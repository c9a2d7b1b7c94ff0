"""Patient, auscultation site and body position, as file names and people spell them."""

from __future__ import annotations

import hashlib
import re

from murmur.errors import ParameterError

__all__ = ["POSITIONS", "SITES", "canonical_position", "canonical_site", "file_name", "match_name"]

#: Of a name that is to be a file's.
_LONGEST_NAME = 80

SITES = ("AV", "PV", "TV", "MV", "Erb", "Ax", "other")
"""The canonical auscultation sites: four valves (MV is the apex), Erb's point, axilla, elsewhere."""

POSITIONS = ("sit", "sup", "left")
"""The canonical body positions: sitting, supine, left lateral."""

# Short codes are the ones file names use. Words are accepted from people only: in a file name "mitral" or
# "aortic" more often names the disease than the site.
_SITE_CODES = {
    "av": "AV",
    "aor": "AV",
    "pv": "PV",
    "pul": "PV",
    "tv": "TV",
    "tri": "TV",
    "mv": "MV",
    "mit": "MV",
    "apex": "MV",
    "erb": "Erb",
    "ax": "Ax",
    "phc": "other",
}
_SITE_WORDS = {
    "aortic": "AV",
    "pulmonary": "PV",
    "pulmonic": "PV",
    "tricuspid": "TV",
    "mitral": "MV",
    "axilla": "Ax",
    "other": "other",
}
_SITES_BY_ALIAS = _SITE_CODES | _SITE_WORDS
_POSITIONS_BY_ALIAS = {"sit": "sit", "sitting": "sit", "sup": "sup", "supine": "sup", "left": "left"}

# Letters that number a take, a channel or a file and not a patient: "take2_AV" says nothing about who it was.
# Site and position codes are as little the beginning of an id: "MV_1_AV" follows no scheme we know.
_NOT_A_PATIENT = {
    "aud",
    "ch",
    "chan",
    "clip",
    "day",
    "exam",
    "file",
    "lead",
    "part",
    "pcg",
    "rec",
    "run",
    "seg",
}
_NOT_A_PATIENT |= {"set", "take", "test", "trk", "ver", "wav", *_SITES_BY_ALIAS, *_POSITIONS_BY_ALIAS}

_SCHEME = re.compile(
    rf"""
    (?!(?:19|20)\d\d[01]\d[0-3]\d_)                    # a date would join everyone heard on that day
    (?P<patient> (?: (?P<prefix>[A-Z]{{1,4}}) [_-]? )? \d{{1,10}} )
    (?: _ (?P<position> {"|".join(_POSITIONS_BY_ALIAS)} ) )?
    _ (?P<site> {"|".join(_SITE_CODES)} )
    (?: _ \d{{1,2}} )?                                 # a second recording at the same site
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def file_name(name: str) -> str:
    """Spell a name, of a patient say, so that it can be a file's; two names never give one file name."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    if safe == name.upper() and not safe.startswith((".", "-")) and 0 < len(safe) <= _LONGEST_NAME:
        return safe
    # what was changed, and what differs only in case, is told apart by a few digits of its hash
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[:_LONGEST_NAME].lstrip('.-')}-{digits}"


def match_name(path: str) -> tuple[str, str, str]:
    """Return patient, site and position from the last part of a path, all empty if it follows no known scheme."""
    if "://" in path:  # of a chain of URLs, the innermost file, without its query
        path = path.partition("::")[0].partition("?")[0]
    name = path.replace("\\", "/").rpartition("/")[2]
    match = _SCHEME.fullmatch(name.rpartition(".")[0] or name)
    if match is None or (match["prefix"] or "").lower() in _NOT_A_PATIENT:
        return "", "", ""
    return match["patient"], match["site"], match["position"] or ""


def canonical_site(text: str) -> str:
    """Turn a site as people write it into one of `SITES`.

    Parameters
    ----------
    text : str
        Such as ``"MV"``, ``"Mit"``, ``"mitral"`` or ``"apex"``; case and surrounding space do not matter.
        The empty string, an unknown site, stays empty.

    Returns
    -------
    str
        ``"AV"``, ``"PV"``, ``"TV"``, ``"MV"``, ``"Erb"``, ``"Ax"``, ``"other"`` or ``""``.

    Raises
    ------
    ParameterError
        If it is no known site.
    """
    return _canonical(text, "site", _SITES_BY_ALIAS)


def canonical_position(text: str) -> str:
    """Turn a body position as people write it into one of `POSITIONS`.

    Parameters
    ----------
    text : str
        ``"sit"``, ``"sitting"``, ``"sup"``, ``"supine"`` or ``"left"``; case and surrounding space do not
        matter. The empty string, an unknown position, stays empty.

    Returns
    -------
    str
        ``"sit"``, ``"sup"``, ``"left"`` or ``""``.

    Raises
    ------
    ParameterError
        If it is no known position.
    """
    return _canonical(text, "position", _POSITIONS_BY_ALIAS)


def _canonical(text: str, what: str, by_alias: dict[str, str]) -> str:
    if not isinstance(text, str):
        raise ParameterError(f"{what} must be a string, not {text!r}")
    key = text.strip().lower()
    if not key:
        return ""
    try:
        return by_alias[key]
    except KeyError:
        groups: dict[str, list[str]] = {}
        for alias, canonical in by_alias.items():
            groups.setdefault(canonical, [])
            if alias != canonical.lower():
                groups[canonical].append(alias)
        accepted = ", ".join(f"{name} ({', '.join(aliases)})" if aliases else name for name, aliases in groups.items())
        raise ParameterError(
            f"unknown {what} {text!r}: it must be one of {accepted}, or empty where it is not known"
        ) from None
