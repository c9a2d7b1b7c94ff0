"""The commands: each calls the library and prints what comes back."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from murmur.cli.codes import DONE, SOME_FAILED, STOPPED, WRONG_USAGE
from murmur.errors import MurmurError, ParameterError
from murmur.settings import Settings

if TYPE_CHECKING:
    from murmur.batch import Outcome, Summary
    from murmur.cli.bars import Bar
    from murmur.cli.display import Reporter
    from murmur.tables.rows import Row

__all__ = ["execute", "silence_stdout"]

#: Of more failures than this, only the number is told; the table has them all.
FAILURES_TOLD = 10


def silence_stdout() -> None:
    """Send what is still to come, at exit too, to nowhere: whoever read has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def execute(options: argparse.Namespace, arguments: list[str]) -> int:
    """Run the command that was parsed; return the exit code."""
    commands: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
        "analyze": _analyze,
        "datasets": _datasets,
        "export": _export,
        "trend": _trend,
        "segment": _segment,
        "plot": _plot,
        "report": _report,
        "convert": _convert,
        "live": _live,
        "serve": _serve,
        "warm-up": _warm_up,
        "schema": _schema,
        "version": _version,
    }
    return commands[options.command](options, arguments)


def _settings(changes: list[str]) -> Settings:
    """Make `Settings` from ``NAME=VALUE`` texts."""
    defaults = Settings()
    names = [field.name for field in fields(Settings)]
    values: dict[str, Any] = {}
    for change in changes:
        name, equals, text = change.partition("=")
        name = name.strip()
        if not equals or name not in names:
            raise ParameterError(f"--set {change}: must be NAME=VALUE with NAME one of {', '.join(names)}")
        kind = type(getattr(defaults, name))
        try:
            values[name] = kind(text)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise ParameterError(f"--set {change}: {name} must be {what}, not {text!r}") from None
    return Settings(**values)


# --- analyze ----------------------------------------------------------------------------


