"""Rows of the tables: the promised columns in the promised order, and all that a patient's figures need."""

import csv
import errno
from pathlib import Path

import numpy as np
import pyarrow.dataset
import pytest

import murmur
from murmur.errors import OutputError
from murmur.patients.patient import join_patient, site_figures
from murmur.tables.column import kinds_of
from murmur.tables.cycles import CYCLE_FIGURES, CYCLES, cycle_rows
from murmur.tables.dictionary import TABLES
from murmur.tables.export import FORMATS, Table, export
from murmur.tables.patients import PATIENTS, patient_row, patients_of, site_figures_from_row
from murmur.tables.recordings import LABELS, RECORDINGS, Failure, manifest_columns, recording_row

SAMPLES = Path(__file__).parents[2] / "samples"

PROMISED = [
    *("path", "status", "error", "duration_s", "sample_rate_hz", "patient", "site", "position", "visit", "quality"),
    *("heart_rate_bpm", "rhythm_irregularity", "cycles", "murmur", "murmur_probability", "unknown_probability"),
    *("murmur_level_db", "systolic_timing", "holosystolic_probability", "systolic_shape", "systolic_pitch"),
    *("systolic_quality", "blowing_probability", "grade", "diastolic_murmur_probability", "s1_s2_level_db"),
    *("s1_intensity", "s2_split_ms", "s3_probability", "s4_probability", "click_probability"),
    "mitral_regurgitation_score",
]

PROMISED_OF_PATIENTS = [
    *("patient", "recordings", "murmur", "murmur_probability", "unknown_probability", "grade", "loudest_site"),
    *("murmur_sites", "radiates_to_axilla"),
]


@pytest.fixture(scope="module")
def analyses():
    return [murmur.analyze(path) for path in sorted(SAMPLES.glob("MR1_*.wav"))]


@pytest.fixture(scope="module")
def unreadable():
    noise = np.random.default_rng(0).standard_normal(3 * 4000)
    analysis = murmur.analyze(noise, sample_rate_hz=4000, patient="MR1", site="PV")
    assert analysis.status == "unreadable"
    return analysis


FAILURE = Failure(murmur.RecordingInfo("gone.wav", "MR1", "TV"), "failed", "no such file")


