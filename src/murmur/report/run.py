"""Reports of many: an index that is there at once, and a page per patient, made in worker processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

from murmur import __version__
from murmur.batch.inputs import Input, key_of
from murmur.batch.output import model_hashes
from murmur.batch.runner import run, usable_cores
from murmur.batch.store import STORE_NAME, Store, Stored
from murmur.batch.worker import load_models
from murmur.errors import OutputError, ParameterError
from murmur.io.naming import file_name
from murmur.io.remote import is_remote
from murmur.io.writing import made_folder, write_whole
from murmur.patients.patient import join_patient
from murmur.pipeline.models import Models
from murmur.report.page import Subject, page_of, template
from murmur.settings import Settings
from murmur.tables.rows import Row, info_from_row, patient_row, site_figures_from_row

__all__ = ["Written", "write_reports"]

#: Rows of one page of an index.
INDEX_ROWS = 5000
#: Pages that wait for each worker, so that none waits for us.
AHEAD = 2
#: Of so many pages that could not be made it is told why.
PROBLEMS_TOLD = 10
#: Names that ask for another kind of file.
NO_PAGES = (".pdf", ".htm", ".xhtml", ".svg", ".png", ".jpg", ".docx", ".md", ".txt", ".csv", ".json")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes
    ----------
    place : str
        The index, or the one page that was asked for.
    pages, kept, failed : int
        Pages of patients there are, how many of them were kept from before, and how many could not be made.
    unread : int
        Recordings that could not be analyzed, and pages of recordings that are not what they were in the run; the pages say
        so.
    problems : tuple of str
        What went wrong, of the first few pages and recordings.
    """

    place: str
    pages: int
    kept: int
    failed: int
    unread: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the index: a patient, or a recording without one, and the page about it."""

    subject: Subject
    file: str
    fingerprint: str
    cells: Row


@dataclass(frozen=True, slots=True)
class _Task:
    """What is the same for all pages."""

    settings: Settings
    models_dir: str | None
    channel: int | None


def write_reports(
    source: Iterable[Input | str | os.PathLike[str]] | str | os.PathLike[str],
    destination: str | os.PathLike[str] | None = None,
    *,
    patients: Collection[str] | None = None,
    jobs: int | None = None,
    settings: Settings | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    channel: int | None = None,
    resume: bool = True,
    index_only: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write a page for each patient, and an index of them.

    Parameters
    ----------
    source : str, os.PathLike or iterable
        The folder of a run (``murmur analyze -o``), whose settings, channel and labels count; or recordings, as
        `murmur.batch.run` takes them. A recording whose patient is not known has a page of its own.
    destination : str or os.PathLike, optional
        A folder, made where there is none; of a run, ``report`` in its folder by default. A name that ends in ``.html`` is
        that of the page of the only patient.
    patients : collection of str, optional
        Only these have pages written; all by default. The index names all.
    jobs : int, optional
        Worker processes; as many as there are cores by default. Scripts that call this must be importable
        (``if __name__ == "__main__":``) unless it is 1.
    settings, channel : optional
        Of recordings; a run has its own.
    models_dir : str or os.PathLike, optional
        A folder with other models than those that ship; of a run, those it was made with.
    resume : bool, default True
        Whether pages are kept that are there already, of the same files and settings.
    index_only : bool, default False
        Whether only the index is written.
    progress : callable, optional
        Called with the number of pages done, and of all.

    Returns
    -------
    Written

    Raises
    ------
    ParameterError
        If there is nothing to report on, or jinja2 or matplotlib are not installed.
    OutputError
        If pages can't be written, or the run was made with other models.
    MurmurError
        As `murmur.batch.run` raises it, of recordings.
    """
    template("index.html")  # before any work: what is missing is a usage error
    folder = None if models_dir is None else os.fspath(models_dir)
    unread: list[str] = []
    with contextlib.ExitStack() as stack:
        if isinstance(source, str | os.PathLike) and (Path(source) / STORE_NAME).is_file():
            home, name = Path(source), Path(source).resolve().name
        else:
            if destination is None:
                raise ParameterError("name where the report of recordings is to go: a folder, or a file NAME.html")
            home, name = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="murmur-"))), "recordings"
            run(
                source, home, jobs=jobs, settings=settings, models_dir=folder, channel=channel,
                on_failure=lambda failed: unread.append(f"{failed.input.info.path}: {failed.row['error']}"),
            )  # fmt: skip
        with Store.existing(home) as store:
            task = _task(store, home, folder)
            entries = list(_entries(store, task))
        wanted = _wanted(entries, patients, name)
        place = home / "report" if destination is None else Path(destination)
        if place.suffix.lower() in NO_PAGES:
            raise ParameterError(f"{place}: pages are HTML: name a folder, or NAME.html (a browser prints it as a PDF)")
        changed = [remark for entry in wanted for remark in entry.subject.remarks]
        if place.suffix.lower() == ".html":
            written = _write_single(place, wanted, task)
        else:
            wanted = [] if index_only else wanted
            written = _write_all(place, name, entries, wanted, task, jobs, resume, progress)
    problems = (*unread, *changed, *written.problems)[:PROBLEMS_TOLD]
    return replace(written, unread=len(unread) + len(changed), problems=problems)


