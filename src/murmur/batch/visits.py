"""Patients over their visits, from the results of a run; nothing is analyzed again."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from murmur.batch.store import Store
from murmur.errors import ParameterError
from murmur.io.writing import made_folder
from murmur.patients.visits import VisitHistory, compare_visits
from murmur.settings import Settings
from murmur.tables.column import kinds_of
from murmur.tables.export import Table, check_format, export
from murmur.tables.patients import site_figures_from_row
from murmur.tables.visits import VISIT_TABLES, visit_rows


def visit_histories(
    folder: str | os.PathLike[str],
    patients: Collection[str] | None = None,
    *,
    models_dir: str | os.PathLike[str] | None = None,
) -> Iterator[VisitHistory]:
    """Follow the patients of a run who have more than one visit.

    Parameters
    ----------
    folder : str or os.PathLike
        Output folder of the run (``murmur analyze -o``).
    patients : collection of str, optional
        Only these, even with a single visit; by default all with more than one.
    models_dir : str or os.PathLike, optional
        Folder of the models that the run was made with, if not the shipped ones.

    Yields
    ------
    VisitHistory
        In the order of the inputs.

    Raises
    ------
    MissingFileError
        If the folder is not the output of a run.
    ParameterError
        If one of `patients` is not in it, or the order of a patient's visits is unknown.

    See Also
    --------
    export_visit_histories : Write them as tables.
    """
    from murmur.pipeline.models import load_models

    models = load_models(None if models_dir is None else os.fspath(models_dir))
    seen: set[str] = set()
    with Store.existing(Path(folder)) as store:
        settings = Settings(**store.facts.get("settings", {}))
        for patient, rows in groupby(store.rows_by_patient(), key=lambda row: str(row["patient"])):
            seen.add(patient)
            if patients is not None and patient not in patients:
                continue
            sites = [site_figures_from_row(row) for row in rows]
            if patients is not None or len({site.info.visit for site in sites if site.info.visit}) > 1:
                yield compare_visits(patient, sites, settings, models)
    if absent := sorted(set(patients or ()) - seen):
        raise ParameterError(f"{os.fspath(folder)}: holds no patient {', '.join(absent)}")


def export_visit_histories(
    found: Iterable[VisitHistory], destination: str | os.PathLike[str], *, format: str = "csv"
) -> dict[str, int]:
    """Write the tables ``visits``, ``changes`` and ``trends``.

    Parameters
    ----------
    found : iterable of VisitHistory
    destination : str or os.PathLike
        Output folder, made if it does not exist.
    format : str, default "csv"
        "csv", "jsonl" or "parquet".

    Returns
    -------
    dict of str to int
        Number of rows of each table.

    Raises
    ------
    ParameterError
        If tables can't be written in that format.
    OutputError
        If the folder can't be written.

    See Also
    --------
    visit_histories : Follow the patients of a run.
    """
    check_format(format)
    folder, histories = made_folder(destination), list(found)
    counts = {}
    for name, columns in VISIT_TABLES.items():
        rows = (tuple(row.values()) for history in histories for row in visit_rows(name, history))
        counts[name] = export(Table(name, kinds_of(columns), rows), folder, format)
    return counts
