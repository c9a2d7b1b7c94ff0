"""Workers of a Dask cluster: parts go out, outcomes come back, and a worker that is lost costs nothing."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import pickle
import queue
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from murmur import __version__
from murmur.batch.inputs import Input, key_of
from murmur.batch.scheduler import Done, Lost, Part, Report
from murmur.batch.worker import Outcome, Task, examine, failure, with_segments
from murmur.errors import MurmurError, ParameterError

if TYPE_CHECKING:
    from murmur.pipeline.models import Models

#: How long to look for the scheduler, in seconds.
CONNECT_S = 10.0
#: Parts per thread of the cluster: one in hand, one that its worker holds, one with the scheduler.
PARTS_EACH = 3
#: How often to check for a stop when nothing comes back, and for how many threads there are, in seconds.
CHECK_S, COUNT_S = 0.2, 2.0
#: How long a cluster may be without a worker, in seconds.
PATIENCE_S = 60.0
#: Priority of suspects, ahead of the parts that wait, so that few of those are with a worker that dies.
SUSPECTS_FIRST = 10
#: What Dask runs, as text: a worker that can't import a function of murmur dies when it receives it, without an error.
_CALL = "__import__('murmur.batch.cluster', fromlist=['examine_part']).examine_part(version, hashes, packed)"


# --- on a worker ------------------------------------------------------------------------


def examine_part(version: str, hashes: tuple[tuple[str, str], ...], packed: bytes) -> bytes:
    """Analyze the inputs of a part, on a worker. Part and outcomes are pickled, so that Dask has only bytes to carry.

    Parameters
    ----------
    version : str
        Of murmur, where the part comes from.
    hashes : tuple of (str, str)
        Names and SHA-256 of the models there.
    packed : bytes
        Inputs and `Task`.

    Raises
    ------
    MurmurError
        If the worker's results would differ from those of where the part comes from.
    """
    here = f"the Dask worker on {socket.gethostname()}"
    if version != __version__:
        raise MurmurError(f"{here} has murmur {__version__}, this machine {version}: install the same version everywhere")
    items, task = pickle.loads(packed)
    with _STARTING:
        try:
            models = _warm(task.models_dir, hashes)
        except Exception as error:
            raise MurmurError(f"{here} can't analyze: {error or type(error).__name__}") from error
    return pickle.dumps(_examined(items, task, models), pickle.HIGHEST_PROTOCOL)


_STARTING = threading.Lock()


@lru_cache(maxsize=1)
def _warm(folder: str | None, hashes: tuple[tuple[str, str], ...]) -> Models:
    """Load the models and compile the kernels, once in the life of a worker."""
    from murmur.live.warmup import warm_up
    from murmur.pipeline.models import load_models, model_hashes

    if tuple(model_hashes(folder).items()) != hashes:
        raise MurmurError(f"its models{f' in {folder}' if folder else ''} are missing, or differ from those here")
    models = load_models(folder)
    warm_up()
    return models


def _examined(items: Sequence[Input], task: Task, models: Models) -> list[Outcome]:
    """Analyze inputs; one that takes too long fails, and its thread is abandoned."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(items):
        left, done, abandoned = items[len(outcomes) :], queue.SimpleQueue[Outcome](), threading.Event()
        arguments = (left, task, models, done, abandoned)
        threading.Thread(target=_examine_each, args=arguments, daemon=True, name="murmur-examine").start()
        for item in left:
            try:
                outcomes.append(done.get(timeout=task.timeout_s))
            except queue.Empty:
                abandoned.set()
                outcomes.append(failure(item, f"took longer than {task.timeout_s:g} s (--timeout)", task))
                break
    return outcomes


def _examine_each(
    items: Sequence[Input], task: Task, models: Models, done: queue.SimpleQueue[Outcome], abandoned: threading.Event
) -> None:
    for item in items:
        done.put(examine(item, task, models))
        if abandoned.is_set():
            return


# --- where the run is -------------------------------------------------------------------


@contextlib.contextmanager
def connected(client: Any) -> Iterator[Any]:
    """Yield the client of a cluster: the one given, or a new one for a scheduler's address.

    Parameters
    ----------
    client : distributed.Client or str

    Raises
    ------
    ParameterError
        If there is no scheduler at that address, or distributed is not installed.
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
            f"{client}: no Dask scheduler answered within {CONNECT_S:g} s: start one with `dask scheduler` and give the "
            f"address that it prints, such as tcp://HOST:8786 ({error})"
        ) from error
    try:
        yield own
    finally:
        with _quiet():
            own.close()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence what Dask logs of a scheduler that does not answer: an error of murmur reports it."""
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


class _ClusterLostError(MurmurError):
    """No more can come from the scheduler."""

    def __init__(self, client: Any) -> None:
        super().__init__(
            f"the Dask scheduler at {_address(client)} is lost, or has cancelled the run: the results in the output folder "
            "are kept, and the same run continues from there"
        )


def threads_of(client: Any) -> int:
    """Count the threads of a cluster's workers.

    Raises
    ------
    MurmurError
        If its scheduler is lost.
    """
    try:
        return sum(client.nthreads().values())
    except Exception as error:  # of many kinds
        raise _ClusterLostError(client) from error


