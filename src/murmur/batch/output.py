"""An output folder: whose results it holds, where its segments lie, and the tables that are made from its database."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from murmur import __version__
from murmur.batch.inputs import Input
from murmur.batch.options import RunOptions
from murmur.batch.progress import Summary
from murmur.batch.segments import put, remove
from murmur.batch.store import STORE_NAME, Store
from murmur.errors import OutputError
from murmur.io.remote import is_remote
from murmur.io.writing import discard, made_folder, sole_writer, write_text
from murmur.tables.export import check_format, export
from murmur.tables.patients import patient_row, patients_of

#: Results that differ in one of these are not compared, nor kept in one folder.
DECIDING = ("version", "settings", "models", "channel")


@contextlib.contextmanager
def opened(options: RunOptions) -> Iterator[Path | None]:
    """Yield the output folder, held against other runs; None for a run without one.

    Raises
    ------
    OutputError
        If it can't be written, or another run is writing to it.
    """
    if options.out is None:
        yield None
        return
    if is_remote(os.fspath(options.out)):
        raise OutputError(f"{os.fspath(options.out)}: results are written to a local folder; copy it there when it is done")
    folder = made_folder(options.out)
    made_folder(folder / "segments")
    with sole_writer(folder):
        if not options.resume:
            _empty(folder)
        yield folder


def _empty(folder: Path) -> None:
    try:
        for name in (STORE_NAME, f"{STORE_NAME}-wal", f"{STORE_NAME}-shm"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "segments")
        (folder / "segments").mkdir()
    except OSError as error:
        raise OutputError(f"{folder}: earlier results can't be removed: {error.strerror or error}") from error


def begin(store: Store, inputs: Iterable[Input], folder: Path | None, options: RunOptions, started: datetime) -> int:
    """Give a store the inputs of a run, and drop what it has of them that is outdated; return the number of inputs.

    Raises
    ------
    OutputError
        If it holds results of other settings, or segments can't be moved.
    MissingFileError
        If none of the inputs exists, while it holds results of others.
    """
    deciding = _deciding(options)
    _check_same(store, deciding, folder)
    store.note(deciding | {"command": options.command, "started": started.isoformat(timespec="seconds")})
    total = store.ask_for(inputs)
    if options.retry_failed:
        store.drop_failed()
    if folder is not None:
        _move_segments(store, folder / "segments")
    store.drop_stale()
    return total


def _deciding(options: RunOptions) -> dict[str, Any]:
    from murmur.pipeline.models import model_hashes

    values = (__version__, asdict(options.settings), model_hashes(options.models_dir), options.channel)
    return dict(zip(DECIDING, values, strict=True))


def _check_same(store: Store, deciding: dict[str, Any], folder: Path | None) -> None:
    before = store.facts
    for name in DECIDING:
        if name in before and before[name] != deciding[name]:
            what = name
            if isinstance(before[name], dict):
                changed = [key for key in deciding[name] if before[name].get(key) != deciding[name][key]]
                what = f"{name} ({', '.join(changed)})" if changed else name
            remedy = "name another folder, or start over with --no-resume"
            raise OutputError(f"{folder}: holds results of other {what}: {remedy}")


def _move_segments(store: Store, folder: Path) -> None:
    """Move segments of earlier runs to where this run's inputs have theirs, and remove those of other inputs."""
    try:
        for place, _, _ in store.misplaced_segments():
            if place:
                remove(folder, place)
        for _, wanted, segments in store.misplaced_segments():
            if wanted:
                put(folder, wanted, segments)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
    store.place_segments()


def sum_up(store: Store, folder: Path, options: RunOptions) -> int:
    """Join recordings to patients and write the tables; return the number of patients."""
    from murmur.pipeline.models import load_models

    patients = patients_of(store.rows_by_patient(), options.settings, load_models(options.models_dir))
    store.replace_patients(map(patient_row, patients))
    return _write_tables(store, folder, options.format).get("patients", 0)


def describe(folder: Path, store: Store, summary: Summary, jobs: int, started: datetime, options: RunOptions) -> None:
    """Write ``run.json``: how the tables came about."""
    facts = store.facts
    description = {
        **{name: facts[name] for name in DECIDING},
        "settings_fingerprint": options.settings.fingerprint(),
        "inputs": summary.total,
        "counts": {"ok": summary.ok, "unreadable": summary.unreadable, "failed": summary.failed},
        "kept": summary.kept,
        "patients": summary.patients,
        "complete": not summary.stopped,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(summary.seconds, 3),
        "jobs": jobs,
        "command": list(options.command),
        "python": sys.version.split()[0],
        "platform": sys.platform,
        "packages": package_versions(),
    }
    write_text(folder / "run.json", json.dumps(description, indent=2, ensure_ascii=False) + "\n")


def count_to_do(folder: str | os.PathLike[str]) -> int:
    """Count the inputs of a run that have no result yet.

    Raises
    ------
    MissingFileError
        If the folder is not that of a run.
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
        The output folder of the run.
    destination : str or os.PathLike, optional
        Folder for the tables, created if it does not exist; by default that of the run.
    format : str, default "csv"
        As for `run`.

    Returns
    -------
    dict of str to int
        How many rows each table has.

    Raises
    ------
    MissingFileError
        If the folder is not that of a run.
    ParameterError
        If the tables can't be written in that format.
    OutputError
        If they can't be written there.

    See Also
    --------
    run

    Examples
    --------
    >>> from murmur.batch import export_tables, run
    >>> summary = run("13918_MV.wav", "results_MV", jobs=1)
    >>> export_tables("results_MV", "tables_MV", format="jsonl")["recordings"]
    1
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


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that murmur needs, as far as they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "scipy", "numba", "soundfile", "librosa"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
