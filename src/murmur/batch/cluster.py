"""Workers of a Dask cluster: chunks of inputs go out, their outcomes come back, and a worker that is lost costs nothing."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import errno
import logging
import pickle
import queue
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from murmur import __version__
from murmur.batch.gathering import Gathering, Part
from murmur.batch.inputs import Input, key_of
from murmur.batch.segments import put
from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome, Task, examine, failure, load_models
from murmur.errors import MurmurError, OutputError, ParameterError

if TYPE_CHECKING:
    from murmur.pipeline.models import Models

__all__ = ["connected", "examine_part", "in_cluster", "threads_of"]

#: How long to look for the scheduler, in seconds.
CONNECT_S = 10.0
#: Chunks that the cluster has for each of its threads: one in hand, one that its worker holds, one with the scheduler.
CHUNKS_EACH = 3
#: Where outcomes are wanted in order, so many chunks for each thread may wait for an earlier one.
CHUNKS_AHEAD = 8
#: How often to look whether to stop when nothing comes back, and how many threads there are, in seconds.
LOOK_S, COUNT_S = 0.2, 2.0
#: How long a cluster may be without a worker, in seconds.
PATIENCE_S = 60.0
#: Before the chunks that wait, so that few of them are with a worker that dies.
SUSPECTS_FIRST = 10
#: A file can't be written for what it is called.
_OF_ITS_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
#: What Dask runs, in words: a worker that can't import a function of ours dies of being given it, instead of saying so.
_CALL = "__import__('murmur.batch.cluster', fromlist=['examine_part']).examine_part(version, hashes, packed)"


# --- on a worker ------------------------------------------------------------------------


def examine_part(version: str, hashes: tuple[tuple[str, str], ...], packed: bytes) -> bytes:
    """Analyze the inputs of a part, on a worker; it and its outcomes are pickled, so that Dask has only bytes to carry.

    Parameters
    ----------
    version : str
        Of murmur, where the part comes from.
    hashes : tuple of (str, str)
        Names and SHA-256 of the models there.
    packed : bytes
        Inputs, `Task` and the seconds after which one of them is given up.

    Raises
    ------
    MurmurError
        If the worker's results would be others than those of where the part comes from.
    """
    here = f"the Dask worker on {socket.gethostname()}"
    if version != __version__:
        raise MurmurError(f"{here} has murmur {__version__}, and this is {version}: install the same on all")
    items, task, timeout_s = pickle.loads(packed)
    with _STARTING:
        try:
            models = _warm(task.models_dir, hashes)
        except Exception as error:
            raise MurmurError(f"{here} can't analyze: {error or type(error).__name__}") from error
    return pickle.dumps(_examined(items, task, models, timeout_s), pickle.HIGHEST_PROTOCOL)


_STARTING = threading.Lock()


@lru_cache(maxsize=1)
def _warm(folder: str | None, hashes: tuple[tuple[str, str], ...]) -> Models:
    """Load the models and compile the kernels, once in the life of a worker."""
    from murmur.batch.output import model_hashes
    from murmur.live.warmup import warm_up

    if tuple(model_hashes(folder).items()) != hashes:
        raise MurmurError(f"its models{f' in {folder}' if folder else ''} are missing, or others than here")
    models = load_models(folder)
    warm_up()
    return models


def _examined(items: Sequence[Input], task: Task, models: Models, timeout_s: float) -> list[Outcome]:
    """Analyze inputs; one that takes too long fails, and its thread is left to itself."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(items):
        left, done, given_up = items[len(outcomes) :], queue.SimpleQueue[Outcome](), threading.Event()
        arguments = (left, task, models, done, given_up)
        threading.Thread(target=_examine_each, args=arguments, daemon=True, name="murmur-examine").start()
        for item in left:
            try:
                outcomes.append(done.get(timeout=timeout_s))
            except queue.Empty:
                given_up.set()
                outcomes.append(failure(item, f"it took longer than {timeout_s:g} s (--timeout)", task))
                break
    return outcomes


def _examine_each(
    items: Sequence[Input], task: Task, models: Models, done: queue.SimpleQueue[Outcome], given_up: threading.Event
) -> None:
    for item in items:
        done.put(examine(item, task, models))
        if given_up.is_set():
            return


# --- where the run is -------------------------------------------------------------------


