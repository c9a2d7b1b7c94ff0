"""Worker processes that live long and may die, of a crash, of memory, of a file that takes too long: it costs that file."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from murmur.batch.gathering import Gathering, Part
from murmur.batch.inputs import Input
from murmur.batch.process import READY, work
from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome, Task, failure
from murmur.errors import MurmurError

__all__ = ["in_workers"]

#: Parts of chunks that a worker has: one in hand, and one that it finds when that is done.
PARTS_EACH = 2
#: How often the workers are looked at when none of them has anything to say, in seconds.
LOOK_S = 0.2
#: So many workers in a row that die as they start are no accident.
FAILED_STARTS = 3
#: Where outcomes are wanted in order, so many chunks for each worker may wait for an earlier one.
CHUNKS_AHEAD = 8


@dataclass(slots=True)
class _Worker:
    """A worker process as its parent sees it."""

    process: BaseProcess
    connection: Connection
    at_work_on: Any
    started: bool = False
    parts: deque[Part] = field(default_factory=deque)
    seen: tuple[int, int] = (-1, -1)
    since: float = 0.0

    def told(self) -> Iterator[Any]:
        """Yield all that it has sent."""
        with contextlib.suppress(EOFError, OSError):  # it is gone, perhaps in the middle of a word
            while self.connection.poll():
                yield self.connection.recv()

    def stuck(self, timeout_s: float) -> bool:
        """Whether it is at work on one input for too long."""
        now, seen = time.monotonic(), (id(self.parts[0]) if self.parts else -1, self.at_work_on.value)
        if seen != self.seen or not self.parts or not self.started:
            self.seen, self.since = seen, now
        return now - self.since > timeout_s


def in_workers(
    chunks: Iterable[Sequence[Input]], task: Task, jobs: int, stop: Stop, timeout_s: float, ordered: bool
) -> Generator[list[Outcome], None, None]:
    """Yield the outcomes of each chunk when it is done, or in the order of the chunks; when stopped, those in hand.

    Parameters
    ----------
    chunks : iterable of sequence of Input
        Taken as workers have time for them.
    task : Task
    jobs : int
        Worker processes.
    stop : Stop
        When asked to, no more is begun.
    timeout_s : float
        An input that takes longer fails, and its worker is replaced.
    ordered : bool

    Raises
    ------
    MurmurError
        If no worker can be started.
    """
    with _Pool(jobs, task, timeout_s, ordered) as pool:
        yield from pool.run(enumerate(chunks), stop)


class _Pool:
    """Some workers, replaced when they die.

    Spawned, not forked: nothing of the parent's threads and locks goes along, and all platforms behave alike.
    """

    def __init__(self, jobs: int, task: Task, timeout_s: float, ordered: bool) -> None:
        self._task, self._timeout_s = task, timeout_s
        self._ahead = jobs * CHUNKS_AHEAD
        self._context = get_context("spawn")
        self._failed_starts = 0
        self._waiting: deque[Part] = deque()
        self._held: tuple[int, Sequence[Input]] | None = None
        self._ended = False
        self._gathered = Gathering(ordered)
        self._workers = [self._start() for _ in range(jobs)]

    def run(self, chunks: Iterator[tuple[int, Sequence[Input]]], stop: Stop) -> Iterator[list[Outcome]]:
        """Yield chunks with their outcomes as they are complete; at the end what there is of those that are not."""
        while True:
            if not stop.asked:
                self._feed(chunks)
            ended = stop.asked or (self._ended and not self._waiting)
            if ended and not any(worker.parts for worker in self._workers):
                break
            self._look()
            yield from self._gathered.complete()
        yield from self._gathered.rest()

    def _feed(self, chunks: Iterator[tuple[int, Sequence[Input]]]) -> None:
        """Give every worker that has started what it has room for."""
        for worker in self._workers:
            while worker.started and len(worker.parts) < PARTS_EACH and (part := self._next(chunks)):
                worker.parts.append(part)
                with contextlib.suppress(OSError):  # it has died: that is seen when it is looked at
                    worker.connection.send(part.items)

    def _next(self, chunks: Iterator[tuple[int, Sequence[Input]]]) -> Part | None:
        """Return what is left of a chunk, or the next one; None where there is none, or it must wait for earlier ones."""
        if self._waiting:
            return self._waiting.popleft()
        self._held = self._held or next(chunks, None)
        if self._held is None:
            self._ended = True
            return None
        number, items = self._held
        if not self._gathered.may_begin(number, self._ahead):
            return None
        self._held = None
        self._gathered.begin(number, len(items))
        return Part(number, list(range(len(items))), list(items))

    def _look(self) -> None:
        """Wait until a worker has something to say, has died, or was long enough at one input."""
        wait([w.connection for w in self._workers] + [w.process.sentinel for w in self._workers], timeout=LOOK_S)
        for worker in self._workers:
            dead = not worker.process.is_alive()  # asked first: what it said before it died is still there
            for said in worker.told():
                if said == READY:
                    worker.started, self._failed_starts = True, 0
                else:
                    self._keep(worker.parts.popleft(), said)
            if dead:
                self._replace(worker, self._fate(worker.process.exitcode))
            elif worker.stuck(self._timeout_s):
                worker.process.kill()
                worker.process.join()
                self._replace(worker, f"it took longer than {self._timeout_s:g} s (--timeout)", certain=True)

    def _keep(self, part: Part, outcomes: Sequence[Outcome]) -> None:
        for place, outcome in zip(part.places, outcomes, strict=True):
            self._gathered.keep(part.chunk, place, outcome)

    @staticmethod
    def _fate(exit_code: int | None) -> str:
        if exit_code is not None and exit_code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-exit_code).name
                why = "too little memory, as a rule" if name == "SIGKILL" else "a crash in a library"
                return f"the worker process died of it, twice: {name} ({why})"
        return f"the worker process died of it, twice: exit code {exit_code}"

    def _replace(self, worker: _Worker, reason: str, certain: bool = False) -> None:
        """Start another in its place; the input in hand is tried once more alone, or fails, and the others go on."""
        if not worker.started:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise MurmurError(
                    "the worker processes die as they start: a script that calls murmur.batch.run needs "
                    'if __name__ == "__main__":, or there is too little memory; jobs=1 needs no workers'
                )
        if worker.parts:
            part = worker.parts.popleft()
            self._waiting.extendleft(reversed(worker.parts))  # which it had not begun
            place = min(max(worker.at_work_on.value, 0), len(part.items) - 1)
            self._waiting.extend(part.without(place))
            suspect = part.items[place]
            if certain or part.suspect:
                self._gathered.keep(part.chunk, part.places[place], failure(suspect, reason, self._task))
            else:
                self._waiting.append(Part(part.chunk, [part.places[place]], [suspect], suspect=True))
        worker.connection.close()
        self._workers[self._workers.index(worker)] = self._start()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        at_work_on = self._context.RawValue("i", 0)
        process = self._context.Process(target=work, args=(self._task, theirs, at_work_on), daemon=True)
        with _signals_held():
            process.start()
        theirs.close()
        return _Worker(process, ours, at_work_on)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for worker in self._workers:
            if kind is not None or not worker.started:  # nobody waits for what is under way
                worker.process.kill()
            worker.connection.close()  # which tells it that there is no more
        for worker in self._workers:
            worker.process.join()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold signals back while workers start: they inherit that, and a terminal sends Ctrl-C to them as well."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