@pytest.fixture
def stored(tmp_path):
    """Write rows and read them back."""

    def write(rows):
        export(Table("stored", kinds_of(RECORDINGS), (tuple(row.values()) for row in rows)), tmp_path, "csv")
        with (tmp_path / "stored.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return write


def test_promised_columns_come_first_and_in_order():
    recordings, patients = ([column.name for column in columns] for columns in (RECORDINGS, PATIENTS))
    assert recordings[: len(PROMISED)] == PROMISED
    assert patients[: len(PROMISED_OF_PATIENTS)] == PROMISED_OF_PATIENTS
    assert patients[-1] == "mitral_regurgitation_score"
    for table, columns in TABLES.items():
        assert len({column.name for column in columns}) == len(columns), table


def test_rows_have_the_columns_and_nothing_else(analyses, unreadable):
    for result in (*analyses, unreadable, FAILURE):
        assert recording_row(result).keys() == kinds_of(RECORDINGS).keys()
    for row in cycle_rows(analyses[0]):
        assert len(row) == len(CYCLE_FIGURES)
    assert [column for column in CYCLES if column.name not in LABELS] == list(CYCLE_FIGURES)
    assert patient_row(join_patient("MR1", analyses)).keys() == kinds_of(PATIENTS).keys()


def test_cells_are_of_the_kind_that_the_columns_state(analyses, unreadable):
    rows = [(RECORDINGS, recording_row(result).values()) for result in (*analyses, unreadable, FAILURE)]
    rows += [(CYCLE_FIGURES, row) for row in cycle_rows(analyses[0])]
    rows.append((PATIENTS, patient_row(join_patient("MR1", analyses)).values()))
    for columns, cells in rows:
        for column, cell in zip(columns, cells, strict=True):
            assert cell is None or isinstance(cell, column.kind), column.name
            assert isinstance(cell, bool) <= (column.kind is bool), column.name


def test_numbers_have_the_decimals_of_their_unit(analyses):
    by_unit = {column.unit: column.decimals for column in RECORDINGS if column.unit != "probability"}
    assert by_unit == {"": 4, "s": 4, "ms": 1, "Hz": 1, "1/min": 1, "dB": 2, "share": 4, "0 to 1": 4}
    row = recording_row(analyses[0])
    for column in RECORDINGS:
        if isinstance(row[column.name], float):
            assert row[column.name] == round(row[column.name], column.decimals), column.name


def test_cells_are_the_findings(analyses):
    analysis = analyses[2]
    row, found = recording_row(analysis), analysis.findings
    assert row["status"] == "ok"
    assert row["error"] is None
    assert row["murmur"] == found.murmur.value
    assert row["murmur_probability"] == pytest.approx(found.murmur.present_probability, abs=1e-6)
    assert row["unknown_probability"] == pytest.approx(found.murmur.unknown_probability, abs=1e-6)
    assert row["systolic_timing"] == found.systolic_timing.value
    assert row["mitral_regurgitation_score"] == pytest.approx(found.mitral_regurgitation.value, abs=1e-4)
    assert row["quality"] == pytest.approx(analysis.quality.index, abs=1e-4)
    assert row["heart_rate_bpm"] == pytest.approx(analysis.rhythm.heart_rate_bpm, abs=0.05)
    assert row["rhythm_irregularity"] == pytest.approx(analysis.rhythm.irregularity, abs=1e-4)
    assert row["cycles"] == len(cycle_rows(analysis)) == len(analysis.segmentation.cycles)


def test_an_unreadable_row_has_no_figures_but_a_reason(unreadable):
    row = recording_row(unreadable)
    assert (row["status"], row["murmur"]) == ("unreadable", "unknown")
    assert "needed: no findings" in str(row["error"])
    figures = PROMISED[PROMISED.index("murmur") + 1 :]
    assert [row[name] for name in figures] == [None] * len(figures)
    assert row["heart_rate_bpm"] is None
    assert row["duration_s"] == 3.0


def test_a_failed_row_has_names_and_the_error():
    row = recording_row(FAILURE)
    filled = {name for name, cell in row.items() if cell not in (None, "")}
    assert filled == {"path", "status", "error", "patient", "site"}


def test_missing_cells_are_empty_and_numbers_short(analyses, unreadable, stored):
    for row in stored([recording_row(a) for a in (*analyses, unreadable, FAILURE)]):
        for cell in row.values():
            assert cell.lower() not in ("none", "nan", "inf", "-0")
        for name in ("murmur_level_db", "s1_s2_level_db", "heart_rate_bpm", "quality", "murmur_probability"):
            assert len(row[name].partition(".")[2]) <= 6


def test_a_stored_row_holds_all_that_a_patient_needs(analyses, unreadable, stored):
    results = (*analyses, unreadable)
    for result, row in zip(results, stored([recording_row(r) for r in results]), strict=True):
        whole, again = site_figures(result).to_dict(), site_figures_from_row(row).to_dict()
        for name, value in whole.items():
            if isinstance(value, float):
                assert again[name] == pytest.approx(value, abs=0.06 if name.endswith("_bpm") else 0.006), name
            else:
                assert again[name] == value, name


def test_patients_from_stored_rows_are_patients_from_analyses(analyses, unreadable, stored):
    rows = stored([recording_row(r) for r in (*analyses, unreadable)])
    rows.insert(0, {**rows[0], "patient": ""})
    (patient,) = patients_of(rows)
    direct = patient_row(join_patient("MR1", [*analyses, unreadable]))
    for name, cell in patient_row(patient).items():
        assert cell == (pytest.approx(direct[name], abs=0.03) if isinstance(cell, float) else direct[name]), name
    assert patient.recordings == 6
    assert patient.readable == 5


def test_a_failed_recording_counts_for_its_patient(stored):
    (patient,) = patients_of(stored([recording_row(FAILURE)]))
    assert (patient.recordings, patient.readable, patient.murmur) == (1, 0, "unknown")


def test_a_manifests_column_never_hides_ours():
    assert manifest_columns(["age", "murmur"]) == {"age": "age", "murmur": "manifest_murmur"}


def table_of(rows, **kinds):
    return Table("t", kinds, iter(rows))


def test_text_is_quoted_and_numbers_are_plain(tmp_path):
    kinds = {"a": str, "b": float, "c": bool, "d": float, "e": float, "f": int}
    rows = [('x, "y"\nz', 4000.0, True, None, 0.25, 3), ("", None, False, 1.0, 2.0, None)]
    assert export(table_of(rows, **kinds), tmp_path, "csv") == 2
    text = (tmp_path / "t.csv").read_text()
    assert text == 'a,b,c,d,e,f\n"x, ""y""\nz",4000.0,true,,0.25,3\n,,false,1.0,2.0,\n'


@pytest.mark.parametrize("kind", FORMATS)
def test_a_table_appears_whole_or_not_at_all(tmp_path, kind):
    export(table_of([("before", 1)], name=str, n=int), tmp_path, kind)
    before = sorted((path, path.stat().st_size) for path in tmp_path.rglob("*"))

    def broken():
        yield "one", 1
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=rf"t\.{kind}: can't be written: No space left"):
        export(table_of(broken(), name=str, n=int), tmp_path, kind)
    assert sorted((path, path.stat().st_size) for path in tmp_path.rglob("*")) == before
    assert export(table_of([("name \udce4 that is not text", None)] * 3, name=str, n=int), tmp_path, kind) == 3
    assert [path.name for path in tmp_path.iterdir()] == [f"t.{kind}"]


def test_a_name_that_is_no_text_is_still_told(tmp_path):
    export(table_of([("name \udce4 that is not text",)], name=str), tmp_path, "csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "name\nname \\udce4 that is not text\n"


def test_a_table_that_cant_be_written(tmp_path):
    with pytest.raises(OutputError, match="can't be written: No such file"):
        export(table_of([], name=str), tmp_path / "none", "csv")


def test_parquet_comes_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("murmur.tables.export.PART_ROWS", 6)
    monkeypatch.setattr("murmur.tables.export.GROUP_ROWS", 3)
    for count in (0, 6, 13):
        export(table_of(((n,) for n in range(count)), n=int), tmp_path, "parquet")
        whole = pyarrow.dataset.dataset(tmp_path / "t.parquet").to_table()
        assert whole["n"].to_pylist() == list(range(count))
        assert len(list((tmp_path / "t.parquet").iterdir())) >= -(-count // 6)
