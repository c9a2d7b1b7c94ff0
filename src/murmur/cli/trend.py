"""``murmur trend``: the patients of a run over their visits."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from murmur.cli.codes import DONE
from murmur.errors import OutputError

__all__ = ["trend"]

#: Of so many patients what has changed is told; the tables have them all.
PATIENTS_TOLD = 20


def trend(options: argparse.Namespace) -> int:
    """Compare visits, tell what has changed, and write the tables."""
    from murmur.batch.visits import export_visit_histories, visit_histories
    from murmur.cli.display import reporter
    from murmur.wording import tell_visit_history

    found = list(visit_histories(options.folder, options.patient or None, models_dir=options.models))
    changed = [history for history in found if history.more_than_noise]
    told = found if options.patient else (changed + [history for history in found if not history.more_than_noise])
    report = reporter()
    for history in told[: None if options.patient else PATIENTS_TOLD]:
        report(tell_visit_history(history))
    place = Path(options.output or options.folder)
    export_visit_histories(found, place, format=options.format)
    if options.plots:
        _draw(found, place / "trends")
    visits = (
        f"{len(found)} patient{'' if len(found) == 1 else 's'} with more than one visit" if not options.patient else "done"
    )
    hint = "" if found else " (the column visit of a manifest tells)"
    where = f"Tables visits, changes, trends are in {place}"
    print(f"{visits}{hint}, {len(changed)} changed by more than noise. {where}", file=sys.stderr)
    return DONE


def _draw(found: list, folder: Path) -> None:  # type: ignore[type-arg]
    from murmur.io.naming import file_name
    from murmur.io.writing import made_folder
    from murmur.plot import history as draw

    made_folder(folder)
    try:
        for history in found:
            draw(history).savefig(folder / f"{file_name(history.patient)}.svg", metadata={"Date": None})
    except OSError as error:
        raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