def _analyze(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.batch import gather, run

    if options.dask is not None and (options.jobs is not None or options.memory is not None):
        raise ParameterError("--jobs and --memory are of worker processes here; the workers of --dask have their own")
    settings = _settings(options.changes)
    told = _Told(options)
    with _bar(options) as bar:
        summary = run(
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
            progress=bar.update,
            on_result=told.add if told.whole else None,
            on_failure=told.fail,
            keep=told.whole,
            command=["murmur", *arguments],
        )
    told.end(summary, settings)
    if summary.stopped:
        return STOPPED + (summary.signal or 0)
    return SOME_FAILED if summary.failed else DONE


def _paths(named: list[str]) -> Iterator[str]:
    """Name what is to be analyzed; ``-`` stands for a list on stdin, a path on each line."""
    for path in named:
        if path != "-":
            yield path
            continue
        for line in sys.stdin.buffer:
            if name := os.fsdecode(line.rstrip(b"\r\n")):
                yield name


class _Told:
    """What is told of the results, as they come and at the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._as_json = options.json
        self._as_text = not options.json and options.output is None
        self._report: Reporter | None = None
        self._rows: list[Row] = []
        self._failures: list[Outcome] = []

    @property
    def whole(self) -> bool:
        """Whether whole analyses are needed."""
        return self._as_json or self._as_text

    def fail(self, outcome: Outcome) -> None:
        """Remember some that failed."""
        if len(self._failures) < FAILURES_TOLD:
            self._failures.append(outcome)

    def add(self, outcome: Outcome) -> None:
        """Tell of one, in the order of the inputs."""
        if self._as_json:
            assert outcome.result is not None
            self._print_json(outcome.result.to_json())
        elif self._as_text:
            self._tell(outcome)

    def _print_json(self, text: str) -> None:
        try:
            print(text, flush=True)
        except BrokenPipeError:
            if self._options.output is None:
                raise
            # the tables are wanted all the same
            silence_stdout()
            self._as_json = False

    def _tell(self, outcome: Outcome) -> None:
        from murmur.cli.display import reporter
        from murmur.tables.rows import Failure
        from murmur.wording import tell, tell_failure

        found = outcome.result
        assert found is not None
        self._report = self._report or reporter()
        self._report(tell_failure(found.info.path, found.error) if isinstance(found, Failure) else tell(found))
        if outcome.row["patient"] and not isinstance(found, Failure):
            self._rows.append(outcome.row)

    def end(self, summary: Summary, settings: Settings) -> None:
        if self._report is not None:
            self._tell_patients(settings, self._report)
        if summary.stopped:
            on = "; the same command goes on from there" if summary.out is not None else ""
            print(f"murmur: stopped after {summary.done} of {summary.total}{on}", file=sys.stderr)
        if self._options.quiet:
            return
        if not self._as_text:
            for outcome in self._failures:
                print(f"failed: {outcome.input.info.path}: {outcome.row['error']}", file=sys.stderr)
            where = f"; all are in {summary.out}/recordings.{self._options.format}" if summary.out else ""
            if (more := summary.failed - summary.kept_failed - len(self._failures)) > 0:
                print(f"failed: {more} more{where}", file=sys.stderr)
            if summary.kept_failed:
                again = " and were not tried again (--retry-failed)"
                print(f"failed: {summary.kept_failed} in an earlier run{again}{where}", file=sys.stderr)
        if summary.out is not None:
            print(_closing(summary), file=sys.stderr)

    def _tell_patients(self, settings: Settings, report: Reporter) -> None:
        from murmur.batch.worker import load_models
        from murmur.tables.rows import patients_of
        from murmur.wording import tell_patient

        first = {row["patient"]: number for number, row in reversed(list(enumerate(self._rows)))}
        rows = sorted(self._rows, key=lambda row: first[row["patient"]])
        for patient in patients_of(rows, settings, load_models(self._options.models)):
            if patient.recordings > 1:
                report(tell_patient(patient))


def _closing(summary: Summary) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in summary.reasons.items())
    unreadable = f"{summary.unreadable} unreadable{f' ({reasons})' if reasons else ''}"
    kept = [f"{summary.kept} of them from an earlier run"] if summary.kept else []
    counts = [f"{summary.ok} ok", unreadable, f"{summary.failed} failed", *kept]
    patients = f", {summary.patients} patient{'s' if summary.patients != 1 else ''}" if summary.patients else ""
    of = f" of {summary.total}" if summary.stopped else ""
    files = f"{summary.done}{of} recording{'s' if summary.done != 1 else ''}"
    return f"{files}{patients} in {summary.seconds:.1f} s: {', '.join(counts)}. Tables are in {summary.out}"


def _bar(options: argparse.Namespace) -> Bar:
    from murmur.cli.bars import LineBar, NoBar, RichBar

    kind = options.progress
    if kind is None:
        # what is told on the same terminal is progress enough, and a bar would run through it
        telling = (options.json or options.output is None) and sys.stdout.isatty()
        kind = "none" if options.quiet or telling or not sys.stderr.isatty() else "bar"
    kinds: dict[str, Callable[[], Bar]] = {"bar": RichBar, "jsonl": LineBar, "none": NoBar}
    return kinds[kind]()


# --- export -----------------------------------------------------------------------------


def _export(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.batch import count_to_do, export_tables

    rows = export_tables(options.folder, options.output, format=options.format)
    counts = ", ".join(f"{count} {name}" for name, count in rows.items())
    if to_do := count_to_do(options.folder):
        counts += f" (the run is not finished: {to_do} more to do)"
    print(f"{counts}: tables are in {options.output or options.folder}", file=sys.stderr)
    return DONE


# --- the others -------------------------------------------------------------------------


def _segment(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.batch.worker import load_models
    from murmur.formats.circor import segments_text, write_segments
    from murmur.pipeline.analysis import segment

    settings, models = _settings(options.changes), load_models(options.models)
    try:
        found = segment(options.file, channel=options.channel, settings=settings, models=models)
    except MurmurError as error:
        print(f"murmur: {error}", file=sys.stderr)
        return SOME_FAILED
    intervals = found.intervals
    trusted = int((found.cycles.confidence >= settings.least_confidence).sum())
    if trusted < settings.least_cycles:
        count = f"{trusted} of {len(found.cycles.confidence)}"
        print(f"murmur: {options.file}: {count} beats can be trusted: these states are a guess", file=sys.stderr)
    if options.output is not None:
        try:
            write_segments(options.output, intervals)
        except OSError as error:
            print(f"murmur: {options.output}: can't be written: {error.strerror or error}", file=sys.stderr)
            return WRONG_USAGE
        return DONE
    sys.stdout.write(segments_text(intervals))
    return DONE


def _trend(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.trend import trend

    return trend(options)


def _plot(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.plot import plot

    return plot(options, _settings(options.changes))


def _report(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.report import report

    return report(options, _settings(options.changes))


def _convert(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.convert import convert

    return SOME_FAILED if convert(options, _settings(options.changes)) else DONE


def _live(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.live import live

    return live(options, _settings(options.changes))


def _datasets(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.datasets import datasets

    return datasets(options)


def _serve(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli.serve import serve

    return serve(options, _settings(options.changes))


def _warm_up(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.live.warmup import warm_up

    begin = time.monotonic()
    warm_up()
    print(f"warm after {time.monotonic() - begin:.1f} s", file=sys.stderr)
    return DONE


def _schema(options: argparse.Namespace, arguments: list[str]) -> int:
    if options.what == "live":
        from murmur.live.events import events_schema

        print(json.dumps(events_schema(), indent=2))
        return DONE
    if options.what == "tables":
        from murmur.tables.dictionary import data_package

        print(json.dumps(data_package(), indent=2))
        return DONE
    from murmur.pipeline.analysis import Analysis
    from murmur.records import json_schema_of_any
    from murmur.tables.rows import Failure

    print(json.dumps(json_schema_of_any("A line of murmur analyze --json", Analysis, Failure), indent=2))
    return DONE


def _version(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur import __version__
    from murmur.batch.output import package_versions

    print(f"murmur {__version__}")
    print(f"Python {sys.version.split()[0]}")
    for name, version in package_versions().items():
        print(f"{name} {version}")
    return DONE
