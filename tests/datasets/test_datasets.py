"""Public data sets: readers on made-up folders in the published form, manifests, and what is told of what is missing."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.published import CIRCOR_COLUMNS, circor_row, make_bmdhs, make_cinc2016, make_circor, sound, write_table

import murmur
from murmur.batch import find_inputs, run
from murmur.cli import main
from murmur.datasets.cinc2016 import signal_names
from murmur.errors import AudioFormatError, MissingFileError, OutputError, ParameterError

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def circor(tmp_path_factory):
    return make_circor(tmp_path_factory.mktemp("circor"))


@pytest.fixture(scope="module")
def cinc2016(tmp_path_factory):
    return make_cinc2016(tmp_path_factory.mktemp("cinc"))


@pytest.fixture(scope="module")
def bmdhs(tmp_path_factory):
    return make_bmdhs(tmp_path_factory.mktemp("bmdhs"))


# --- what there is ----------------------------------------------------------------------


def test_each_says_where_it_is_and_under_which_licence():
    assert murmur.datasets.names() == ("circor", "cinc2016", "bmdhs")
    for name, host, licence in (
        ("circor", "physionet.org/content/circor-heart-sound/1.0.3/", "ODC-By 1.0"),
        ("cinc2016", "physionet.org/content/challenge-2016/1.0.0/", "ODC-By 1.0"),
        ("bmdhs", "github.com/sani002/BMD-HS-Dataset", "CC BY-NC-ND 4.0"),
    ):
        about = murmur.datasets.about(name)
        assert host in about.where
        assert licence in about.where
        assert about.where.count(". ") == 0  # a sentence
        assert about.citation
    with pytest.raises(ParameterError, match="'circo': must be one of circor, cinc2016, bmdhs"):
        murmur.datasets.about("circo")


def test_the_command_line_offers_what_there_is(capsys):
    assert main(["datasets"]) == 0
    printed = capsys.readouterr().out
    for name in murmur.datasets.names():
        assert f"{name}: " in printed
    assert main(["datasets", "get", "other", "x"]) == 2
    error = capsys.readouterr().err
    assert "'other'" in error
    assert ", ".join(murmur.datasets.names()) in error


def test_looking_is_light():
    code = (
        "import sys, murmur; assert 'murmur.datasets' not in sys.modules; murmur.datasets.about('circor'); "
        "heavy = {'requests', 'numba', 'scipy', 'wfdb', 'rich', 'soundfile'}; "
        "print(*sorted({m.split('.')[0] for m in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert "datasets" in dir(murmur)
    with pytest.raises(AttributeError, match=r"No murmur\.datasets attribute opne"):
        murmur.datasets.opne  # noqa: B018
    assert {"open", "get", "about"} <= set(dir(murmur.datasets))


# --- CirCor -----------------------------------------------------------------------------


def test_circor_as_published(circor):
    data = murmur.datasets.open("circor", circor)
    assert [r.name for r in data] == ["101_AV", "101_MV_1", "101_MV_2", "102_MV", "103_PV", "103_Phc"]
    assert [r.info.site for r in data] == ["AV", "MV", "MV", "MV", "PV", "other"]
    assert [r.murmur for r in data] == [None, "present", "present", "absent", "unknown", "unknown"]
    assert [r.child for r in data] == ["101", "101", "101", "101", "103", "103"]
    assert len(data) == 6
    assert (data.missing, data.unlabelled) == ((), ())
    assert data.patients["101"].timing == "Holosystolic"
    first = data.recordings[0]
    loaded = first.load()
    assert (loaded.info.patient, loaded.info.site, loaded.sample_rate_hz) == ("101", "AV", 4000.0)
    np.testing.assert_allclose(loaded.samples, sound(0).samples, atol=1e-4)
    np.testing.assert_allclose(first.intervals(), sound(0).intervals, atol=1e-6)
    assert first.labels["label_murmur"] == "Present"
    assert first.labels["label_murmur_sites"] == "MV"
    assert first.labels["label_timing"] == "Holosystolic"
    assert first.labels["label_murmur_here"] == ""
    assert data.recordings[3].labels["label_child"] == "101"
    assert data.recordings[3].labels["label_timing"] == ""


def test_circor_as_flac(circor, tmp_path):
    other = murmur.datasets.open("circor", make_circor(tmp_path, ".flac"))
    assert [(r.name, r.record) for r in other] == [(r.name, r.record) for r in murmur.datasets.open("circor", circor)]
    np.testing.assert_allclose(other.recordings[2].load().samples, sound(2).samples, atol=1e-4)


def test_of_two_copies_of_a_recording_one_is_taken(tmp_path):
    make_circor(tmp_path)
    (tmp_path / "training_data" / "101_AV.flac").write_bytes(b"")
    (tmp_path / "training_data" / "._101_AV.wav").write_bytes(b"")  # as macOS leaves them
    data = murmur.datasets.open("circor", tmp_path)
    assert [r.name for r in data].count("101_AV") == 1
    assert len(data) == 6


def test_what_circor_lacks_is_told_by_name(tmp_path):
    make_circor(tmp_path)
    home = tmp_path / "training_data"
    (home / "103_PV.wav").unlink()
    (home / "101_AV.tsv").unlink()
    (home / "102_MV.wav").rename(home / "104_MV.wav")
    data = murmur.datasets.open("circor", tmp_path)
    assert data.missing == (
        "patient 102: no recording at MV, where training_data.csv lists one",
        "patient 103: no recording at PV, where training_data.csv lists one",
    )
    assert data.unlabelled == (
        f"{home / '101_AV.wav'}: no labels, 101_AV.tsv, in its folder",
        f"{home / '104_MV.wav'}: training_data.csv has no patient 104",
    )
    assert data.recordings[0].segments is None
    assert data.recordings[0].intervals() == []
    assert "104_MV" not in [r.name for r in data]


def test_damage_in_circor_is_told_where_it_is(tmp_path):
    make_circor(tmp_path)
    (tmp_path / "training_data" / "101_AV.tsv").write_text("0\t1\t9\n")
    data = murmur.datasets.open("circor", tmp_path)
    with pytest.raises(AudioFormatError, match=r"101_AV\.tsv: line 1: the state"):
        data.recordings[0].intervals()
    (tmp_path / "training_data" / "101_AV.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioFormatError, match=r"101_AV\.wav"):
        data.recordings[0].load()


# --- CinC 2016 --------------------------------------------------------------------------


def test_cinc2016_as_published(cinc2016):
    data = murmur.datasets.open("cinc2016", cinc2016)
    told = [(r.name, r.subset, r.reference, r.quality, r.has_ecg, r.info.patient, r.info.site) for r in data]
    assert told == [
        ("a0001", "a", "abnormal", "good", True, "", ""),
        ("a0002", "a", "normal", "good", False, "", ""),
        ("b0001", "b", "normal", "unsure", False, "", ""),
    ]
    assert (data.missing, data.unlabelled) == ((), ())
    assert "validation" not in {part for r in data for part in r.path.parts}
    assert data.recordings[0].load().sample_rate_hz == 2000.0
    assert data.recordings[2].labels == {"label_reference": "normal", "label_quality": "unsure", "label_subset": "b"}


def test_one_folder_of_cinc2016_will_do(cinc2016):
    assert [r.name for r in murmur.datasets.open("cinc2016", cinc2016 / "training-b")] == ["b0001"]


def test_qualities_of_the_updated_annotations(tmp_path):
    make_cinc2016(tmp_path)
    (tmp_path / "training-a" / "REFERENCE-SQI.csv").unlink()
    updated = tmp_path / "annotations" / "updated" / "training-a"
    updated.mkdir(parents=True)
    (updated / "REFERENCE_withSQI.csv").write_text("a0001,1,0\n\na0002,-1,1\n")
    assert [r.quality for r in murmur.datasets.open("cinc2016", tmp_path)] == ["unsure", "good", "unsure"]


def test_the_ecg(cinc2016):
    pytest.importorskip("wfdb")
    data = murmur.datasets.open("cinc2016", cinc2016)
    signal, rate_hz = data.recordings[0].ecg()
    assert rate_hz == 2000.0
    np.testing.assert_allclose(signal, np.sin(np.arange(signal.size) / 50), atol=2e-3)
    with pytest.raises(ParameterError, match=r"a0002\.wav: no ECG was recorded"):
        data.recordings[1].ecg()


def test_an_ecg_that_is_not_there(tmp_path):
    pytest.importorskip("wfdb")
    make_cinc2016(tmp_path)
    (tmp_path / "training-a" / "a0001.dat").unlink()
    with pytest.raises(MissingFileError, match=r"a0001\.hea: names an ECG, but .*a0001\.dat is missing"):
        murmur.datasets.open("cinc2016", tmp_path).recordings[0].ecg()


def test_an_ecg_without_wfdb(cinc2016, monkeypatch):
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(ParameterError, match=r"needs wfdb: pip install 'murmur-pcg\[bench\]'"):
        murmur.datasets.open("cinc2016", cinc2016).recordings[0].ecg()


def test_what_cinc2016_lacks_is_told_by_name(tmp_path):
    make_cinc2016(tmp_path)
    home = tmp_path / "training-a"
    (home / "a0002.wav").unlink()
    (home / "REFERENCE.csv").write_text("a0002,-1\na0003,1\n")
    data = murmur.datasets.open("cinc2016", tmp_path)
    assert data.missing == (
        f"{home / 'a0002.hea'}: no a0002.wav in its folder",
        f"{tmp_path}: no a0003.wav, which a REFERENCE.csv lists",
    )
    assert data.unlabelled == (f"{home / 'a0001.wav'}: no REFERENCE.csv lists it",)
    assert data.recordings[0].reference is None
    assert data.recordings[0].labels["label_reference"] == ""


def test_damage_in_cinc2016_is_told_where_it_is(tmp_path):
    make_cinc2016(tmp_path)
    table = tmp_path / "training-a" / "REFERENCE.csv"
    for text, reason in (
        ("a0001,1\na0002,2\n", "line 2: column 2 must be one of"),
        ("a0001\n", "line 1: column 2 .* not ''"),
    ):
        table.write_text(text)
        with pytest.raises(AudioFormatError, match=rf"REFERENCE\.csv: {reason}"):
            murmur.datasets.open("cinc2016", tmp_path)
    table.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AudioFormatError, match=r"REFERENCE\.csv: not a table"):
        murmur.datasets.open("cinc2016", tmp_path)


@pytest.mark.parametrize("text", ["", "a0001\n", "a0001 x 2000\n", "a0001 2 2000 100\na0001.wav 16 1 16 0 0 0 0 PCG\n"])
def test_headers_that_are_none(tmp_path, text):
    header = tmp_path / "a0001.hea"
    header.write_text(text)
    with pytest.raises(AudioFormatError, match=r"a0001\.hea"):
        signal_names(header)
    with pytest.raises(MissingFileError, match=r"a0002\.hea: no such file"):
        signal_names(tmp_path / "a0002.hea")


def test_headers_as_wfdb_reads_them(cinc2016):
    wfdb = pytest.importorskip("wfdb")
    for header in sorted(cinc2016.rglob("*.hea")):
        assert signal_names(header) == wfdb.rdheader(str(header.with_suffix(""))).sig_name


# --- BMD-HS -----------------------------------------------------------------------------


def test_bmdhs_as_published(bmdhs):
    data = murmur.datasets.open("bmdhs", bmdhs)
    told = [(r.name, r.info.patient, r.info.site, r.info.position, r.diagnoses) for r in data]
    assert told == [
        ("MD_001_sup_Mit", "patient_001", "MV", "sup", ("AS", "MR")),
        ("MD_001_sit_Aor", "patient_001", "AV", "sit", ("AS", "MR")),
        ("N_002_sup_Mit", "patient_002", "MV", "sup", ("N",)),
        ("N_002_sit_Aor", "patient_002", "AV", "sit", ("N",)),
        ("MD_003_sup_Mit", "patient_003", "MV", "sup", None),
        ("MD_003_sit_Aor", "patient_003", "AV", "sit", None),
    ]
    record = data.patients["patient_001"]
    assert (record.age, record.sex, record.smoker, record.lives) == ("30-39", "M", True, "U")
    assert data.patients["patient_003"].smoker is None
    assert data.missing == ()
    assert data.unlabelled == ("patient_003: train.csv states no diagnoses",)
    assert data.recordings[0].labels["label_MR"] == "1"
    assert data.recordings[2].labels["label_MR"] == "0"
    assert data.recordings[4].labels["label_MR"] == ""
    loaded = data.recordings[1].load()
    assert (loaded.info.patient, loaded.info.site, loaded.info.position) == ("patient_001", "AV", "sit")


def test_what_bmdhs_lacks_is_told_by_name(tmp_path):
    make_bmdhs(tmp_path)
    (tmp_path / "additional_metadata.csv").unlink()
    home = tmp_path / "train"
    (home / "N_002_sup_Mit.wav").rename(home / "N_009_sup_Mit.wav")
    data = murmur.datasets.open("bmdhs", tmp_path)
    assert data.missing == ("patient_002: no N_002_sup_Mit.wav, which train.csv lists",)
    assert data.unlabelled[1:] == (f"{home / 'N_009_sup_Mit.wav'}: train.csv does not list it",)
    assert len(data) == 5


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("patient_001,1,0,2,0,0", "line 2: AS, AR, MR, MS, N must be 0 or 1 each, not 1, 0, 2, 0, 0"),
        ("patient_001,1,0,,0,0", "line 2: AS, AR, MR, MS, N must be 0 or 1"),
        (",1,0,0,0,0", "line 2: no patient_id"),
        ("patient_001,1,0,0,0,0\npatient_001,0,0,0,0,1", "line 3: patient patient_001 is listed twice"),
    ],
)
def test_damage_in_bmdhs_is_told_where_it_is(tmp_path, rows, reason):
    make_bmdhs(tmp_path)
    (tmp_path / "train.csv").write_text(f"patient_id,AS,AR,MR,MS,N\n{rows}\n")
    with pytest.raises(AudioFormatError, match=rf"train\.csv: {reason}"):
        murmur.datasets.open("bmdhs", tmp_path)


def test_a_table_of_something_else(tmp_path):
    make_bmdhs(tmp_path)
    for content, reason in ((b"a,b\n1,2\n", "no column 'patient_id', 'AS'"), (b"\xff\xfe", "not BMD-HS's table")):
        (tmp_path / "train.csv").write_bytes(content)
        with pytest.raises(AudioFormatError, match=reason):
            murmur.datasets.open("bmdhs", tmp_path)
    write_table(tmp_path / "training_data.csv", CIRCOR_COLUMNS[:3], [])
    with pytest.raises(AudioFormatError, match=r"training_data\.csv: not CirCor's table .*'Sex'"):
        murmur.datasets.open("circor", tmp_path)


# --- folders that hold none -------------------------------------------------------------


@pytest.mark.parametrize("name", ["circor", "cinc2016", "bmdhs"])
def test_a_folder_without_the_set_says_where_to_get_it(tmp_path, name):
    about = murmur.datasets.about(name)
    for folder, reason in ((tmp_path / "nowhere", "no such folder"), (tmp_path, "no ")):
        with pytest.raises(MissingFileError, match=reason) as caught:
            murmur.datasets.open(name, folder)
        assert str(folder) in str(caught.value)
        assert about.url in str(caught.value)
        assert f"murmur datasets get {name} DIR" in str(caught.value)
    with pytest.raises(ParameterError, match="unknown data set"):
        murmur.datasets.open("other", tmp_path)


def test_tables_without_recordings(tmp_path):
    write_table(tmp_path / "training_data.csv", CIRCOR_COLUMNS, [circor_row("101", "AV")])
    with pytest.raises(MissingFileError, match=r"no recordings of the data set .*physionet"):
        murmur.datasets.open("circor", tmp_path)
    (tmp_path / "train.csv").write_text("patient_id,AS,AR,MR,MS,N,recording_1\npatient_001,1,0,0,0,0,AS_001_sup_Mit\n")
    with pytest.raises(MissingFileError, match=r"no recordings of the data set .*github"):
        murmur.datasets.open("bmdhs", tmp_path)


# --- manifests --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["circor", "cinc2016", "bmdhs"])
def test_a_manifest_tells_what_the_inputs_tell(name, request, tmp_path):
    folder = request.getfixturevalue(name)
    data = murmur.datasets.open(name, folder)
    for place in (tmp_path / "manifest.csv", folder / "manifest.csv"):
        data.write_manifest(place)
        read = find_inputs(manifest=place)
        assert [(i.info.path, i.info.site, i.info.position, i.extra) for i in read] == [
            (i.info.path, i.info.site, i.info.position, i.extra) for i in data.inputs()
        ]
        assert [i.info.patient for i in read] == [r.info.patient for r in data]
        assert [(i.size, i.modified_ns) for i in read] == [(i.size, i.modified_ns) for i in data.inputs()]
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["path"] == str(data.recordings[0].path.relative_to(folder))  # so that the folder may move
    (folder / "manifest.csv").unlink()
    with pytest.raises(OutputError, match=r"nowhere"):
        data.write_manifest(tmp_path / "nowhere" / "manifest.csv")


def test_labels_reach_the_table_of_recordings(bmdhs, tmp_path):
    data = murmur.datasets.open("bmdhs", bmdhs)
    summary = run(data.inputs()[:3], tmp_path / "out", jobs=1)
    assert summary.total == 3
    with (tmp_path / "out" / "recordings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["patient"], r["label_MR"], r["label_age"]) for r in rows] == [
        ("patient_001", "1", "30-39"),
        ("patient_001", "1", "30-39"),
        ("patient_002", "0", "20-29"),
    ]
    assert run(data.inputs()[:3], tmp_path / "out", jobs=1).kept == 3
    assert (tmp_path / "out" / "segments" / "train" / "MD_001_sup_Mit.tsv").is_file()


def test_the_command_writes_a_manifest(tmp_path, capsys):
    make_circor(tmp_path)
    (tmp_path / "training_data" / "103_PV.wav").unlink()
    (tmp_path / "training_data" / "101_AV.tsv").unlink()
    assert main(["datasets", "manifest", "circor", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].startswith("path,patient,site,position,label_murmur,")
    assert len(printed.out.splitlines()) == 6
    assert "missing: patient 103: no recording at PV" in printed.err
    assert "without labels: " in printed.err
    assert "5 recordings. Cite: Oliveira" in printed.err
    assert main(["datasets", "manifest", "circor", str(tmp_path), "-o", str(tmp_path / "m.csv")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "m.csv").read_text().startswith("path,")
    assert main(["datasets", "manifest", "circor", str(tmp_path / "nowhere")]) == 2
    assert "no such folder. Download" in capsys.readouterr().err


def test_of_many_things_missing_some_are_told(tmp_path, capsys):
    make_bmdhs(tmp_path)
    for number in range(30):
        (tmp_path / "train" / f"AS_1{number:02d}_sit_Mit.wav").write_bytes(b"")
    assert main(["datasets", "manifest", "bmdhs", str(tmp_path), "-o", str(tmp_path / "m.csv")]) == 0
    told = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("without labels: ") for line in told) == 11
    assert "without labels: 21 more" in told


# --- the real ones ----------------------------------------------------------------------

real = [pytest.mark.real, pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not here")]


@pytest.mark.parametrize(
    ("name", "recordings", "patients"),
    [pytest.param("circor", 1414, 424, marks=real), pytest.param("bmdhs", 432, 54, marks=real)],
)
def test_the_recordings_at_hand(name, recordings, patients):
    data = murmur.datasets.open(name, DATA / name)
    assert len(data) == recordings
    assert len(data.patients) == len({r.info.patient for r in data}) == patients
    assert (data.missing, data.unlabelled) == ((), ())
    assert {r.info.site for r in data} <= {"AV", "PV", "TV", "MV", "other"}
    assert data.recordings[0].load().sample_rate_hz == 4000.0
    assert len(data.inputs()) == recordings
