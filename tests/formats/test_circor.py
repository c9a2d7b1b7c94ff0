"""CirCor's formats, clause by clause."""

import enum
import stat

import pytest

from murmur.errors import AudioFormatError, MissingFileError, OutputError, ParameterError
from murmur.formats.circor import Patient, child_groups, fold_of, read_patients, read_segments, write_segments

HEADER = (
    "Patient ID,Recording locations:,Age,Sex,Height,Weight,Pregnancy status,Murmur,Murmur locations,"
    "Most audible location,Systolic murmur timing,Systolic murmur shape,Systolic murmur grading,"
    "Systolic murmur pitch,Systolic murmur quality,Diastolic murmur timing,Diastolic murmur shape,"
    "Diastolic murmur grading,Diastolic murmur pitch,Diastolic murmur quality,Outcome,Campaign,Additional ID"
)
PRESENT = (
    "14241,AV+PV+MV+MV+Phc,Child,Male,87.0,11.2,False,Present,AV+MV,PV,Early-systolic,Plateau,II/VI,Low,Harsh,"
    "nan,nan,nan,nan,nan,Abnormal,CC2015,nan"
)
ABSENT = "50001,MV,nan,Female,nan,nan,True,Absent,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,Normal,CC2014,{}"


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


class State(enum.IntEnum):
    S1 = 1


def test_segments_round_trip(tmp_path):
    path = tmp_path / "1_AV.tsv"
    intervals = [
        (0.0, 1.14675, 0),
        (1.14675, 1.3001914, State.S1),
        (1.25, 10.0, 2),
        (0.5, 0.5, 4),
        (-0.0, 100, 3),
    ]
    write_segments(path, iter(intervals))
    assert path.read_bytes() == (b"0\t1.14675\t0\n1.14675\t1.300191\t1\n1.25\t10\t2\n0.5\t0.5\t4\n0\t100\t3\n")
    again = read_segments(path)
    assert again == [
        (0.0, 1.14675, 0),
        (1.14675, 1.300191, 1),
        (1.25, 10.0, 2),
        (0.5, 0.5, 4),
        (0.0, 100.0, 3),
    ]
    write_segments(path, again)
    assert read_segments(str(path)) == again
    write_segments(path, [])
    assert read_segments(path) == []


def test_segments_keep_overlaps_and_jumps_back(tmp_path):
    path = write(tmp_path / "a.tsv", "\ufeff0\t1\t0\r\n0.9\t1.2\t1\r\n0.1\t0.2\t2\r\n3\t3\t0\r\n\r\n")
    assert read_segments(path) == [(0.0, 1.0, 0), (0.9, 1.2, 1), (0.1, 0.2, 2), (3.0, 3.0, 0)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1.0\t2.0", r"found 2 field"),
        ("1.0 2.0 1", r"found 1 field"),
        ("1.0\t2.0\t1\t9", r"found 4 field"),
        ("one\t2.0\t1", r"one"),
        ("1.0\t2.0\tS1", r"S1"),
        ("1.0\t2.0\t5", r"state is not one of 0 to 4"),
        ("1.0\t2.0\t-1", r"state is not one of 0 to 4"),
        ("1.0\tnan\t1", r"not finite"),
        ("1.0\tinf\t1", r"not finite"),
        ("-1.0\t1\t1", r"start is negative"),
        ("2.0\t1.0\t1", r"end comes before the start"),
    ],
)
def test_malformed_segments_name_file_and_line(tmp_path, line, reason):
    path = write(tmp_path / "bad_AV.tsv", f"0\t1\t1\n{line}\n")
    with pytest.raises(AudioFormatError, match=rf"bad_AV\.tsv: line 2: .*{reason}"):
        read_segments(path)


def test_segments_that_cannot_be_read(tmp_path):
    with pytest.raises(MissingFileError, match=r"gone\.tsv: no such file"):
        read_segments(tmp_path / "gone.tsv")
    with pytest.raises(MissingFileError, match="can't be read"):
        read_segments(tmp_path)
    with pytest.raises(MissingFileError, match="not a path"):
        read_segments("a\0b")
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AudioFormatError, match=r"binary\.tsv: not a text file"):
        read_segments(tmp_path / "binary.tsv")


@pytest.mark.parametrize("interval", [(0.0, float("nan"), 1), (float("inf"), 1.0, 1), (-1, 1, 1), (2, 1, 1), (0, 1, 5)])
def test_nothing_is_written_of_bad_intervals(tmp_path, interval):
    path = write(tmp_path / "a.tsv", "0\t1\t1\n")
    with pytest.raises(ParameterError, match="interval 1, "):
        write_segments(path, [(0.0, 1.0, 1), interval])
    assert path.read_text() == "0\t1\t1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = write(tmp_path / "a.tsv", "0\t1\t1\n")

    def fail(self, target):
        raise OSError("disk on fire")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", fail)
        with pytest.raises(OSError, match="disk on fire"):
            write_segments(path, [(0.0, 2.0, 1)])
    assert path.read_text() == "0\t1\t1\n"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="No such file or directory"):
        write_segments(tmp_path / "gone" / "a.tsv", [(0.0, 2.0, 1)])


