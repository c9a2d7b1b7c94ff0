"""The order of a run: which inputs go to an executor next, which are tried again, and in what order outcomes come back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from murmur.batch.inputs import Input
from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome, Task, examine, failure

#: In ordered runs, chunks per worker that may wait for an earlier one.
CHUNKS_AHEAD = 8


@dataclass(slots=True)
class Part:
    """Inputs of one chunk that go to a worker together.

    Attributes
    ----------
    chunk : int
    indices : list of int
        Where the inputs stand in their chunk.
    items : list of Input
    suspect : bool
        Whether this is a single input that may have brought a worker down. It is tried once more before it fails.
    """

    chunk: int
    indices: list[int]
    items: list[Input]
    suspect: bool = False

    def without(self, number: int) -> Iterator[Part]:
        """Yield the inputs before and after one of them."""
        for kept in (slice(None, number), slice(number + 1, None)):
            if self.items[kept]:
                yield Part(self.chunk, self.indices[kept], self.items[kept])

    def suspect_at(self, number: int) -> Part:
        """Return one of the inputs alone, as a suspect."""
        return Part(self.chunk, [self.indices[number]], [self.items[number]], suspect=True)


@dataclass(frozen=True, slots=True)
class Done:
    """An executor finished a part."""

    part: Part
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class Returned:
    """A worker ended before it began a part."""

    part: Part


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker ended while it was at work on a part.

    Attributes
    ----------
    part : Part
    reason : str
    number : int or None
        Which of its inputs was in hand; None where any of them may have been.
    final : bool
        Whether that input is not to be tried again.
    """

    part: Part
    reason: str
    number: int | None = None
    final: bool = False


Report = Done | Returned | Lost


class Executor(AbstractContextManager["Executor"], Protocol):
    """What analyzes parts: this process, other processes, or a cluster."""

    @property
    def width(self) -> int:
        """Parts that it works on at the same time."""

    def has_room(self, suspect: bool) -> bool:
        """Return whether it takes one more part now."""

    def submit(self, part: Part) -> None:
        """Take a part."""

    def is_busy(self, stopping: bool) -> bool:
        """Return whether there are parts whose outcome is worth waiting for."""

    def reports(self) -> Iterator[Report]:
        """Wait a short time; yield what has happened to parts since the last call."""


class InProcess(AbstractContextManager["InProcess"]):
    """Analyzes one part after the other in this process."""

    width = 1

    def __init__(self, task: Task) -> None:
        from murmur.pipeline.models import load_models

        self._task, self._models = task, load_models(task.models_dir)
        self._part: Part | None = None

    def has_room(self, suspect: bool) -> bool:
        """Return whether nothing is in hand."""
        return self._part is None

    def submit(self, part: Part) -> None:
        """Take a part in hand."""
        self._part = part

    def is_busy(self, stopping: bool) -> bool:
        """Return whether a part is in hand."""
        return self._part is not None

    def reports(self) -> Iterator[Report]:
        """Analyze the part in hand."""
        part, self._part = self._part, None
        if part is not None:
            yield Done(part, [examine(item, self._task, self._models) for item in part.items])

    def __exit__(self, *ending: object) -> None:
        pass


def schedule(
    chunks: Iterable[Sequence[Input]], executor: Executor, task: Task, stop: Stop, *, ordered: bool
) -> Iterator[list[Outcome]]:
    """Analyze chunks of inputs on an executor.

    Parameters
    ----------
    chunks : iterable of sequence of Input
        Taken as the executor has room for them.
    executor : Executor
    task : Task
    stop : Stop
        Once requested, nothing more is begun.
    ordered : bool
        Whether chunks are yielded in their order; otherwise as they are done.

    Yields
    ------
    list of Outcome
        Of one chunk; of chunks that a stop cut short, those there are.
    """
    return _Schedule(executor, task, ordered).run(enumerate(chunks), stop)


class _Schedule:
    """What is under way: parts to try again, outcomes of incomplete chunks, and how many chunks are complete."""

    def __init__(self, executor: Executor, task: Task, ordered: bool) -> None:
        self._executor, self._task, self._ordered = executor, task, ordered
        self._suspects: deque[Part] = deque()
        self._again: deque[Part] = deque()
        self._held: tuple[int, Sequence[Input]] | None = None
        self._exhausted = False
        self._outcomes: dict[int, list[Outcome | None]] = {}
        self._completed = 0

    def run(self, chunks: Iterator[tuple[int, Sequence[Input]]], stop: Stop) -> Iterator[list[Outcome]]:
        while True:
            while not stop.requested and (part := self._next(chunks)):
                self._executor.submit(part)
            nothing_left = self._exhausted and not (self._suspects or self._again)
            if (stop.requested or nothing_left) and not self._executor.is_busy(stop.requested):
                break
            for report in self._executor.reports():
                self._take(report)
            yield from self._complete()
        for chunk in sorted(self._outcomes):
            if some := self._pop(chunk):
                yield some

    def _next(self, chunks: Iterator[tuple[int, Sequence[Input]]]) -> Part | None:
        """Return the part to submit next; None where there is none, or none can be taken now."""
        if self._suspects and self._executor.has_room(suspect=True):
            return self._suspects.popleft()
        if not self._executor.has_room(suspect=False):
            return None
        if self._again:
            return self._again.popleft()
        self._held = self._held or next(chunks, None)
        if self._held is None:
            self._exhausted = True
            return None
        number, items = self._held
        if self._ordered and number >= self._completed + CHUNKS_AHEAD * self._executor.width:
            return None
        self._held = None
        self._outcomes[number] = [None] * len(items)
        return Part(number, list(range(len(items))), list(items))

    def _take(self, report: Report) -> None:
        part = report.part
        if isinstance(report, Done):
            for index, outcome in zip(part.indices, report.outcomes, strict=True):
                self._outcomes[part.chunk][index] = outcome
        elif isinstance(report, Returned):
            (self._suspects if part.suspect else self._again).appendleft(part)
        elif report.number is None and not part.suspect:
            self._suspects.extend(map(part.suspect_at, range(len(part.items))))
        else:
            number = report.number or 0
            self._again.extend(part.without(number))
            if part.suspect or report.final:
                failed = failure(part.items[number], report.reason, self._task)
                self._outcomes[part.chunk][part.indices[number]] = failed
            else:
                self._suspects.append(part.suspect_at(number))

    def _complete(self) -> Iterator[list[Outcome]]:
        """Yield the chunks that are complete, and that need not wait for an earlier one."""
        for chunk in sorted(self._outcomes):
            if (not self._ordered or chunk == self._completed) and None not in self._outcomes[chunk]:
                self._completed += 1
                yield self._pop(chunk)

    def _pop(self, chunk: int) -> list[Outcome]:
        return [outcome for outcome in self._outcomes.pop(chunk) if outcome is not None]
