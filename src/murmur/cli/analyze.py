"""``murmur analyze``: recordings in; summaries, JSON or tables out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from murmur.cli import silence_stdout
from murmur.cli.arguments import ENGINE, add_shared, number, settings_of, whole_number
from murmur.cli.codes import DONE, SOME_FAILED, STOPPED
from murmur.errors import ParameterError
from murmur.settings import Settings

if TYPE_CHECKING:
    from murmur.batch import Outcome, Progress, Summary
    from murmur.cli.display import Reporter
    from murmur.tables.column import Row

#: So many failures are listed; the table has them all.
FAILURES_LISTED = 10
#: A bar is of no use for fewer files.
FEWEST_FILES = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Find every cardiac cycle and every sign in recordings. Without -o or --json, print a summary of each. With -o, "
        "write tables (recordings, cycles, patients), segments, run.json and murmur.sqlite, which holds all results: the "
        "same command again continues where it was stopped, and analyzes only what is new or has changed."
    )
    parser.epilog = "Patient and site come from the manifest, else from names such as 13918_AV.wav or MR_002_sit_Mit.wav."
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="file, folder, glob, URL or zip archive; - reads a list from stdin")
    add_shared(parser, "manifest")
    add("-o", "--output", metavar="OUT", help="output folder, created if it does not exist")
    add("--json", action="store_true", help="print one JSON document per input, each on one line")
    add_shared(parser, "jobs")
    add("--dask", metavar="ADDRESS", help="analyze on a Dask cluster; its scheduler, such as tcp://HOST:8786")
    add_shared(parser, "patient", "site", *ENGINE, "format", "resume")
    add("--retry-failed", action="store_true", help="try files that failed before again, as after raising --timeout")
    timeout = "mark a file failed after this many seconds (600; by default no limit where one process does all the work)"
    add("--timeout", type=number("seconds"), metavar="S", help=timeout)
    memory = "mark a file failed if its worker needs so much more than at its start (its share of the machine's memory)"
    add("--memory", type=whole_number(1), metavar="MB", help=memory)
    add("--progress", choices=("bar", "jsonl", "none"), help="what to show on stderr (bar, on a terminal)")
    add("--no-progress", action="store_const", const="none", dest="progress", help="same as --progress none")
    add_shared(parser, "quiet")


def run(options: argparse.Namespace) -> int:
    """Analyze recordings; return the exit code."""
    from murmur.batch import gather
    from murmur.batch import run as run_batch

    if options.dask is not None and (options.jobs is not None or options.memory is not None):
        raise ParameterError("--jobs and --memory apply to local worker processes, not to those of --dask")
    settings = settings_of(options)
    printer = _Printer(options)
    with _progress(options) as progress:
        summary = run_batch(
            gather(_paths(options.paths), options.manifest, patient=options.patient, site=options.site),
            options.output,
            jobs=options.jobs,
            client=options.dask,
            settings=settings,
            models_dir=options.models,
            channel=options.channel,
            resume=options.resume,
            retry_failed=options.retry_failed,
            format=options.format,
            timeout_s=options.timeout,
            memory_mb=options.memory,
            progress=progress,
            on_result=printer.add if printer.needs_analyses else None,
            on_failure=printer.add_failure,
            keep=printer.needs_analyses,
            command=["murmur", *options.arguments],
        )
    printer.finish(summary, settings)
    if summary.stopped:
        return STOPPED + (summary.signal or 0)
    return SOME_FAILED if summary.failed else DONE


def _paths(named: list[str]) -> Iterator[str]:
    """Yield paths; ``-`` stands for those on stdin, one on each line."""
    for path in named:
        if path != "-":
            yield path
            continue
        for line in sys.stdin.buffer:
            if name := os.fsdecode(line.rstrip(b"\r\n")):
                yield name


@contextmanager
def _progress(options: argparse.Namespace) -> Iterator[Callable[[Progress], None]]:
    from murmur.cli.bars import Bar, JsonLines

    kind = options.progress
    if kind is None:
        # results printed on the same terminal show progress themselves, and would break a bar
        printing = (options.json or options.output is None) and sys.stdout.isatty()
        kind = "none" if options.quiet or printing or not sys.stderr.isatty() else "bar"
    if kind == "jsonl":
        with JsonLines() as lines:
            yield lines.update
        return
    with Bar("analyzing", shown=kind == "bar", least=FEWEST_FILES) as bar:
        yield lambda progress: bar.update(
            progress.done,
            progress.total,
            f"[yellow]{progress.unreadable} unreadable[/]" if progress.unreadable else "",
            f"[red]{progress.failed} failed[/]" if progress.failed else "",
        )


class _Printer:
    """Prints results as they come, and what is left to say at the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._as_json = options.json
        self._as_text = not options.json and options.output is None
        self._report: Reporter | None = None
        self._rows: dict[str, list[Row]] = {}
        self._failures: list[Outcome] = []

    @property
    def needs_analyses(self) -> bool:
        """Whether rows alone are not enough."""
        return self._as_json or self._as_text

    def add_failure(self, outcome: Outcome) -> None:
        """Remember the first few that failed."""
        if len(self._failures) < FAILURES_LISTED:
            self._failures.append(outcome)

    def add(self, outcome: Outcome) -> None:
        """Print one result, in the order of the inputs."""
        if self._as_json:
            assert outcome.result is not None
            self._print_json(outcome.result.to_json())
        elif self._as_text:
            self._print_story(outcome)

    def _print_json(self, text: str) -> None:
        try:
            print(text, flush=True)
        except BrokenPipeError:
            if self._options.output is None:
                raise
            # the tables are still needed
            silence_stdout()
            self._as_json = False

    def _print_story(self, outcome: Outcome) -> None:
        from murmur.cli.display import reporter
        from murmur.tables.recordings import Failure
        from murmur.wording import tell, tell_failure

        result = outcome.result
        assert result is not None
        self._report = self._report or reporter()
        self._report(tell_failure(result.info.path, result.error) if isinstance(result, Failure) else tell(result))
        if outcome.row["patient"] and not isinstance(result, Failure):
            self._rows.setdefault(result.info.patient, []).append(outcome.row)

    def finish(self, summary: Summary, settings: Settings) -> None:
        """Print patients, failures and counts."""
        if self._report is not None:
            self._print_patients(settings, self._report)
        if summary.stopped:
            remedy = "; the same command continues from there" if summary.out is not None else ""
            print(f"murmur: stopped after {summary.done} of {summary.total}{remedy}", file=sys.stderr)
        if self._options.quiet:
            return
        if not self._as_text:
            self._print_failures(summary)
        if summary.out is not None:
            print(_closing(summary), file=sys.stderr)

    def _print_failures(self, summary: Summary) -> None:
        lines = [f"{outcome.input.info.path}: {outcome.row['error']}" for outcome in self._failures]
        where = f"; all are listed in {summary.out}/recordings.{self._options.format}" if summary.out else ""
        if (more := summary.failed - summary.kept_failed - len(self._failures)) > 0:
            lines.append(f"{more} more{where}")
        if summary.kept_failed:
            lines.append(f"{summary.kept_failed} in an earlier run, not tried again (--retry-failed){where}")
        for line in lines:
            print(f"failed: {line}", file=sys.stderr)

    def _print_patients(self, settings: Settings, report: Reporter) -> None:
        from murmur.pipeline.models import load_models
        from murmur.tables.patients import patients_of
        from murmur.wording import tell_patient

        rows = chain.from_iterable(self._rows.values())
        for patient in patients_of(rows, settings, load_models(self._options.models)):
            if patient.recordings > 1:
                report(tell_patient(patient))


def _closing(summary: Summary) -> str:
    from murmur.wording.story import count

    reasons = ", ".join(f"{number} {reason}" for reason, number in summary.reasons.items())
    unreadable = f"{summary.unreadable} unreadable{f' ({reasons})' if reasons else ''}"
    kept = [f"{summary.kept} of them from an earlier run"] if summary.kept else []
    counts = [f"{summary.ok} ok", unreadable, f"{summary.failed} failed", *kept]
    patients = f", {count(summary.patients, 'patient')}" if summary.patients else ""
    files = f"{summary.done} of {count(summary.total, 'recording')}" if summary.stopped else count(summary.done, "recording")
    return f"{files}{patients} in {summary.seconds:.1f} s: {', '.join(counts)}. Tables are in {summary.out}"
