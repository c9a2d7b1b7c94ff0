"""What a report is about: patients, and recordings without one, each with what its page depends on."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from murmur import __version__
from murmur.batch.inputs import key_of
from murmur.batch.store import Store, Stored
from murmur.errors import OutputError, ParameterError
from murmur.io.info import INFO_FIELDS
from murmur.io.naming import file_name
from murmur.io.remote import is_remote
from murmur.patients.patient import join_patient
from murmur.pipeline.models import Models, load_models, model_hashes
from murmur.report.page import Subject
from murmur.settings import Settings
from murmur.tables.column import Row
from murmur.tables.patients import patient_row, site_figures_from_row
from murmur.tables.recordings import info_from_row

#: Files that are named in a remark; of more, only the number.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Task:
    """What is the same for all pages."""

    settings: Settings
    models_dir: str | None
    channel: int | None

    @classmethod
    def of_run(cls, store: Store, home: Path, models_dir: str | None) -> Task:
        """Take settings and channel from a run; OutputError if it was made with other models."""
        facts = store.facts
        hashes = model_hashes(models_dir)
        if facts.get("models", hashes) != hashes:
            raise OutputError(f"{home}: made with other models: name their folder (--models)")
        return cls(Settings(**facts.get("settings", {})), models_dir, facts.get("channel"))


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the index: a patient, or a recording without one, and its page.

    Attributes
    ----------
    subject : Subject
        What the page is about.
    file : str
        Name of the page.
    fingerprint : str
        Changes with all that the page depends on.
    cells : Row
        Cells of the index.
    """

    subject: Subject
    file: str
    fingerprint: str
    cells: Row


def read_entries(store: Store, task: Task) -> Iterator[Entry]:
    """Yield the entries of a run, in the order of its inputs."""
    models = load_models(task.models_dir)
    for (patient, _), rows in groupby(store.by_subject(), key=_subject_key):
        yield _entry(patient, list(rows), task, models)


def requested(entries: Sequence[Entry], patients: Collection[str] | None, name: str) -> list[Entry]:
    """Return the entries of the patients requested, or all; ParameterError if a patient is absent or there are none."""
    if not entries:
        raise ParameterError(f"{name}: holds no results to report on")
    if patients is None:
        return list(entries)
    if absent := sorted(set(patients) - {entry.subject.patient for entry in entries}):
        raise ParameterError(f"{name}: holds no patient {', '.join(absent)}")
    return [entry for entry in entries if entry.subject.patient in patients]


def _subject_key(stored: Stored) -> tuple[str, str]:
    patient = str(stored.row["patient"] or "")
    return patient, "" if patient else stored.key


def _entry(patient: str, rows: Sequence[Stored], task: Task, models: Models) -> Entry:
    recordings = [replace(info_from_row(stored.row), path=_path_to(stored)) for stored in rows]
    name = patient or str(rows[0].row["path"])
    changed = [str(stored.row["path"]) for stored in rows if stored.row["status"] != "failed" and _has_changed(stored)]
    subject = Subject(f"Patient {patient}" if patient else name, patient, recordings, _remarks(changed))
    if patient:
        file = f"patient-{file_name(patient)}.html"
        figures = [site_figures_from_row(stored.row) for stored in rows]
        cells = patient_row(join_patient(patient, figures, task.settings, models))
    else:
        digits = hashlib.sha256(os.fsencode(rows[0].key)).hexdigest()[:8]
        file = f"recording-{re.sub(r'[^A-Za-z0-9_.-]', '_', Path(name).stem)[:60]}-{digits}.html"
        cells = dict(rows[0].row)
    return Entry(subject, file, _fingerprint(rows, task), cells | _counted(name, rows, len(changed)))


def _remarks(changed: Sequence[str]) -> tuple[str, ...]:
    if not changed:
        return ()
    names = ", ".join(changed[:NAMED]) + (f" and {len(changed) - NAMED} more" if len(changed) > NAMED else "")
    return (f"Changed or gone since the run: {names}. This page shows the current files; run murmur analyze again.",)


def _fingerprint(rows: Sequence[Stored], task: Task) -> str:
    files = [[stored.key, stored.size, stored.modified_ns, _stat(stored.key)] for stored in rows]
    labels = [[str(stored.row[name] or "") for name in INFO_FIELDS if name != "path"] for stored in rows]
    settings = f"{__version__} {task.settings.fingerprint()} {model_hashes(task.models_dir)} {task.channel}"
    return hashlib.sha256(f"{settings} {json.dumps(files + labels)}".encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _stat(key: str) -> tuple[int, int] | None:
    """Size and modification time of a file; None if it is absent or remote."""
    try:
        found = Path(key).stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def _has_changed(stored: Stored) -> bool:
    return not is_remote(stored.key) and _stat(stored.key) != (stored.size, stored.modified_ns)


def _path_to(stored: Stored) -> str:
    """The path as it was given if it still leads to the same file, so that a page discloses no folders; else in full."""
    path = str(stored.row["path"])
    return path if key_of(path) == stored.key else stored.key


def _counted(name: str, rows: Sequence[Stored], changed: int) -> Row:
    """Cells of the index beside the figures."""
    cells = [stored.row for stored in rows]
    problems = [(sum(row["status"] == status for row in cells), status) for status in ("unreadable", "failed")]
    return {
        "name": name,
        "recordings": len(rows),
        "problems": ", ".join(f"{number} {status}" for number, status in problems if number),
        "changed": changed,
        "visits": len({row["visit"] for row in cells}),
        "sites": ", ".join(dict.fromkeys(str(row["site"]) for row in cells if row["site"])),
    }
