"""Long-lived worker processes: one that crashes, runs out of memory or takes too long is replaced, and its file fails."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from murmur.batch.process import READY, work
from murmur.batch.scheduler import Done, Lost, Part, Report, Returned
from murmur.batch.worker import Task
from murmur.errors import MurmurError

#: Parts that a worker has: one in hand, and one that it finds when that is done.
PARTS_EACH = 2
#: How often to check on workers that send nothing, in seconds.
CHECK_S = 0.2
#: Workers in a row that may die while they start.
FAILED_STARTS = 3


@dataclass(slots=True)
class _Worker:
    """A worker process as its parent sees it."""

    process: BaseProcess
    connection: Connection
    current: Any
    started: bool = False
    parts: deque[Part] = field(default_factory=deque)
    seen: tuple[int, int] = (-1, -1)
    since: float = 0.0

    def received(self) -> Iterator[Any]:
        """Yield all that it has sent."""
        with contextlib.suppress(EOFError, OSError):  # it has died, perhaps in the middle of a message
            while self.connection.poll():
                yield self.connection.recv()

    def is_stuck(self, timeout_s: float) -> bool:
        """Return whether it has been at work on one input for too long."""
        now, seen = time.monotonic(), (id(self.parts[0]) if self.parts else -1, self.current.value)
        if seen != self.seen or not self.parts or not self.started:
            self.seen, self.since = seen, now
        return now - self.since > timeout_s


class ProcessPool:
    """Worker processes of this machine, replaced when they die.

    Spawned, not forked: they inherit none of the parent's threads and locks, and all platforms behave alike.

    Parameters
    ----------
    task : Task
        An input that takes longer than its `Task.timeout_s` fails, and the worker is replaced.
    jobs : int
        Worker processes.
    """

    def __init__(self, task: Task, jobs: int) -> None:
        self.width = jobs
        self._task = task
        self._context = get_context("spawn")
        self._failed_starts = 0
        self._workers: list[_Worker] = []

    def has_room(self, suspect: bool) -> bool:
        """Return whether a worker that has started can hold one more part."""
        return any(worker.started and len(worker.parts) < PARTS_EACH for worker in self._workers)

    def submit(self, part: Part) -> None:
        """Send a part to the worker that has fewest."""
        worker = min((worker for worker in self._workers if worker.started), key=lambda worker: len(worker.parts))
        worker.parts.append(part)
        with contextlib.suppress(OSError):  # it has died, which the next check finds
            worker.connection.send(part.items)

    def is_busy(self, stopping: bool) -> bool:
        """Return whether any worker has a part."""
        return any(worker.parts for worker in self._workers)

    def reports(self) -> Iterator[Report]:
        """Wait until a worker sends something or dies; raise MurmurError if none can be started."""
        wait([w.connection for w in self._workers] + [w.process.sentinel for w in self._workers], timeout=CHECK_S)
        for number, worker in enumerate(self._workers):
            dead = not worker.process.is_alive()  # checked first: what it sent before it died can still be read
            for message in worker.received():
                if message == READY:
                    worker.started, self._failed_starts = True, 0
                else:
                    yield Done(worker.parts.popleft(), message)
            stuck = not dead and worker.is_stuck(self._task.timeout_s)
            if stuck:
                worker.process.kill()
                worker.process.join()
            if dead or stuck:
                self._workers[number] = self._replacement(worker)
                reason = f"took longer than {self._task.timeout_s:g} s (--timeout)" if stuck else self._fate(worker)
                yield from self._left_by(worker, reason, final=stuck)

    @staticmethod
    def _left_by(worker: _Worker, reason: str, final: bool) -> Iterator[Report]:
        if worker.parts:
            part, *not_begun = worker.parts
            yield from map(Returned, reversed(not_begun))
            number = min(max(worker.current.value, 0), len(part.items) - 1)
            yield Lost(part, reason, number, final)

    @staticmethod
    def _fate(worker: _Worker) -> str:
        code = worker.process.exitcode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-code).name
                why = "usually out of memory" if name == "SIGKILL" else "a crash in a library"
                return f"its worker process died twice: {name} ({why})"
        return f"its worker process died twice: exit code {code}"

    def _replacement(self, worker: _Worker) -> _Worker:
        if not worker.started:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise MurmurError(
                    "worker processes die while they start: either a script that calls murmur.batch.run lacks "
                    'if __name__ == "__main__":, or there is too little memory; jobs=1 needs no workers'
                )
        worker.connection.close()
        return self._start()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        current = self._context.RawValue("i", 0)
        process = self._context.Process(target=work, args=(self._task, theirs, current), daemon=True)
        with _signals_blocked():
            process.start()
        theirs.close()
        return _Worker(process, ours, current)

    def __enter__(self) -> ProcessPool:
        self._workers = [self._start() for _ in range(self.width)]
        return self

    def __exit__(self, kind: type[BaseException] | None, *ending: object) -> None:
        for worker in self._workers:
            if kind is not None or not worker.started:  # nobody waits for what is in hand
                worker.process.kill()
            worker.connection.close()  # no more parts
        for worker in self._workers:
            worker.process.join()


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block signals while a worker starts: it inherits that, and a terminal sends Ctrl-C to it as well."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