def test_written_files_can_be_read_by_others(tmp_path):
    (tmp_path / "plain").touch()
    write_segments(tmp_path / "a.tsv", [(0.0, 2.0, 1)])
    mode = stat.S_IMODE((tmp_path / "a.tsv").stat().st_mode)
    assert mode == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_patients(tmp_path):
    path = write(tmp_path / "patients.csv", "\n".join([HEADER, PRESENT, ABSENT.format("14241"), ""]))
    present, absent = read_patients(path)
    assert present.id == "14241"
    assert present.additional_id is None
    assert present.locations == ("AV", "PV", "MV", "other")
    assert (present.age, present.sex, present.height_cm, present.weight_kg) == ("Child", "Male", 87.0, 11.2)
    assert (present.pregnant, absent.pregnant) == (False, True)
    assert (present.murmur, present.murmur_locations, present.most_audible) == ("Present", ("AV", "MV"), "PV")
    assert (present.timing, present.shape, present.grading) == ("Early-systolic", "Plateau", "II/VI")
    assert (present.pitch, present.quality, present.diastolic_timing) == ("Low", "Harsh", None)
    assert (present.outcome, present.campaign) == ("Abnormal", "CC2015")
    assert (absent.murmur, absent.murmur_locations, absent.most_audible) == ("Absent", (), None)
    assert (absent.age, absent.height_cm, absent.additional_id) == (None, None, "14241")
    assert hash(present) != hash(absent)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column 'Patient ID'"),
        (HEADER.replace("Murmur,", ""), "no column 'Murmur'$"),
        (f"{HEADER}\n{PRESENT}\n{PRESENT}", "line 3: patient 14241 is listed twice"),
        (f"{HEADER}\n{PRESENT.replace('Present', 'Maybe')}", "line 2: murmur must be .* not 'Maybe'"),
        (f"{HEADER}\n{PRESENT.replace('AV+PV', 'XV+PV')}", "line 2: unknown site 'XV'"),
        (f"{HEADER}\n{PRESENT.replace('87.0', 'tall')}", "line 2: .*tall"),
        (f"{HEADER}\n{PRESENT.replace('False', 'No')}", "line 2: pregnancy"),
        (f"{HEADER}\n{PRESENT.replace('14241', 'nan')}", "line 2: no patient id"),
        (f"{HEADER}\n14241,AV", "line 2: murmur must be"),
    ],
)
def test_bad_tables_name_file_and_line(tmp_path, text, reason):
    with pytest.raises(AudioFormatError, match=rf"patients\.csv: .*{reason}"):
        read_patients(write(tmp_path / "patients.csv", text))


def table(tmp_path, *pairs):
    rows = [ABSENT.format(other).replace("50001", patient_id) for patient_id, other in pairs]
    return read_patients(write(tmp_path / "patients.csv", "\n".join([HEADER, *rows])))


def test_child_groups_join_transitively(tmp_path):
    pairs = [
        ("9", "nan"),
        ("100", "70"),
        ("80", "100"),
        ("70", "100"),
        ("500", "600"),
        ("700", "600"),
        ("x1", "9"),
    ]
    groups = child_groups(table(tmp_path, *pairs))
    assert groups == {"9": "9", "100": "70", "80": "70", "70": "70", "500": "500", "700": "500", "x1": "9"}
    assert child_groups(table(tmp_path, *reversed(pairs))) == groups
    # A child whose other row is not in this part of the table keeps its group.
    assert child_groups(table(tmp_path, ("100", "70"))) == {"100": "70"}
    assert child_groups([]) == {}


def test_folds_are_stable_and_even():
    # Fixed numbers: a changed hash would silently move children between folds of models already trained.
    assert [fold_of(group) for group in ("2530", "9979", "13918", "14241")] == [1, 3, 0, 0]
    counts = [0] * 5
    for number in range(2000):
        counts[fold_of(str(number))] += 1
    assert min(counts) > 330
    assert {fold_of("13918", n) for n in (1,)} == {0}
    with pytest.raises(ParameterError, match="n_folds"):
        fold_of("13918", 0)


@pytest.mark.parametrize(
    ("murmur", "sites", "label"),
    [("Present", ("AV",), "present"), ("Present", ("MV",), None), ("Unknown", (), "unknown"), ("Absent", (), "absent")],
)
def test_a_site_where_a_murmur_is_not_heard_has_no_label(murmur, sites, label):
    patient = Patient(**dict.fromkeys(Patient.__slots__) | {"id": "1", "murmur": murmur, "murmur_locations": sites})
    assert patient.murmur_at("AV") == label
