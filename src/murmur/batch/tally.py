"""Counts a run's results, and passes them to whoever watches it."""

from __future__ import annotations

from collections.abc import Sequence

from murmur.batch.options import RunOptions
from murmur.batch.progress import Progress, Summary
from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome

__all__ = ["Tally"]


class Tally:
    """Counts results by status, and passes them to the callbacks.

    Parameters
    ----------
    total, kept : int
        Inputs, and how many of them have a result of an earlier run.
    counts : dict of str to int
        Results of an earlier run, by status.
    options : RunOptions
    """

    def __init__(self, total: int, kept: int, counts: dict[str, int], options: RunOptions) -> None:
        self._total, self._kept, self._options = total, kept, options
        self._counts = {"ok": 0, "unreadable": 0, "failed": 0} | counts
        self._kept_failed = self._counts["failed"]
        self._report()

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes, and pass each to the callbacks."""
        options = self._options
        for outcome in outcomes:
            status = str(outcome.row["status"])
            self._counts[status] += 1
            self._report()
            if options.on_failure is not None and status == "failed":
                options.on_failure(outcome)
            if options.on_result is not None:
                options.on_result(outcome)

    def _report(self) -> None:
        if self._options.progress is not None:
            counts = self._counts
            self._options.progress(
                Progress(sum(counts.values()), self._total, self._kept, counts["unreadable"], counts["failed"])
            )

    def summary(self, stop: Stop, *, reasons: dict[str, int], patients: int, out: str | None, seconds: float) -> Summary:
        """Sum up the run."""
        return Summary(
            total=self._total,
            **self._counts,
            kept=self._kept,
            kept_failed=self._kept_failed,
            reasons=reasons,
            patients=patients,
            seconds=seconds,
            stopped=stop.requested and sum(self._counts.values()) < self._total,
            signal=stop.signal,
            out=out,
        )