def _task(store: Store, home: Path, models_dir: str | None) -> _Task:
    facts = store.facts
    hashes = model_hashes(models_dir)
    if facts.get("models", hashes) != hashes:
        raise OutputError(f"{home}: was made with other models: name their folder (--models)")
    return _Task(Settings(**facts.get("settings", {})), models_dir, facts.get("channel"))


# --- what there is to report on ---------------------------------------------------------


def _entries(store: Store, task: _Task) -> Iterator[_Entry]:
    models = load_models(task.models_dir)
    for (patient, _), rows in groupby(store.by_subject(), key=_subject_of):
        yield _entry(patient, list(rows), task, models)


def _wanted(entries: Sequence[_Entry], patients: Collection[str] | None, name: str) -> list[_Entry]:
    """Those that are to have a page."""
    if not entries:
        raise ParameterError(f"{name}: holds no results to report on")
    if patients is None:
        return list(entries)
    if absent := sorted(set(patients) - {entry.subject.patient for entry in entries}):
        raise ParameterError(f"{name}: holds no patient {', '.join(absent)}")
    return [entry for entry in entries if entry.subject.patient in patients]


def _subject_of(stored: Stored) -> tuple[str, str]:
    patient = str(stored.row["patient"] or "")
    return patient, "" if patient else stored.key


