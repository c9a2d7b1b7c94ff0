"""The main figures for parts of the data set: by site, age, grade, quality, murmur label and heart rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.accuracy.murmurs import area
from benchmarks.accuracy.scoring import Scored, labelled_rate_bpm
from benchmarks.accuracy.segmentation import fast_against_rest, summary_figures
from murmur.findings.character import GRADES

__all__ = ["RATES_BPM", "breakdown", "breakdowns", "by_rate", "thirds"]

RATES_BPM = ((0.0, 90.0), (90.0, 120.0), (120.0, 250.0))

Rows = dict[str, dict[str, Any]]


def breakdown(
    scored: Sequence[Scored],
    key: Callable[[Scored], str | None],
    order: Sequence[str] = (),
    against: Sequence[Scored] = (),
    *,
    murmur: bool = True,
) -> Rows:
    """Figures of the recordings of each key; None leaves a recording out.

    Parameters
    ----------
    scored : sequence of Scored
    key : callable
        Names the part that a recording belongs to.
    order : sequence of str
        Parts in this order first; the others follow in alphabetical order.
    against : sequence of Scored
        Recordings that each part's murmurs are told from, beside its own.
    murmur : bool
        Whether an AUROC within the part makes sense.
    """
    parts: dict[str, list[Scored]] = {}
    for item in scored:
        name = key(item)
        if name is not None:
            parts.setdefault(name, []).append(item)
    names = [n for n in order if n in parts] + sorted(n for n in parts if n not in order)
    rows: Rows = {}
    for name in names:
        items = parts[name]
        rows[name] = {
            "recordings": len(items),
            **summary_figures(items),
            "unreadable": float(np.mean([not i.readable for i in items])),
        }
        if murmur:
            rows[name]["murmur AUROC"] = area([*items, *against])
    return rows


def thirds(values: Sequence[float], name: str) -> tuple[Callable[[float], str], tuple[str, str, str]]:
    """Name the third of all values in which one lies, with its limits; and the three names in order."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    names = (f"{name} to {low:.2f}", f"{name} {low:.2f} to {high:.2f}", f"{name} above {high:.2f}")
    return lambda value: names[int(value > low) + int(value > high)], names


def by_rate(scored: Sequence[Scored]) -> Rows:
    """By the labelled heart rate."""

    def band(item: Scored) -> str | None:
        rate = labelled_rate_bpm(item.recording.intervals)
        return next((f"{a:.0f} to {b:.0f} per minute" for a, b in RATES_BPM if rate and a <= rate < b), None)

    return breakdown(scored, band, [f"{a:.0f} to {b:.0f} per minute" for a, b in RATES_BPM])


def breakdowns(scored: Sequence[Scored]) -> dict[str, Any]:
    """Every breakdown of the report; murmurs are told apart per recording."""
    absent = [i for i in scored if i.murmur_label == "absent"]
    third, names = thirds([i.analysis.quality.index for i in scored], "quality")
    return {
        "by site": breakdown(scored, lambda i: i.recording.info.site, ["AV", "PV", "TV", "MV"]),
        "by age": breakdown(scored, lambda i: i.patient.age or "not stated", ["Neonate", "Infant", "Child", "Adolescent"]),
        "by grade (murmurs of a grade against all without)": _by_grade(scored, absent),
        "by quality": {
            **breakdown(scored, lambda i: third(i.analysis.quality.index), names),
            **breakdown(scored, lambda i: "readable" if i.readable else "unreadable"),
        },
        "by murmur label": breakdown(scored, lambda i: i.patient.murmur, ["Present", "Unknown", "Absent"], murmur=False),
        "by heart rate": by_rate(scored),
        "above 120 per minute less the rest": fast_against_rest(scored),
    }


def _by_grade(scored: Sequence[Scored], absent: Sequence[Scored]) -> Rows:
    """Murmurs of each grade are told from all recordings of children without one."""
    graded = [i for i in scored if i.patient.grading in GRADES]
    none = [i for i in scored if i.patient.grading not in GRADES]
    return {
        **breakdown(none, lambda i: "none", murmur=False),
        **breakdown(graded, lambda i: i.patient.grading, GRADES, absent),
    }
