"""How far a run has come, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from murmur.batch.stop import Stop
from murmur.batch.worker import Outcome


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    done, total : int
        Inputs with a result, those of an earlier run included, and all inputs.
    kept : int
        Results of an earlier run.
    unreadable, failed : int
        Of those done.
    """

    done: int
    total: int
    kept: int
    unreadable: int
    failed: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes
    ----------
    total : int
        Inputs.
    ok, unreadable, failed : int
        Inputs done, by status; together fewer than `total` if the run was stopped.
    kept, kept_failed : int
        Results of an earlier run, and how many of them failed.
    reasons : dict of str to int
        Why recordings are unreadable, and how many for each reason.
    patients : int
        Rows of the table of patients.
    seconds : float
        Wall time.
    stopped : bool
        Whether a signal ended the run before all was done.
    signal : int or None
        That signal.
    out : str or None
        The folder of the tables.
    """

    total: int
    ok: int
    unreadable: int
    failed: int
    kept: int
    kept_failed: int
    reasons: dict[str, int]
    patients: int
    seconds: float
    stopped: bool
    signal: int | None
    out: str | None

    @property
    def done(self) -> int:
        """Inputs that have a row."""
        return self.ok + self.unreadable + self.failed


class Tally:
    """Counts results by status, and passes them to callbacks.

    Parameters
    ----------
    total, kept : int
        Inputs, and how many of them have a result of an earlier run.
    counts : dict of str to int
        Results of an earlier run, by status.
    progress, on_result, on_failure : callable or None
        As for `murmur.batch.run`.
    """

    def __init__(
        self,
        total: int,
        kept: int,
        counts: dict[str, int],
        progress: Callable[[Progress], None] | None = None,
        on_result: Callable[[Outcome], None] | None = None,
        on_failure: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._total, self._kept = total, kept
        self._progress, self._on_result, self._on_failure = progress, on_result, on_failure
        self._counts = {"ok": 0, "unreadable": 0, "failed": 0} | counts
        self._kept_failed = self._counts["failed"]
        self._report()

    @property
    def _done(self) -> int:
        return sum(self._counts.values())

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes, and pass each to the callbacks."""
        for outcome in outcomes:
            status = str(outcome.row["status"])
            self._counts[status] += 1
            self._report()
            if self._on_failure is not None and status == "failed":
                self._on_failure(outcome)
            if self._on_result is not None:
                self._on_result(outcome)

    def _report(self) -> None:
        if self._progress is not None:
            unreadable, failed = self._counts["unreadable"], self._counts["failed"]
            self._progress(Progress(self._done, self._total, self._kept, unreadable, failed))

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
            stopped=stop.requested and self._done < self._total,
            signal=stop.signal,
            out=out,
        )
