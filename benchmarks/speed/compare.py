"""``python -m benchmarks.speed.compare OLD.json NEW.json``: what got slower, as multiples of the floor of its own run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.speed.alternatives import FLOOR

__all__ = ["changes"]

#: A change of less is the machine's.
NOTABLE = 0.1


def changes(old: dict[str, float], new: dict[str, float]) -> list[tuple[str, float, float, float]]:
    """Name, old and new seconds, and new against old, each as a multiple of its run's floor; the worst first."""
    floors = old[FLOOR], new[FLOOR]
    rows = [(k, old[k], new[k], (new[k] / floors[1]) / (old[k] / floors[0])) for k in new if k in old and k != FLOOR]
    return sorted(rows, key=lambda row: -row[3])


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if something got slower by a tenth or more."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.compare", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    given = parser.parse_args(arguments)
    old, new = (json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in (given.old, given.new))
    rows = changes(old, new)
    print("| what | old, ms | new, ms | new / old, both as multiples of the floor | |")
    print("|---|---|---|---|---|")
    for name, before, after, ratio in rows:
        word = "slower" if ratio > 1 + NOTABLE else "faster" if ratio < 1 - NOTABLE else ""
        print(f"| {name} | {1e3 * before:.2f} | {1e3 * after:.2f} | {ratio:.2f} | {word} |")
    return int(any(ratio > 1 + NOTABLE for *_, ratio in rows))


if __name__ == "__main__":
    raise SystemExit(main())
