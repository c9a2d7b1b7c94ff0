"""``python -m benchmarks.agreement OLD.jsonl NEW.jsonl``: whether two versions of murmur say the same of recordings.

Each file is what ``murmur analyze FOLDER --json --no-progress > FILE.jsonl`` printed. Onsets are compared one to one,
findings word by word, probabilities by their largest difference.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.training.scores import match_onsets

__all__ = ["Agreement", "agreement"]

#: Onsets agree within this.
TOLERANCE_MS = 10
#: Changed findings that are listed.
LISTED = 40


@dataclass
class Agreement:
    """What agrees and what does not; onsets are of S1 and S2 together, of both versions."""

    recordings: int = 0
    missing: int = 0
    onsets: int = 0
    onsets_that_agree: int = 0
    findings: int = 0
    changed: list[tuple[str, str, object, object]] = field(default_factory=list)
    largest: dict[str, float] = field(default_factory=dict)

    @property
    def f1(self) -> float:
        """Of the onsets, one version against the other."""
        return self.onsets_that_agree / max(self.onsets, 1)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Analyses by the recording's name."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {Path(one["info"]["path"]).name: one for one in map(json.loads, lines)}


def values(analysis: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """What is called: the status and every finding's word."""
    yield "status", analysis["status"]
    for name, finding in (analysis.get("findings") or {}).items():
        if not isinstance(finding["value"], float):
            yield name, finding["value"]


def probabilities(analysis: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Every number that a finding is called by."""
    for name, finding in (analysis.get("findings") or {}).items():
        for key, value in finding.items():
            if isinstance(value, float) and (key.endswith("probability") or key == "value"):
                yield f"{name}, {key}", value


def onsets(analysis: dict[str, Any]) -> NDArray[np.float64]:
    """Of S1 and S2, in s."""
    intervals = (analysis.get("segmentation") or {}).get("intervals", [])
    return np.array([one["start_s"] for one in intervals if one["state"] in (1, 3)], dtype=np.float64)


def agreement(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> Agreement:
    """Compare what both have."""
    found = Agreement(missing=len(old.keys() ^ new.keys()))
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        found.recordings += 1
        new_s, old_s = onsets(after), onsets(before)
        found.onsets += new_s.size + old_s.size
        found.onsets_that_agree += 2 * len(match_onsets(new_s, old_s, TOLERANCE_MS / 1e3))
        words = dict(values(after))
        for sign, word in values(before):
            found.findings += 1
            if words.get(sign) != word:
                found.changed.append((name, sign, word, words.get(sign)))
        numbers = dict(probabilities(after))
        for sign, value in probabilities(before):
            found.largest[sign] = max(found.largest.get(sign, 0.0), abs(numbers.get(sign, np.inf) - value))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if a finding changed or a recording is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.agreement", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    given = parser.parse_args(arguments)
    found = agreement(read(given.old), read(given.new))
    print(f"{found.recordings} recordings in both, {found.missing} in one alone")
    print(f"S1 and S2 onsets, new against old, within {TOLERANCE_MS} ms: F1 {found.f1:.6f}")
    print(f"findings changed: {len(found.changed)} of {found.findings}")
    for name, sign, before, after in found.changed[:LISTED]:
        print(f"  {name}: {sign}: {before} -> {after}")
    print("largest difference of a probability or score")
    for sign, difference in sorted(found.largest.items(), key=lambda item: -item[1]):
        print(f"  {sign}: {difference:.6f}")
    return int(bool(found.changed or found.missing))


if __name__ == "__main__":
    raise SystemExit(main())
