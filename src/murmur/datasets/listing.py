"""A host's list of the files of a data set: their paths and checksums."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

from murmur.datasets.description import Origin
from murmur.errors import DownloadError

#: PhysioNet separates checksum and path by one space, sha256sum by two, or by a space and an asterisk.
_SUM = re.compile(r"([0-9a-fA-F]{64}) [ *]?(.+)")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as its host lists it.

    Attributes
    ----------
    path : str
        Below the data set's folder, with ``/``; never outside it.
    digest : str
        Its checksum, in hexadecimal.
    kind : str
        "sha256" of its content, or "git", the id of its git blob.
    """

    path: str
    digest: str
    kind: Literal["sha256", "git"] = "sha256"

    def digest_of(self, path: Path) -> str:
        """Return the checksum of a local file, of the same kind."""
        if self.kind == "sha256":
            digest = hashlib.sha256()
        else:  # git puts a header with the size before a blob
            digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: digest).hexdigest()


def read_sums(text: str, label: str) -> list[Listed]:
    """Read checksums as PhysioNet publishes them (``SHA256SUMS.txt``), or as ``sha256sum`` writes them.

    Parameters
    ----------
    text : str
        Lines of a checksum, a space (two, or one with ``*``), and a path.
    label : str
        Name of the list in errors.

    Returns
    -------
    list of Listed
        Each path once.

    Raises
    ------
    DownloadError
        If a line has another form, or a path leads out of the folder; such a list is rejected as a whole.
    """
    listed: dict[str, Listed] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _SUM.fullmatch(line)
        if match is None:
            raise DownloadError(f"{label}: line {number}: not a SHA-256 and a path: {line[:80]!r}")
        path = _safe(match[2], f"{label}: line {number}")
        listed[path] = Listed(path, match[1].lower())
    return list(listed.values())


def read_git_tree(text: str, label: str) -> list[Listed]:
    """Read a tree as GitHub's API returns it (``/repos/OWNER/NAME/git/trees/HEAD?recursive=1``).

    Raises
    ------
    DownloadError
        If it has another form, is truncated, or a path leads out of the folder.
    """
    try:
        tree = json.loads(text)
        blobs = [(str(entry["path"]), str(entry["sha"])) for entry in tree["tree"] if entry["type"] == "blob"]
        truncated = bool(tree.get("truncated"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DownloadError(f"{label}: not a git tree as GitHub's API returns it: {error!r}") from error
    if truncated:
        raise DownloadError(f"{label}: the tree is truncated, so not every file is known")
    return [Listed(_safe(path, label), digest, "git") for path, digest in blobs]


def _safe(path: str, label: str) -> str:
    """Return a path that stays within its folder on any system; otherwise, raise DownloadError."""
    path = path.removeprefix("./")
    parts = path.split("/")
    wrong = (
        PurePosixPath(path).is_absolute()
        or PureWindowsPath(path).drive
        or "\\" in path
        or any(part in {"", ".", ".."} for part in parts)
        or any(ord(c) < 32 for c in path)
    )
    if wrong:
        raise DownloadError(f"{label}: {path[:80]!r} leads out of the folder, or is not a file name: list rejected")
    return path


def choose(listed: Iterable[Listed], only: Iterable[str], origin: Origin) -> list[Listed]:
    """Choose which files to fetch.

    Parameters
    ----------
    listed : iterable of Listed
    only : iterable of str
        Patterns of paths (``*``, ``?`` and ``[…]``; ``*`` also matches ``/``). Without any, all files but those that the
        origin leaves out.
    origin : Origin

    Returns
    -------
    list of Listed
        With patterns, also the tables beside and above the files that match, which are needed to read them; empty if
        nothing matches.
    """
    listed, patterns = list(listed), list(only)
    if not patterns:
        return [item for item in listed if not _matches(item.path, origin.left_out)]
    wanted = {item.path for item in listed if _matches(item.path, patterns)}
    folders = {str(parent) for path in wanted for parent in PurePosixPath(path).parents}
    return [
        item
        for item in listed
        if item.path in wanted or (_matches(item.path, origin.tables) and str(PurePosixPath(item.path).parent) in folders)
    ]


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