@contextlib.contextmanager
def connected(client: Any) -> Iterator[Any]:
    """Give the client of a cluster: the one given, or one of its own for a scheduler's address.

    Parameters
    ----------
    client : distributed.Client or str

    Raises
    ------
    ParameterError
        If there is no such scheduler, or distributed is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ParameterError("a cluster needs dask and distributed: pip install 'murmur-pcg[cluster]'") from error
    if isinstance(client, Client):
        if client.asynchronous:
            raise ParameterError("client must not be asynchronous")
        yield client
        return
    if not isinstance(client, str) or not client.strip():
        raise ParameterError(f"client must be a distributed.Client or a scheduler's address, not {client!r}")
    try:
        with _quiet():
            own = Client(client, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        raise ParameterError(
            f"{client}: there is no Dask scheduler within {CONNECT_S:g} s: start one with `dask scheduler` and name the "
            f"address that it tells, such as tcp://HOST:8786 ({error})"
        ) from error
    try:
        yield own
    finally:
        with _quiet():
            own.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what Dask logs of a scheduler that is not there, or not any more: an error of ours says it."""
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def threads_of(client: Any) -> int:
    """Count the threads that a cluster's workers have.

    Raises
    ------
    MurmurError
        If its scheduler is lost.
    """
    try:
        return sum(client.nthreads().values())
    except Exception as error:  # of many kinds, by what it was busy with
        raise _lost(client) from error


def in_cluster(
    chunks: Iterable[Sequence[Input]], task: Task, client: Any, stop: Stop, timeout_s: float, ordered: bool
) -> Generator[list[Outcome], None, None]:
    """Yield the outcomes of each chunk when it is done, or in the order of the chunks; when stopped, those in hand.

    Segments are written here: workers must see the inputs, not the output.

    Parameters
    ----------
    chunks : iterable of sequence of Input
        Taken as workers have time for them.
    task : Task
    client : distributed.Client
        What it was given and is not done is cancelled at the end, whatever ends it.
    stop : Stop
        When asked to, no more is begun.
    timeout_s : float
        An input that takes longer fails.
    ordered : bool

    Raises
    ------
    MurmurError
        If there are no workers, they can't analyze, or the scheduler is lost.
    OutputError
        If segments can't be written.
    """
    with _Cluster(client, task, timeout_s, ordered) as cluster:
        yield from cluster.run(enumerate(chunks), stop)


