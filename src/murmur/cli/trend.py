"""``murmur trend``: the patients of a run over their visits."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from murmur.cli.arguments import add_shared

if TYPE_CHECKING:
    from murmur.patients.visits import VisitHistory

#: So many patients are printed; the tables have them all.
PATIENTS_PRINTED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Compare the visits of each patient of a run (murmur analyze --manifest FILE.csv -o OUT, whose column visit has "
        "dates such as 2026-05-02, or numbers): what has changed by more than noise. Writes the tables visits, changes "
        "and trends."
    )
    add_shared(parser, "run", "patients")
    parser.add_argument("--plots", action="store_true", help="plot histories into trends/ (needs murmur-pcg[plot])")
    add_shared(parser, "format", "tables", "models")


def run(options: argparse.Namespace) -> None:
    """Compare visits, print what has changed, and write the tables."""
    from murmur.batch.visits import export_visit_histories, visit_histories
    from murmur.cli.display import reporter
    from murmur.wording import tell_visit_history
    from murmur.wording.story import count

    histories = list(visit_histories(options.folder, options.patient or None, models_dir=options.models))
    changed = [history for history in histories if history.more_than_noise]
    printed = histories
    if not options.patient:
        printed = (changed + [history for history in histories if not history.more_than_noise])[:PATIENTS_PRINTED]
    report = reporter()
    for history in printed:
        report(tell_visit_history(history))
    folder = Path(options.output or options.folder)
    export_visit_histories(histories, folder, format=options.format)
    if options.plots:
        _draw(histories, folder / "trends")
    patients = count(len(histories), "patient")
    visits = "" if options.patient else " with more than one visit"
    hint = "" if histories else " (visits come from the column visit of a manifest)"
    tables = f"Tables visits, changes, trends are in {folder}"
    print(f"{patients}{visits}{hint}, {len(changed)} changed by more than noise. {tables}", file=sys.stderr)


def _draw(histories: Iterable[VisitHistory], folder: Path) -> None:
    from murmur.io.naming import file_name
    from murmur.io.writing import made_folder, write_whole
    from murmur.plot import history as draw

    made_folder(folder)
    for history in histories:
        figure = draw(history)
        save = partial(figure.savefig, format="svg", metadata={"Date": None})
        write_whole(folder / f"{file_name(history.patient)}.svg", save)
