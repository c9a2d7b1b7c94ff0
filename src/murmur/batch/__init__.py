"""Many recordings: what to analyze, in worker processes, into tables. Names are loaded when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.lazy import lazily

if TYPE_CHECKING:
    from murmur.batch.inputs import Input as Input
    from murmur.batch.inputs import find_inputs as find_inputs
    from murmur.batch.inputs import gather as gather
    from murmur.batch.output import count_to_do as count_to_do
    from murmur.batch.output import export_tables as export_tables
    from murmur.batch.runner import Progress as Progress
    from murmur.batch.runner import Summary as Summary
    from murmur.batch.runner import run as run
    from murmur.batch.visits import courses as courses
    from murmur.batch.visits import export_courses as export_courses
    from murmur.batch.worker import Outcome as Outcome

_HOME = {
    "Input": "inputs",
    "Outcome": "worker",
    "Progress": "runner",
    "Summary": "runner",
    "count_to_do": "output",
    "courses": "visits",
    "export_courses": "visits",
    "export_tables": "output",
    "find_inputs": "inputs",
    "gather": "inputs",
    "run": "runner",
}

__all__ = [
    "Input",
    "Outcome",
    "Progress",
    "Summary",
    "count_to_do",
    "courses",
    "export_courses",
    "export_tables",
    "find_inputs",
    "gather",
    "run",
]


__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
