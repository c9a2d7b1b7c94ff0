"""An output folder: whose results it holds, where its segments lie, and the tables that are made of its database."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from murmur import __version__
from murmur.batch.segments import put, remove
from murmur.batch.store import STORE_NAME, Store
from murmur.batch.worker import load_models
from murmur.errors import OutputError
from murmur.io.remote import is_remote
from murmur.io.writing import discard, made_folder, write_whole
from murmur.settings import Settings
from murmur.tables.export import check_format, export
from murmur.tables.patients import patient_row, patients_of

__all__ = [
    "begin_anew",
    "check_same",
    "count_to_do",
    "deciding_facts",
    "describe",
    "export_tables",
    "made",
    "model_hashes",
    "package_versions",
    "place_segments",
    "sum_up",
]

#: Results are compared by these: another of them, and they are none of this run's.
DECIDING = ("version", "settings", "models", "channel")


def made(out: str | os.PathLike[str]) -> Path:
    """Return the folder, made where there is none."""
    if is_remote(os.fspath(out)):
        raise OutputError(
            f"{os.fspath(out)}: results are written to a folder of this machine; copy it there when it is done"
        )
    folder = made_folder(out)
    made_folder(folder / "segments")
    return folder


def begin_anew(home: Path) -> None:
    """Take away all results that a folder holds."""
    try:
        for name in (STORE_NAME, f"{STORE_NAME}-wal", f"{STORE_NAME}-shm"):
            (home / name).unlink(missing_ok=True)
        shutil.rmtree(home / "segments")
        (home / "segments").mkdir()
    except OSError as error:
        raise OutputError(f"{home}: can't be begun anew: {error.strerror or error}") from error


def deciding_facts(settings: Settings, models_dir: str | None, channel: int | None) -> dict[str, Any]:
    """Return what decides whether results are of one kind."""
    values = (__version__, asdict(settings), model_hashes(models_dir), channel)
    return dict(zip(DECIDING, values, strict=True))


def check_same(store: Store, deciding: dict[str, Any], home: Path | None) -> None:
    """Results of other settings are no part of this run's tables."""
    before = store.facts
    for name in DECIDING:
        if name in before and before[name] != deciding[name]:
            what = name
            if isinstance(before[name], dict):
                changed = [key for key in deciding[name] if before[name].get(key) != deciding[name][key]]
                what = f"{name} ({', '.join(changed)})" if changed else name
            raise OutputError(f"{home}: holds results of other {what}: name another folder, or begin anew with --no-resume")


def place_segments(store: Store, folder: Path) -> None:
    """Put segments of earlier runs where this run's inputs have theirs, and take away those of what it has not."""
    try:
        for misplaced in store.misplaced_segments():
            if misplaced.place:
                remove(folder, misplaced.place)
        for misplaced in store.misplaced_segments():
            if misplaced.wanted:
                put(folder, misplaced.wanted, misplaced.segments)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
    store.place_segments()


def sum_up(store: Store, home: Path, format_: str, settings: Settings, models_dir: str | None) -> int:
    """Join recordings to patients and write the tables; return the number of patients."""
    patients = patients_of(store.rows_by_patient(), settings, load_models(models_dir))
    store.replace_patients(map(patient_row, patients))
    return _write_tables(store, home, format_).get("patients", 0)


def count_to_do(folder: str | os.PathLike[str]) -> int:
    """Count the inputs of a run that have no result yet.

    Raises
    ------
    MissingFileError
        If the folder is none of a run.
    """
    with Store.existing(Path(folder)) as store:
        return store.count_to_do()


def export_tables(
    folder: str | os.PathLike[str],
    destination: str | os.PathLike[str] | None = None,
    *,
    format: str = "csv",
) -> dict[str, int]:
    """Write the tables of a run from its database.

    Parameters
    ----------
    folder : str or os.PathLike
        That of the run.
    destination : str or os.PathLike, optional
        A folder to write them into; that of the run by default. Made where there is none.
    format : str, default "csv"
        As of `run`.

    Returns
    -------
    dict of str to int
        How many rows each table has.

    Raises
    ------
    MissingFileError
        If the folder is none of a run.
    ParameterError
        If the tables can't be written in that format.
    OutputError
        If they can't be written there.
    """
    check_format(format)
    with Store.existing(Path(folder)) as store:
        return _write_tables(store, made_folder(folder if destination is None else destination), format)


def _write_tables(store: Store, folder: Path, format_: str) -> dict[str, int]:
    try:
        if not store.has_patients:
            discard(folder / f"patients.{format_}")  # an earlier run's
        return {table.name: export(table, folder, format_) for table in store.tables()}
    except OutputError as error:
        raise OutputError(f"{error} (all results are in {STORE_NAME}: free some space, then run murmur export)") from error


def describe(home: Path, description: dict[str, Any]) -> None:
    """Write ``run.json``."""
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"

    def write(place: Path) -> None:
        place.write_text(text, "utf-8", "backslashreplace")

    write_whole(home / "run.json", write)


def model_hashes(folder: str | None) -> dict[str, str]:
    """Give the SHA-256 of each model in a folder, or of those that ship."""
    import hashlib

    import murmur.pipeline.models

    home = Path(folder) if folder is not None else Path(murmur.pipeline.models.__file__).parent
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(home.glob("*.npz"))}


def package_versions() -> dict[str, str]:
    """Give the versions of what murmur rests on, as far as it is installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "scipy", "numba", "soundfile", "librosa"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