class Cluster(contextlib.AbstractContextManager["Cluster"]):
    """What a Dask cluster has of a run, and what has come back.

    Dask runs what a lost worker had again, and reports an error (KilledWorker) when it has been with several that died,
    possibly because of another part's file. The inputs of such a part then go out one by one, one at a time in the whole
    cluster, ahead of all else: an input whose worker dies again has no other to blame.

    Segments are written by this process: workers must see the inputs, not the output.

    Parameters
    ----------
    task : Task
    client : distributed.Client
        What it was given and is not done is cancelled at the end, however it ends.
    """

    def __init__(self, task: Task, client: Any) -> None:
        from murmur.pipeline.models import model_hashes

        self._client, self._task = client, task
        models_dir = None if task.models_dir is None else key_of(task.models_dir)
        self._workers_task = replace(task, models_dir=models_dir, segments_dir=None, memory_mb=None)
        self._hashes = tuple(model_hashes(task.models_dir).items())
        self._suspect_out = False
        self._out: dict[str, Any] = {}
        self._back: queue.SimpleQueue[tuple[str, Part, bytes | BaseException]] = queue.SimpleQueue()
        self._threads, self._counted, self._empty_since = 1, 0.0, 0.0

    @property
    def width(self) -> int:
        """Threads of its workers."""
        return max(self._threads, 1)

    def has_room(self, suspect: bool) -> bool:
        """Return whether it can hold one more part; of suspects, only one at a time."""
        return not self._suspect_out if suspect else len(self._out) < PARTS_EACH * self.width

    def is_busy(self, stopping: bool) -> bool:
        """Return whether parts are out; if the run is stopping, only while there are workers."""
        return bool(self._out) and not (stopping and not self._threads)

    def submit(self, part: Part) -> None:
        """Submit a part; raise MurmurError if the scheduler is lost."""
        # a relative path leads elsewhere there
        items = [replace(item, info=replace(item.info, path=key_of(item.info.path))) for item in part.items]
        packed = pickle.dumps((items, self._workers_task), pickle.HIGHEST_PROTOCOL)
        key = f"murmur-{uuid.uuid4()}"
        priority = SUSPECTS_FIRST if part.suspect else 0
        try:
            arguments = {"version": __version__, "hashes": self._hashes, "packed": packed}
            future = self._client.submit(eval, _CALL, arguments, key=key, pure=False, priority=priority)
            coroutine = self._bring(key, future, part)
            try:
                asyncio.run_coroutine_threadsafe(coroutine, self._client.loop.asyncio_loop)
            except RuntimeError:
                coroutine.close()
                raise
        except Exception as error:  # the client is closed
            raise _ClusterLostError(self._client) from error
        self._out[key] = future
        self._suspect_out |= part.suspect

    async def _bring(self, key: str, future: Any, part: Part) -> None:
        """Wait for a part's outcomes, in the client's thread; those lost with a worker are computed again."""
        result: bytes | BaseException
        try:
            result = await self._client.gather(future, asynchronous=True)
        except BaseException as error:
            result = error
        self._back.put((key, part, result))

    def reports(self) -> Iterator[Report]:
        """Wait for parts that come back; raise MurmurError if no more can."""
        self._count_threads()
        with contextlib.suppress(queue.Empty):
            back = self._back.get(timeout=CHECK_S)
            while True:
                yield self._report(*back)
                back = self._back.get_nowait()

    def _report(self, key: str, part: Part, result: bytes | BaseException) -> Report:
        from distributed import KilledWorker

        self._out.pop(key).release()
        if part.suspect:
            self._suspect_out = False
        if isinstance(result, bytes):
            outcomes = map(_with_path_here, part.items, pickle.loads(result))
            return Done(part, [with_segments(outcome, self._task) for outcome in outcomes])
        self._raise_unless_of_an_input(result)
        reason = f"the cluster can't analyze it: {type(result).__name__}: {result}"
        if isinstance(result, KilledWorker):
            reason = "every worker that took it died: out of memory, or a crash in a library"
        return Lost(part, reason)

    def _raise_unless_of_an_input(self, error: BaseException) -> None:
        if isinstance(error, MurmurError):
            raise error
        if isinstance(error, OSError):  # usually of a connection, perhaps that to the scheduler
            self._count_threads(anew=True)
        if isinstance(error, asyncio.CancelledError | concurrent.futures.CancelledError):
            raise _ClusterLostError(self._client) from error
        if _has_no_murmur(error):
            raise MurmurError(
                f"a worker of the Dask scheduler at {_address(self._client)} does not have murmur {__version__}: install "
                f"the same version everywhere ({error.__cause__ or error})"
            ) from error

    def _count_threads(self, anew: bool = False) -> None:
        """Count threads now and then: workers come and go."""
        now = time.monotonic()
        if not anew and self._threads and self._counted and now - self._counted < COUNT_S:
            return
        self._counted = now
        self._threads = threads_of(self._client)
        if self._threads:
            self._empty_since = 0.0
            return
        self._empty_since = self._empty_since or now
        if now - self._empty_since > PATIENCE_S:
            address = _address(self._client)
            raise MurmurError(
                f"the Dask scheduler at {address} has had no worker for {PATIENCE_S:g} s: start some with "
                f"`dask worker {address}`"
            )

    def __exit__(self, kind: type[BaseException] | None, *ending: object) -> None:
        if self._out and kind is not _ClusterLostError:
            with contextlib.suppress(Exception):  # the scheduler is gone, and all with it
                self._client.cancel(list(self._out.values()))


def _with_path_here(item: Input, outcome: Outcome) -> Outcome:
    """Return an outcome with the path that its input has here."""
    if outcome.input.info.path == item.info.path:
        return outcome
    result = None if outcome.result is None else replace(outcome.result, info=item.info)
    return replace(outcome, input=item, row=outcome.row | {"path": item.info.path}, result=result)


def _address(client: Any) -> str:
    return str(getattr(client.scheduler, "address", "an unknown address"))


def _has_no_murmur(error: BaseException) -> bool:
    """Return whether a worker could not import murmur, or a scheduler of another version of Dask could not read the task."""
    return isinstance(error, ImportError | AttributeError) or (
        isinstance(error, RuntimeError) and "deserialization" in str(error)
    )
