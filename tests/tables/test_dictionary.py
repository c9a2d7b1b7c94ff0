"""One schema: names, types and order of every output are those of the columns, and the tables are as they say."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow.dataset
import pytest

from murmur.batch import export_tables, export_visit_histories, gather, run, visit_histories
from murmur.cli import main
from murmur.tables.dictionary import TABLES, data_package

SAMPLES = Path(__file__).parents[2] / "samples"
#: How each kind of cell is called.
IN_SQLITE = {str: "TEXT", int: "INTEGER", float: "REAL", bool: "INTEGER"}
IN_PARQUET = {str: "string", int: "int64", float: "double", bool: "bool"}
IN_DATA_PACKAGE = {str: "string", int: "integer", float: "number", bool: "boolean"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give all six tables, of a patient with three visits and others."""
    home = tmp_path_factory.mktemp("tables")
    visits = {"2026-01-05": "normal", "2026-03-02": "mitral_regurgitation_mild", "2026-06-01": "mitral_regurgitation_severe"}
    lines = ["path,patient,site,visit", *(f"{SAMPLES / name}.wav,A,MV,{visit}" for visit, name in visits.items())]
    lines += [f"{SAMPLES / name}.wav,,MV," for name in ("atrial_fibrillation", "noisy")]
    (home / "visits.csv").write_text("\n".join(lines) + "\n")
    (home / "none.wav").write_bytes(b"RIFF")
    with (home / "visits.csv").open("a") as file:
        file.write(f"{home / 'none.wav'},B,,\n")
    run(gather([], home / "visits.csv"), home, jobs=1)
    for format_ in ("csv", "parquet"):
        export_visit_histories(visit_histories(home), home, format=format_)
    export_tables(home, format="parquet")
    return home


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_explained_in_a_sentence(table):
    for column in TABLES[table]:
        assert column.meaning[0].isupper() or column.choices or column.meaning[0] in "`6", column.name
        assert column.meaning.endswith("."), column.name


@pytest.mark.parametrize("table", TABLES)
def test_every_output_has_the_same_columns_in_the_same_order(folder, table):
    columns = TABLES[table]
    parquet = pyarrow.dataset.dataset(folder / f"{table}.parquet").schema
    assert [(f.name, str(f.type)) for f in parquet] == [(c.name, IN_PARQUET[c.kind]) for c in columns]
    described = next(r for r in data_package()["resources"] if r["name"] == table)["schema"]["fields"]
    assert [(f["name"], f["type"]) for f in described] == [(c.name, IN_DATA_PACKAGE[c.kind]) for c in columns]


@pytest.mark.parametrize("table", ["recordings", "cycles", "patients"])
def test_the_database_has_the_same_columns_in_the_same_order(folder, table):
    with closing(sqlite3.connect(folder / "murmur.sqlite")) as database:
        found = [(name, kind) for _, name, kind, *_ in database.execute(f"PRAGMA table_info({table})") if name != "extra"]
    assert found == [(column.name, IN_SQLITE[column.kind]) for column in TABLES[table]]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_what_the_dictionary_says(folder, table):
    columns = TABLES[table]
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == [column.name for column in columns]
    assert rows
    for column in columns:
        for cell in filter(None, (row[column.name] for row in rows)):
            if column.kind is bool:
                assert cell in {"true", "false"}, column.name
            else:
                column.kind(cell)
            if column.choices:
                assert cell in column.choices, column.name
            if column.unit in {"share", "0 to 1"}:
                assert 0 <= float(cell) <= 1, column.name


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_keys(folder, table):
    described = next(r for r in data_package()["resources"] if r["name"] == table)
    with (folder / described["path"]).open(encoding="utf-8", newline="") as file:
        keys = [tuple(row[name] for name in described["schema"]["primaryKey"]) for row in csv.DictReader(file)]
    assert len(set(keys)) == len(keys)


def test_the_command_prints_it(capsys):
    assert main(["schema", "tables"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == data_package()
    fields = {field["name"]: field for field in told["resources"][0]["schema"]["fields"]}
    assert fields["s1_intensity"]["constraints"] == {"enum": ["quiet", "normal", "loud"]}
    assert (fields["rmssd_ms"]["unit"], fields["systole_s"]["unit"], fields["pauses"].get("unit")) == ("ms", "s", None)
