"""What a path stands for: a file, a folder of recordings, a glob, a zip archive, or any of these at a URL."""

# ruff: noqa: PTH112, PTH113, PTH120, PTH122, PTH123, PTH100, PTH207
# Plain strings: a million paths, kept as they were given, and links not resolved.

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from murmur.errors import ParameterError
from murmur.io.kinds import SIGNAL_SUFFIXES, SOUND_SUFFIXES
from murmur.io.remote import file_system, is_remote

AUDIO_SUFFIXES = (*SOUND_SUFFIXES, *SIGNAL_SUFFIXES)
"""Suffixes of recordings in a folder; a file that is named explicitly may have any."""


@dataclass(frozen=True, slots=True)
class Found:
    """A path that was found, or why nothing was.

    Attributes
    ----------
    path, root : str
        The path, and the folder below which its segments mirror the folders.
    problem : str
        Why it can't be analyzed; empty if nothing is known against it.
    listed : bool
        Whether it was seen in a listing, so that it exists.
    size, stamp : int or None
        Of a remote file, if its listing has them: its size, and a number that changes with the file.
    """

    path: str
    root: str
    problem: str = ""
    listed: bool = False
    size: int | None = None
    stamp: int | None = None


def expand(path: str) -> Iterator[Found]:
    """Yield what a path stands for, in the order of names; at least one item, which may be a problem."""
    if is_remote(path):
        yield from _remote(path)
    elif path.lower().endswith(".zip") and os.path.isfile(path):
        yield from _remote(f"zip://::{path}")
    elif os.path.isdir(path):
        root = os.path.abspath(path)
        kinds = " ".join(f"*{suffix}" for suffix in AUDIO_SUFFIXES)
        none = Found(path, os.path.dirname(root), f"a folder without recordings ({kinds})")
        yield from _or(none, _walk(path, root, ()))
    elif _is_wild(path) and not os.path.lexists(path):
        root = os.path.abspath(_before_wildcards(path, os.path.dirname))
        yield from _or(Found(path, root, "no file matches"), _matching(path, root))
    else:
        yield Found(path, os.path.dirname(os.path.abspath(path)))


def local_form(url: str) -> str:
    """Return a URL in the form of a local path, for the folders of its segments."""
    return f"/{url.partition('::')[0].partition('?')[0].replace('://', '/')}" if is_remote(url) else url


def _or(none: Found, found: Iterator[Found]) -> Iterator[Found]:
    """Yield what is found, or else what says that nothing is."""
    yield next(found, none)
    yield from found


def _is_wild(path: str) -> bool:
    return any(c in path for c in "*?[")


def _before_wildcards(path: str, parent: Any) -> str:
    while _is_wild(path):
        path = parent(path)
    return path


# --- local ------------------------------------------------------------------------------


def _walk(folder: str, root: str, above: tuple[str, ...]) -> Iterator[Found]:
    try:
        real = os.path.realpath(folder)
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda e: e.name)
    except OSError as error:
        yield Found(folder, root, f"the folder can't be read: {error.strerror or error}")
        return
    if real in above:  # a link back up: everything in it has been seen
        return
    sounds = frozenset(entry.name for entry in entries if entry.name.lower().endswith(SOUND_SUFFIXES))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry.path, root, (*above, real))
        elif entry.name.lower().endswith(AUDIO_SUFFIXES) and not _repeats(entry, sounds):
            yield Found(entry.path, root, listed=True)


def _repeats(header: os.DirEntry[str], sounds: frozenset[str]) -> bool:
    """Return whether it is a WFDB header whose sound is itself a sound file in the folder, by its name or by the header."""
    stem, suffix = os.path.splitext(header.name)
    if suffix != ".hea" or not sounds:
        return False
    if not sounds.isdisjoint(stem + kind for kind in SOUND_SUFFIXES):
        return True
    try:
        with open(header.path, "rb") as file:
            return not sounds.isdisjoint(file.read(2**16).decode("utf-8", "replace").split())
    except OSError:
        return False


def _matching(pattern: str, root: str) -> Iterator[Found]:
    # "*.dat" matches these files whatever they are; "*" and "*.*" the recordings among all
    suffix = os.path.splitext(pattern)[1]
    explicit = len(suffix) > 1 and not _is_wild(suffix)
    for path in sorted(glob.glob(pattern, recursive=True)):
        if os.path.isdir(path):
            if "**" not in pattern:  # which matches what is in it as well
                yield from _walk(path, root, ())
        elif explicit or path.lower().endswith(AUDIO_SUFFIXES):
            yield Found(path, root, listed=True)


# --- remote -----------------------------------------------------------------------------


def _remote(url: str) -> Iterator[Found]:
    try:
        system, path = file_system(url)
        root, wild = path, _is_wild(path)
        if wild:
            root, found = _before_wildcards(path, lambda p: p.rpartition("/")[0]), system.glob(path, detail=True)
        elif path == "" or system.isdir(path):
            found = system.find(path, detail=True)
        else:
            root, found = path.rpartition("/")[0], {path: system.info(path)}
    except ParameterError:
        raise
    except Exception as error:  # each service has errors of its own
        missing = isinstance(error, FileNotFoundError)
        yield Found(url, local_form(url), "no such file" if missing else f"can't be listed: {error or type(error).__name__}")
        return
    none = Found(url, local_form(url), "no file matches" if wild else "a folder without recordings")
    yield from _or(none, _listed(url, path, root, found))


def _listed(url: str, path: str, root: str, found: dict[str, dict[str, Any]]) -> Iterator[Found]:
    inner, chained, outer = url.partition("::")
    scheme, single = f"{inner.partition('://')[0]}://", found.keys() == {path}
    for name, details in sorted(found.items()):
        hidden = any(part.startswith(".") for part in name[len(root) :].split("/"))
        if details.get("type") == "directory" or not (single or (name.lower().endswith(AUDIO_SUFFIXES) and not hidden)):
            continue
        # some services return names with their scheme
        spelled = url if single else scheme + re.sub(r"(?i)^[a-z][a-z0-9+.-]*://", "", str(name)) + chained + outer
        yield Found(spelled, local_form(f"{scheme}{root}"), "", True, details.get("size"), _stamp(details))


def _stamp(details: dict[str, Any]) -> int | None:
    """Return a number that changes when a remote file does, from its entry in a listing."""
    for name in ("LastModified", "mtime", "updated", "last_modified", "CRC", "ETag", "etag"):
        if details.get(name) is not None:
            return int.from_bytes(hashlib.sha256(str(details[name]).encode()).digest()[:7], "big")
    return None
