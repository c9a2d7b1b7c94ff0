"""Worker processes: files go out in chunks, outcomes come back in order, and a worker may die."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType

from murmur.batch.inputs import Input
from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome, Task, examine_chunk, failure, ready, start_worker
from murmur.errors import MurmurError

__all__ = ["in_workers"]

#: Files sent to a worker at once, so that sending them costs little.
LARGEST_CHUNK = 16
#: Chunks that may be done before an earlier one is: bounds what is held in memory, and seldom keeps a worker waiting.
CHUNKS_AHEAD = 64
#: The same where whole analyses are handed back, which are larger.
CHUNKS_AHEAD_KEPT = 8


def in_workers(items: Sequence[Input], task: Task, jobs: int, stop: Stop) -> Generator[Outcome, None, None]:
    """Yield the outcomes in the order of the inputs; when stopped, those there are."""
    size = max(1, min(LARGEST_CHUNK, len(items) // (4 * jobs)))
    chunks = [items[i : i + size] for i in range(0, len(items), size)]
    ahead = jobs * (CHUNKS_AHEAD_KEPT if task.keep else CHUNKS_AHEAD)
    done: dict[int, list[Outcome]] = {}
    running: dict[Future[list[Outcome]], int] = {}
    following, handed_out = 0, 0
    with _Pool(jobs, task, stop) as pool:
        while True:
            lost: list[int] = []
            while not stop.asked and following < len(chunks) and len(running) < 2 * jobs and following < handed_out + ahead:
                running[pool.submit(chunks[following])] = following
                following += 1
            if not running:
                break
            if stop.asked:
                for future in running:
                    future.cancel()
            finished, _ = wait(running, timeout=0.25, return_when=FIRST_COMPLETED)
            if any(isinstance(f.exception(), BrokenProcessPool) for f in finished if not f.cancelled()):
                finished, _ = wait(running)  # all that was under way ends with the pool
            for future in finished:
                number = running.pop(future)
                try:
                    done[number] = future.result()
                except CancelledError:
                    continue
                except Exception:  # the worker died, or what it made can't be sent
                    lost.append(number)
            if lost:
                pool.restart()
            for number in sorted(lost):
                done[number] = [pool.one(item) for item in chunks[number] if not stop.asked]
            while handed_out in done:
                yield from done.pop(handed_out)
                handed_out += 1
        for number in sorted(done):
            yield from done[number]


class _Pool:
    """Worker processes that are replaced when one of them dies.

    Spawned, not forked: nothing of the parent's threads and locks goes along, and all platforms behave alike.
    """

    def __init__(self, jobs: int, task: Task, stop: Stop) -> None:
        self._jobs, self._task, self._stop = jobs, task, stop
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._jobs, mp_context=get_context("spawn"), initializer=start_worker, initargs=(self._task,)
        )

    def submit(self, chunk: Sequence[Input]) -> Future[list[Outcome]]:
        with _signals_held():
            try:
                return self._executor.submit(examine_chunk, chunk)
            except BrokenProcessPool as error:  # it broke since we last looked
                lost: Future[list[Outcome]] = Future()
                lost.set_exception(error)
                return lost

    def restart(self) -> None:
        """Replace the processes, and make sure that they can start at all."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._start()
        with _signals_held():
            started = self._executor.submit(ready)
        try:
            started.result()
        except BrokenProcessPool as error:
            raise MurmurError(
                "the worker processes die as they start: a script that calls murmur.batch.run needs "
                'if __name__ == "__main__":, or there is too little memory; jobs=1 needs no workers'
            ) from error

    def one(self, item: Input) -> Outcome:
        """Analyze one file alone in the pool, so that it is known which one takes a worker down."""
        try:
            return self.submit([item]).result()[0]
        except BrokenProcessPool:
            self.restart()
            died = "the worker process died of it: a crash in a library, or too little memory"
            return failure(item, died, self._task)
        except Exception as error:  # its outcome can't be sent
            return failure(item, f"unexpected {type(error).__name__}: {error}", self._task)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:  # nobody waits for what is under way
            for process in list((getattr(self._executor, "_processes", None) or {}).values()):
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold Ctrl-C back while workers start: they inherit that, and the terminal sends it to them as well."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
