"""How far a run has come, and what it did."""

from __future__ import annotations

from dataclasses import dataclass


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
