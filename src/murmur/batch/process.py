"""A worker process from the inside: load models and kernels, bound the memory, analyze parts until there are no more."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from murmur.batch.worker import Outcome, Task, examine, failure

#: What a worker sends when it has started.
READY = "ready"


def work(task: Task, parts: Connection, current: Any) -> None:
    """Receive inputs and send back their outcomes; `current` shows the parent which of a part is in hand."""
    for handled_by_parent in (signal.SIGINT, signal.SIGTERM):
        signal.signal(handled_by_parent, signal.SIG_IGN)
    _end_with_parent()
    # one file per core: threads of a BLAS would compete with the other workers
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    import soundfile  # noqa: F401  (before memory is bounded: every file needs it)

    from murmur.live.warmup import warm_up
    from murmur.pipeline.models import load_models

    models = load_models(task.models_dir)
    warm_up()
    if task.memory_mb is not None:
        _bound_memory(task.memory_mb)
    parts.send(READY)
    while True:
        try:
            items = parts.recv()
        except EOFError:  # no more
            return
        outcomes: list[Outcome] = []
        for number, item in enumerate(items):
            current.value = number
            outcomes.append(examine(item, task, models))
        try:
            parts.send(outcomes)
        except (MemoryError, ValueError) as error:  # too large to be sent
            reason = f"its result can't be sent: {error or type(error).__name__}"
            parts.send([failure(item, reason, task) for item in items])


def _end_with_parent() -> None:
    """End when the parent does, even if it was killed: nobody would read any further results."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="murmur-end-with-parent").start()


def _bound_memory(more_mb: int) -> None:
    """Let the process allocate this much more than it holds; beyond that, one file fails and the machine goes on.

    Without effect where the system has no such bound, or does not report what is held.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  (not a path of the user)
            held = int(file.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = held + more_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
