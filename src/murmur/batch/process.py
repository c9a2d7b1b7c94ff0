"""A worker process, from its inside: warm kernels, a bound on its memory, chunk after chunk until it is let go."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from murmur.batch.worker import Outcome, Task, examine, failure, load_models

__all__ = ["READY", "work"]

#: What a worker says when it has started.
READY = "ready"


def work(task: Task, chunks: Connection, at_work_on: Any) -> None:
    """Take chunks of inputs, send back their outcomes; `at_work_on` tells the parent which of a chunk is in hand."""
    for its_own in (signal.SIGINT, signal.SIGTERM):  # the parent's to handle
        signal.signal(its_own, signal.SIG_IGN)
    _follow_parent()
    # one file per core: a BLAS with threads of its own would only be in the way
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    import soundfile  # noqa: F401  (loaded before memory is bounded, as all that every file needs)

    from murmur.live.warmup import warm_up

    models = load_models(task.models_dir)
    warm_up()
    if task.memory_mb is not None:
        _bound_memory(task.memory_mb)
    chunks.send(READY)
    while True:
        try:
            items = chunks.recv()
        except EOFError:  # no more
            return
        outcomes: list[Outcome] = []
        for number, item in enumerate(items):
            at_work_on.value = number
            outcomes.append(examine(item, task, models))
        try:
            chunks.send(outcomes)
        except (MemoryError, ValueError) as error:  # what was found is too large to be sent
            reason = f"its result can't be sent: {error or type(error).__name__}"
            chunks.send([failure(item, reason, task) for item in items])


def _follow_parent() -> None:
    """End with the parent, even if that was killed: nobody would ever read what is still made here."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="murmur-follow-parent").start()


def _bound_memory(more_mb: int) -> None:
    """Let the process take so much more than it holds; beyond that an allocation fails, which costs a file, not the machine.

    Where the system knows no such bound, or tells not what is held, there is none.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  (no path of ours)
            held = int(file.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = held + more_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
