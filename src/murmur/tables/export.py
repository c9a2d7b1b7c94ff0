"""Tables as files: CSV, JSON lines or Parquet, each complete or absent."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from murmur.errors import ParameterError
from murmur.io.writing import write_whole
from murmur.tables.column import Cell

#: Rows of one file of a Parquet data set, and of a group, which is held in memory.
PART_ROWS, GROUP_ROWS = 1_000_000, 20_000


@dataclass(frozen=True, slots=True)
class Table:
    """A table to write.

    Attributes
    ----------
    name : str
        Name of the file, without its format: "recordings", "cycles" …
    kinds : dict of str to type
        Its columns and the type of their cells: str, int, float or bool; any cell may be None.
    rows : iterator of tuple
        Its rows, to be read once; bools may be 0 and 1.
    """

    name: str
    kinds: dict[str, type]
    rows: Iterator[tuple[Cell, ...]]


def check_format(name: str) -> None:
    """Raise ParameterError if tables can't be written in a format."""
    if name not in FORMATS:
        raise ParameterError(f"the format must be one of {', '.join(FORMATS)}, not {name!r}")
    if name == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise ParameterError("writing Parquet needs pyarrow: pip install 'murmur-pcg[parquet]'") from error


def export(table: Table, folder: Path, format_: str) -> int:
    """Write a table into a folder, replacing an existing one; return its number of rows.

    Raises
    ------
    OutputError
        If it can't be written; an existing one is left unchanged.
    """
    number = 0

    def counted() -> Iterator[tuple[Cell, ...]]:
        nonlocal number
        for row in table.rows:
            number += 1
            yield row

    target = folder / f"{table.name}.{format_}"
    write_whole(target, lambda temporary: FORMATS[format_](replace(table, rows=counted()), temporary))
    return number


def _spelled(table: Table, false: Cell = False, true: Cell = True) -> Iterator[Sequence[Cell]]:
    """Rows with bools, which may be 0 and 1, spelled as a format does."""
    spelling: dict[Cell, Cell] = {None: None, False: false, True: true}
    bools = [number for number, kind in enumerate(table.kinds.values()) if kind is bool]
    for row in table.rows:
        cells = list(row)
        for number in bools:
            cells[number] = spelling[row[number]]
        yield cells


def _write_csv(table: Table, target: Path) -> None:
    # a file name that is not UTF-8 is written with escapes
    with target.open("x", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.kinds)
        writer.writerows(_spelled(table, "false", "true"))
        _settle(file)


def _write_lines(table: Table, target: Path) -> None:
    with target.open("x", encoding="utf-8", errors="backslashreplace") as file:
        for row in _spelled(table):
            named = dict(zip(table.kinds, row, strict=True))
            file.write(json.dumps(named, ensure_ascii=False, allow_nan=False) + "\n")
        _settle(file)


def _write_parquet(table: Table, target: Path) -> None:
    """Write a folder of files, which readers of Parquet treat as one table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in table.kinds.items()])
    target.mkdir()
    spelled = _spelled(table)
    part, last = 0, False
    while not last:
        written = 0
        with pq.ParquetWriter(target / f"part-{part:05}.parquet", schema, compression="zstd") as writer:
            while written < PART_ROWS and not last:
                rows = list(islice(spelled, GROUP_ROWS))
                last = len(rows) < GROUP_ROWS
                written += len(rows)
                columns = zip(*rows, strict=True) if rows else [()] * len(schema)
                writer.write_table(pa.table([_array(pa, c, f) for c, f in zip(columns, schema, strict=True)], schema=schema))
        part += 1


def _array(pa: Any, cells: tuple[Cell, ...], field: Any) -> Any:
    if pa.types.is_string(field.type):  # a file name that is not UTF-8 is written with escapes
        cells = tuple(c if c is None else str(c).encode("utf-8", "backslashreplace").decode() for c in cells)
    return pa.array(cells, field.type)


def _settle(file: Any) -> None:
    """Make sure that a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


#: How each format is written.
FORMATS: dict[str, Callable[[Table, Path], None]] = {"csv": _write_csv, "jsonl": _write_lines, "parquet": _write_parquet}