def _entry(patient: str, rows: Sequence[Stored], task: _Task, models: Models) -> _Entry:
    made = [stored.row for stored in rows]
    recordings = [replace(info_from_row(stored.row), path=_opened(stored)) for stored in rows]
    first = str(made[0]["path"])
    if patient:
        subject = Subject(f"Patient {patient}", patient, recordings)
        file = f"patient-{file_name(patient)}.html"
        joined = join_patient(patient, [site_figures_from_row(row) for row in made], task.settings, models)
        cells = patient_row(joined)
    else:
        subject = Subject(first, "", recordings)
        digits = hashlib.sha256(os.fsencode(rows[0].key)).hexdigest()[:8]
        file = f"recording-{re.sub(r'[^A-Za-z0-9_.-]', '_', Path(first).stem)[:60]}-{digits}.html"
        cells = dict(made[0])
    gone = [str(stored.row["path"]) for stored in rows if stored.row["status"] != "failed" and _has_changed(stored)]
    if gone:
        names_ = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        remark = f"Changed or gone since the run: {names_}. Run murmur analyze again; this page is of what is there now."
        subject = replace(subject, remarks=(remark,))
    labels = [list(info.to_dict().values())[1:] for info in recordings]  # the path is in the key
    seen = json.dumps([[stored.key, stored.size, stored.modified_ns, _now(stored.key)] for stored in rows] + labels)
    deciding = f"{__version__} {task.settings.fingerprint()} {model_hashes(task.models_dir)} {task.channel} {seen}"
    fingerprint = hashlib.sha256(deciding.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return _Entry(subject, file, fingerprint, cells | _counted(patient or first, made, len(gone)))


def _now(key: str) -> tuple[int, int] | None:
    """Size and time of change of a file; None where it is not there, or elsewhere."""
    try:
        told = Path(key).stat()
    except (OSError, ValueError):
        return None
    return told.st_size, told.st_mtime_ns


def _has_changed(stored: Stored) -> bool:
    return not is_remote(stored.key) and _now(stored.key) != (stored.size, stored.modified_ns)


def _opened(stored: Stored) -> str:
    """The path as it was given, where it still leads to the same file: nobody's folders need be told."""
    path = str(stored.row["path"])
    return path if key_of(path) == stored.key else stored.key


def _counted(name: str, rows: Sequence[Row], stale: int) -> Row:
    """What the index says of a patient beside the figures."""
    trouble = [(sum(row["status"] == status for row in rows), status) for status in ("unreadable", "failed")]
    return {
        "name": name,
        "recordings": len(rows),
        "trouble": ", ".join(f"{number} {status}" for number, status in trouble if number),
        "stale": stale,
        "visits": len({row["visit"] for row in rows}),
        "sites": ", ".join(dict.fromkeys(str(row["site"]) for row in rows if row["site"])),
    }


# --- pages ------------------------------------------------------------------------------


def _write_single(place: Path, entries: Sequence[_Entry], task: _Task) -> Written:
    if len(entries) > 1:
        raise ParameterError(f"{place}: there are {len(entries)} patients: name a folder, or one of them (--patient)")
    problem = _write_page(entries[0], place.parent, place.name, task)
    if problem:
        raise OutputError(problem)
    return Written(str(place), 1, 0, 0)


def _write_all(
    home: Path,
    name: str,
    entries: Sequence[_Entry],
    wanted: Sequence[_Entry],
    task: _Task,
    jobs: int | None,
    resume: bool,
    progress: Callable[[int, int], None] | None,
) -> Written:
    made_folder(home)
    index = _write_index(home, name, entries, {entry.file for entry in wanted}, task)
    todo = [entry for entry in wanted if not (resume and _is_there(home / entry.file, entry.fingerprint))]
    kept = len(wanted) - len(todo)
    problems: list[str] = []
    for done, problem in enumerate(_written(todo, home, task, jobs), start=1):
        if problem:
            problems.append(problem)
        if progress is not None:
            progress(kept + done, len(wanted))
    return Written(index, len(wanted), kept, len(problems), problems=tuple(problems[:PROBLEMS_TOLD]))


def _is_there(place: Path, fingerprint: str) -> bool:
    try:
        with place.open(encoding="utf-8") as file:
            return fingerprint in file.read(400)
    except (OSError, UnicodeDecodeError):
        return False


def _write_page(entry: _Entry, home: Path, file: str, task: _Task) -> str:
    """Write one page; return what went wrong, if anything did."""
    try:
        html = page_of(entry.subject, settings=task.settings, models=load_models(task.models_dir), channel=task.channel)
    except Exception as error:  # a bug of ours or of a library's: named, and the others are written
        return f"{entry.subject.title}: unexpected {type(error).__name__}: {error}"
    marked = html.replace("<!doctype html>", f"<!doctype html>\n<!-- murmur report {entry.fingerprint} -->", 1)
    write_whole(home / file, lambda place: _put(place, marked))
    return ""


def _put(place: Path, text: str) -> None:
    place.write_text(text, "utf-8", "backslashreplace")


def _written(todo: Sequence[_Entry], home: Path, task: _Task, jobs: int | None) -> Iterator[str]:
    """Write pages, and yield what went wrong with each."""
    jobs = min(jobs or usable_cores(), len(todo))
    if jobs <= 1:
        for entry in todo:
            yield _write_page(entry, home, entry.file, task)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[str], _Entry] = {}
        left = iter(todo)
        for entry in left:
            waiting[pool.submit(_write_page, entry, home, entry.file, task)] = entry
            if len(waiting) < jobs * (1 + AHEAD):
                continue
            yield from _taken(waiting)
        while waiting:
            yield from _taken(waiting)


def _taken(waiting: dict[Future[str], _Entry]) -> Iterator[str]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        waiting.pop(future)
        try:
            yield future.result()
        except BrokenProcessPool as error:
            remedy = "the same again goes on; --jobs 1 needs none"
            raise OutputError(f"a worker process ended while it wrote pages: {remedy}") from error


# --- the index --------------------------------------------------------------------------


def _write_index(home: Path, name: str, entries: Sequence[_Entry], coming: Collection[str], task: _Task) -> str:
    """Write the index of all; those whose page is there, or is about to be, are linked to it."""
    parts = [entries[first : first + INDEX_ROWS] for first in range(0, len(entries), INDEX_ROWS)]
    files = ["index.html", *(f"index-{number}.html" for number in range(2, len(parts) + 1))]
    for number, (file, part) in enumerate(zip(files, parts, strict=True)):
        html = template("index.html").render(
            name=name,
            rows=[(entry.file if _leads_there(home, entry, coming) else "", entry.cells) for entry in part],
            total=len(entries),
            files=files,
            number=number,
            version=__version__,
            fingerprint=task.settings.fingerprint(),
        )
        write_whole(home / file, lambda place, html=html: _put(place, html))  # type: ignore[misc]
    return str(home / "index.html")


def _leads_there(home: Path, entry: _Entry, coming: Collection[str]) -> bool:
    return entry.file in coming or (home / entry.file).is_file()
