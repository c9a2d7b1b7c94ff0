"""Reports of many: an index, written at once, and a page per patient, written in worker processes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from murmur.batch.inputs import Input
from murmur.batch.runner import run, usable_cores
from murmur.batch.store import STORE_NAME, Store
from murmur.errors import OutputError, ParameterError
from murmur.io.writing import made_folder, write_text
from murmur.pipeline.models import load_models
from murmur.report.entries import Entry, Task, read_entries, requested
from murmur.report.index import write_index
from murmur.report.page import page_of, template
from murmur.settings import Settings

#: Up to so many problems are reported in words.
MOST_PROBLEMS = 10
#: Suffixes that request another kind of file.
NO_PAGES = (".pdf", ".htm", ".xhtml", ".svg", ".png", ".jpg", ".docx", ".md", ".txt", ".csv", ".json")

Source = Iterable[Input | str | os.PathLike[str]] | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes
    ----------
    place : str
        The index, or the single page requested.
    pages, kept, failed : int
        Pages of patients, how many of them were kept from before, and how many could not be made.
    unread : int
        Recordings that could not be analyzed, and pages of recordings that have changed since the run; the pages say so.
    problems : tuple of str
        What went wrong with the first few pages and recordings.
    """

    place: str
    pages: int
    kept: int
    failed: int
    unread: int = 0
    problems: tuple[str, ...] = ()


def write_reports(
    source: Source,
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
        The output folder of a run (``murmur analyze -o``), whose settings, channel and labels are used; or recordings, as
        for `murmur.batch.run`. A recording without a patient has a page of its own.
    destination : str or os.PathLike, optional
        Output folder, made if it does not exist; by default ``report`` in the folder of the run. A name that ends in
        ``.html`` is that of the page of a single patient.
    patients : collection of str, optional
        Patients whose pages are written; all by default. The index lists all.
    jobs : int, optional
        Worker processes; as many as there are cores by default. Unless it is 1, scripts that call this must be importable
        (``if __name__ == "__main__":``).
    settings, channel : optional
        For recordings; a run has its own.
    models_dir : str or os.PathLike, optional
        Folder of the models, if not the shipped ones; of a run, those it was made with.
    resume : bool, default True
        Whether to keep existing pages of the same files and settings.
    index_only : bool, default False
        Whether to write only the index.
    progress : callable, optional
        Called with the number of pages done, and of all.

    Returns
    -------
    Written

    Raises
    ------
    ParameterError
        If there is nothing to report on, or jinja2 or matplotlib is not installed.
    OutputError
        If pages can't be written, or the run was made with other models.
    MurmurError
        For recordings, as raised by `murmur.batch.run`.

    See Also
    --------
    page_of : A single page, as text.

    Examples
    --------
    >>> from murmur.report import write_reports
    >>> written = write_reports(["13918_MV.wav", "recordings/13918_AV.wav"], "13918.html", jobs=1)
    >>> written.place, written.pages
    ('13918.html', 1)
    """
    template("index.html")  # before any work: what is missing is a usage error
    models = None if models_dir is None else os.fspath(models_dir)
    unread: list[str] = []
    with contextlib.ExitStack() as stack:
        if isinstance(source, str | os.PathLike) and (Path(source) / STORE_NAME).is_file():
            home, name = Path(source), Path(source).resolve().name
        else:
            if destination is None:
                raise ParameterError("a report of recordings needs a destination: a folder, or a file NAME.html")
            home, name = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="murmur-"))), "recordings"
            run(
                source, home, jobs=jobs, settings=settings, models_dir=models, channel=channel,
                on_failure=lambda failed: unread.append(f"{failed.input.info.path}: {failed.row['error']}"),
            )  # fmt: skip
        with Store.existing(home) as store:
            task = Task.of_run(store, home, models)
            entries = list(read_entries(store, task))
        wanted = requested(entries, patients, name)
        target = home / "report" if destination is None else Path(destination)
        if target.suffix.lower() in NO_PAGES:
            raise ParameterError(f"{target}: pages are HTML: name a folder, or NAME.html (a browser prints it as a PDF)")
        changed = [remark for entry in wanted for remark in entry.subject.remarks]
        if target.suffix.lower() == ".html":
            written = _write_single(target, wanted, task)
        else:
            wanted = [] if index_only else wanted
            made_folder(target)
            index = write_index(target, name, entries, {entry.file for entry in wanted}, task)
            written = replace(_write_pages(target, wanted, task, jobs, resume, progress), place=index)
    problems = (*unread, *changed, *written.problems)[:MOST_PROBLEMS]
    return replace(written, unread=len(unread) + len(changed), problems=problems)


def _write_single(target: Path, entries: Sequence[Entry], task: Task) -> Written:
    if len(entries) > 1:
        raise ParameterError(f"{target}: there are {len(entries)} patients: name a folder, or one of them (--patient)")
    if problem := _write_page(entries[0], target, task):
        raise OutputError(problem)
    return Written(str(target), 1, 0, 0)


def _write_pages(
    home: Path,
    wanted: Sequence[Entry],
    task: Task,
    jobs: int | None,
    resume: bool,
    progress: Callable[[int, int], None] | None,
) -> Written:
    todo = [entry for entry in wanted if not (resume and _is_current(home / entry.file, entry.fingerprint))]
    kept, problems = len(wanted) - len(todo), []
    for done, problem in enumerate(_problems(todo, home, task, jobs), start=1):
        if problem:
            problems.append(problem)
        if progress is not None:
            progress(kept + done, len(wanted))
    return Written(str(home), len(wanted), kept, len(problems), problems=tuple(problems[:MOST_PROBLEMS]))


def _is_current(page: Path, fingerprint: str) -> bool:
    try:
        with page.open(encoding="utf-8") as file:
            return fingerprint in file.read(400)
    except (OSError, UnicodeDecodeError):
        return False


def _write_page(entry: Entry, target: Path, task: Task) -> str:
    """Write one page; return what went wrong, if anything did."""
    try:
        html = page_of(entry.subject, settings=task.settings, models=load_models(task.models_dir), channel=task.channel)
    except Exception as error:  # a bug here or in a library: reported, and the others are written
        return f"{entry.subject.title}: unexpected {type(error).__name__}: {error}"
    marked = html.replace("<!doctype html>", f"<!doctype html>\n<!-- murmur report {entry.fingerprint} -->", 1)
    write_text(target, marked)
    return ""


def _problems(todo: Sequence[Entry], home: Path, task: Task, jobs: int | None) -> Iterator[str]:
    """Write pages, and yield of each what went wrong, or an empty text."""
    jobs = min(jobs or usable_cores(), len(todo))
    work = todo, [home / entry.file for entry in todo], repeat(task)
    if jobs <= 1:
        yield from map(_write_page, *work)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_write_page, *work)
        except BrokenProcessPool as error:
            remedy = "the same command continues from here; --jobs 1 uses no worker processes"
            raise OutputError(f"a worker process died while writing pages: {remedy}") from error
