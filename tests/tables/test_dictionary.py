"""The data dictionary: an entry for every column, none for others, and tables that are as it says."""

import csv
import json
from pathlib import Path

import pytest

import murmur.tables.dictionary as dictionary
from murmur.batch import export_visit_histories, gather, run, visit_histories
from murmur.cli import main
from murmur.tables.dictionary import TABLES, data_package

SAMPLES = Path(__file__).parents[2] / "samples"
MEANINGS = ("_RECORDINGS", "_CYCLES", "_PATIENTS", "_VISITS", "_CHANGES", "_TRENDS")


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
    export_visit_histories(visit_histories(home), home)
    return home


def test_every_column_has_an_entry_and_every_entry_a_column():
    for (table, columns), name in zip(TABLES.items(), MEANINGS, strict=True):
        assert {column.name for column in columns} == set(getattr(dictionary, name)), table
        assert all(column.meaning.endswith(".") for column in columns), table


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
            if column.words:
                assert cell in column.words, column.name
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
