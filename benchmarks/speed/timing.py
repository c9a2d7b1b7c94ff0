"""Times of several calls in one run: taken in turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

__all__ = ["REPEATS", "in_turns"]

REPEATS = 7


def in_turns(
    calls: Mapping[str, Callable[[], object]], repeats: int = REPEATS, again: bool = True
) -> dict[str, list[float]]:
    """Seconds of each call, `repeats` times, in the steady state.

    With `again` each is timed right after a call of its own that does not count, so that it finds the caches as it left them
    itself and not as the one before it did.
    """
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            if again:
                call()
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
    return times
