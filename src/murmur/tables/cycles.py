"""The table of cycles: one row for each cardiac cycle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from murmur.tables.column import Cell, Column
from murmur.tables.recordings import RECORDINGS

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis

CycleRow = tuple[Cell, ...]


def _bound(name: str, meaning: str) -> Column[Analysis]:
    return Column(name, float, lambda analysis: getattr(analysis.segmentation.cycles, name), meaning, "s")


def _figure(name: str, unit: str, meaning: str) -> Column[Analysis]:
    return Column(name, float, lambda analysis: getattr(analysis.cycles, name), meaning, unit)


#: What was measured; each getter returns the cells of all cycles of a recording, shape (cycles,).
CYCLE_FIGURES: tuple[Column[Analysis], ...] = (
    Column("cycle", int, lambda a: np.arange(1, len(a.segmentation.cycles) + 1),
           "Number of the cycle in its recording, from 1.", key=True),
    _bound("s1_onset_s", "Onset of S1, from the start of the recording."),
    _bound("systole_onset_s", "End of S1 and onset of systole."),
    _bound("s2_onset_s", "Onset of S2."),
    _bound("diastole_onset_s", "End of S2 and onset of diastole."),
    _bound("end_s", "Onset of the next S1."),
    Column("confidence", float, lambda a: a.segmentation.cycles.confidence,
           "Probability that its S1 and S2 are where they were found.", "0 to 1"),
    Column("trusted", bool, lambda a: a.cycles.trusted, "Whether it counts in the recording's figures."),
    _figure("s1_s2_level_db", "dB",
            "Level of S1 relative to S2, 60 to 100 Hz; empty, like the following, if the cycle is not trusted."),
    _figure("murmur_above_late_diastole_db", "dB", "Mid-systole above late diastole, 80 to 600 Hz."),
    _figure("murmur_extent", "share",
            "Share of systole at least 3 dB above late diastole and within 12 dB of its loudest part."),
)  # fmt: skip
#: The figures, after the labels that tell which recording a cycle is of.
CYCLES: tuple[Column[Analysis], ...] = (
    *(column for column in RECORDINGS if column.name in {"path", "patient", "site"}),
    *CYCLE_FIGURES,
)


def cycle_rows(analysis: Analysis) -> list[CycleRow]:
    """Return the cells of `CYCLE_FIGURES` for each cycle of one recording."""
    return list(zip(*(_cells(column, analysis) for column in CYCLE_FIGURES), strict=True))


def _cells(column: Column[Analysis], analysis: Analysis) -> list[Cell]:
    values = column.get(analysis)
    if column.kind is not float:
        cells: list[Cell] = values.tolist()
        return cells
    rounded = np.round(values, column.decimals) + 0.0  # no "-0.0"
    return [None if math.isnan(cell) else cell for cell in rounded.tolist()]