class _Cluster:
    """What a cluster has of a run, and what has come back.

    Dask runs what a lost worker had again, and calls it an error (KilledWorker) when it has been with several that died, if
    only because another's file was their end. Such a chunk's inputs then go out one by one, one of all of them at a time,
    before all else: whoever ends that way again has no other to blame.
    """

    def __init__(self, client: Any, task: Task, timeout_s: float, ordered: bool) -> None:
        from murmur.batch.output import model_hashes

        self._client, self._task, self._timeout_s = client, task, timeout_s
        models_dir = None if task.models_dir is None else key_of(task.models_dir)
        self._workers_task = replace(task, models_dir=models_dir, segments_dir=None, memory_mb=None)
        self._hashes = tuple(model_hashes(task.models_dir).items())
        self._suspects: deque[Part] = deque()
        self._suspect_out = False
        self._held: tuple[int, Sequence[Input]] | None = None
        self._gathered = Gathering(ordered)
        self._out: dict[str, Any] = {}
        self._back: queue.SimpleQueue[tuple[str, Part, bytes | BaseException]] = queue.SimpleQueue()
        self._threads, self._counted, self._empty_since = 1, 0.0, 0.0
        self._is_lost = False

    def run(self, chunks: Iterator[tuple[int, Sequence[Input]]], stop: Stop) -> Iterator[list[Outcome]]:
        """Yield chunks with their outcomes as they are complete; at the end what there is of those that are not."""
        while True:
            if not stop.asked:
                self._feed(chunks)
            if not self._out or (stop.asked and not self._threads):
                break
            self._count_threads()
            self._hear()
            yield from self._gathered.complete()
        yield from self._gathered.rest()

    def _feed(self, chunks: Iterator[tuple[int, Sequence[Input]]]) -> None:
        """Give the cluster as much as it has room for, and one suspect at a time."""
        if self._suspects and not self._suspect_out:
            self._submit(self._suspects.popleft())
        while len(self._out) < CHUNKS_EACH * max(self._threads, 1) and (part := self._next(chunks)):
            self._submit(part)

    def _next(self, chunks: Iterator[tuple[int, Sequence[Input]]]) -> Part | None:
        """Return the next chunk; None where there is none, or it must wait for earlier ones."""
        self._held = self._held or next(chunks, None)
        if self._held is None:
            return None
        number, items = self._held
        if not self._gathered.may_begin(number, CHUNKS_AHEAD * max(self._threads, 1)):
            return None
        self._held = None
        self._gathered.begin(number, len(items))
        return Part(number, list(range(len(items))), list(items))

    def _submit(self, part: Part) -> None:
        # what is relative here is elsewhere there
        items = [replace(item, info=replace(item.info, path=key_of(item.info.path))) for item in part.items]
        packed = pickle.dumps((items, self._workers_task, self._timeout_s), pickle.HIGHEST_PROTOCOL)
        key = f"murmur-{uuid.uuid4()}"
        priority = SUSPECTS_FIRST if part.suspect else 0
        try:
            given = {"version": __version__, "hashes": self._hashes, "packed": packed}
            future = self._client.submit(eval, _CALL, given, key=key, pure=False, priority=priority)
            coroutine = self._bring(key, future, part)
            try:
                asyncio.run_coroutine_threadsafe(coroutine, self._client.loop.asyncio_loop)
            except RuntimeError:
                coroutine.close()
                raise
        except Exception as error:  # the client is closed
            self._is_lost = True
            raise _lost(self._client) from error
        self._out[key] = future
        self._suspect_out |= part.suspect

    async def _bring(self, key: str, future: Any, part: Part) -> None:
        """Wait for what comes of a part, in the client's thread; if that is lost with its worker, until it is made again."""
        came: bytes | BaseException
        try:
            came = await self._client.gather(future, asynchronous=True)
        except BaseException as error:
            came = error
        self._back.put((key, part, came))

    def _hear(self) -> None:
        """Take what has come back; wait for it a little."""
        with contextlib.suppress(queue.Empty):
            back = self._back.get(timeout=LOOK_S)
            while True:
                self._take(*back)
                back = self._back.get_nowait()

    def _take(self, key: str, part: Part, came: bytes | BaseException) -> None:
        from distributed import KilledWorker

        self._out.pop(key).release()
        if part.suspect:
            self._suspect_out = False
        if isinstance(came, bytes):
            for place, item, outcome in zip(part.places, part.items, pickle.loads(came), strict=True):
                self._gathered.keep(part.chunk, place, self._with_segments(_of(item, outcome)))
            return
        if isinstance(came, MurmurError):
            raise came
        if isinstance(came, OSError):  # of a connection, as a rule: is it that to the scheduler?
            self._count_threads(anew=True)
        if isinstance(came, asyncio.CancelledError | concurrent.futures.CancelledError):
            self._is_lost = True
            raise _lost(self._client) from came
        if _has_no_murmur(came):
            raise MurmurError(
                f"a worker of the Dask scheduler at {_address(self._client)} has no murmur {__version__}: install the same "
                f"on all ({came.__cause__ or came})"
            ) from came
        if part.suspect:
            reason = f"the cluster can't do it: {type(came).__name__}: {came}"
            if isinstance(came, KilledWorker):
                reason = "every worker that took it died of it: too little memory, or a crash in a library"
            self._gathered.keep(part.chunk, part.places[0], failure(part.items[0], reason, self._task))
        else:
            self._suspects.extend(part.alone())

    def _with_segments(self, outcome: Outcome) -> Outcome:
        """Put an outcome's segments where they belong."""
        item, folder = outcome.input, self._task.segments_dir
        if folder is None or not item.relative:
            return outcome
        try:
            if outcome.segments is not None:
                put(folder, item.relative, outcome.segments)
            else:  # those of an earlier run would pass for this one's
                Path(folder, *item.relative.split("/")).unlink(missing_ok=True)
        except OSError as error:
            problem = f"its segments can't be written: {error.strerror or error}"
            if error.errno not in _OF_ITS_NAME:
                raise OutputError(f"{item.relative}: {problem}") from error
            return failure(item, problem, self._task)
        return outcome

    def _count_threads(self, anew: bool = False) -> None:
        """Look now and then how many threads there are: workers come and go."""
        now = time.monotonic()
        if not anew and self._threads and self._counted and now - self._counted < COUNT_S:
            return
        self._counted = now
        try:
            self._threads = threads_of(self._client)
        except MurmurError:
            self._is_lost = True
            raise
        if self._threads:
            self._empty_since = 0.0
            return
        self._empty_since = self._empty_since or now
        if now - self._empty_since > PATIENCE_S:
            address = _address(self._client)
            raise MurmurError(
                f"the Dask scheduler at {address} has had no worker for {PATIENCE_S:g} s: start some, with "
                f"`dask worker {address}`"
            )

    def __enter__(self) -> _Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._out and not self._is_lost:
            with contextlib.suppress(Exception):  # it is gone, and all with it
                self._client.cancel(list(self._out.values()))


def _of(item: Input, outcome: Outcome) -> Outcome:
    """Give an outcome the path that its input has here."""
    if outcome.input.info.path == item.info.path:
        return outcome
    result = None if outcome.result is None else replace(outcome.result, info=item.info)
    return replace(outcome, input=item, row=outcome.row | {"path": item.info.path}, result=result)


def _address(client: Any) -> str:
    return str(getattr(client.scheduler, "address", "an unknown address"))


def _lost(client: Any) -> MurmurError:
    return MurmurError(
        f"the Dask scheduler at {_address(client)} is lost, or has cancelled the run: what an output folder holds is kept, "
        "and the same run goes on from there"
    )


def _has_no_murmur(error: BaseException) -> bool:
    """Whether a worker could not import what it was to do, or the scheduler, of another Dask, not read it."""
    return isinstance(error, ImportError | AttributeError) or (
        isinstance(error, RuntimeError) and "deserialization" in str(error)
    )
