"""What a run is asked to do, as one record."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from murmur.errors import ParameterError
from murmur.settings import Settings
from murmur.tables.export import check_format

if TYPE_CHECKING:
    from distributed import Client

    from murmur.batch.progress import Progress
    from murmur.batch.worker import Outcome

#: A file that takes longer than this, in seconds, fails.
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run, named and documented as the parameters of `murmur.batch.run`.

    Raises
    ------
    ParameterError
        If one is out of its range, or two exclude each other.
    """

    out: str | os.PathLike[str] | None = None
    jobs: int | None = None
    client: Client | str | None = None
    settings: Settings = field(default_factory=Settings)
    models_dir: str | None = None
    channel: int | None = None
    resume: bool = True
    retry_failed: bool = False
    format: str = "csv"
    timeout_s: float | None = None
    memory_mb: int | None = None
    progress: Callable[[Progress], None] | None = None
    on_result: Callable[[Outcome], None] | None = None
    on_failure: Callable[[Outcome], None] | None = None
    keep: bool = False
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("jobs", "memory_mb"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ParameterError(f"{name} must be 1 or more, not {value!r}")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise ParameterError(f"timeout_s must be above 0, not {self.timeout_s!r}")
        if self.client is not None and (self.jobs is not None or self.memory_mb is not None):
            raise ParameterError("a cluster has its own workers and memory: give a client, or jobs and memory_mb, not both")
        check_format(self.format)
