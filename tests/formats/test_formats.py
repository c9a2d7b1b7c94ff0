"""Labels, sound and reports in the formats of others: each read back by the library that owns it."""

import json
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from tests.libraries import needs

import murmur
from murmur.errors import AudioFormatError, MissingFileError, MurmurError, OutputError, ParameterError
from murmur.formats import FORMATS, format_of, read_labels, write_labels, write_report, write_sound
from murmur.formats.fhir import CODE_SYSTEM, fhir_report
from murmur.formats.labels import contiguous
from murmur.io.recording import Recording
from murmur.segmentation.result import Interval, State

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

STATES = (State.S1, State.SYSTOLE, State.S2, State.DIASTOLE)
LABELS = [name for name, item in FORMATS.items() if item.holds == "labels"]


def made(count=40, seed=1, gaps=False):
    """Make cycles that begin with a diastole, with unlabelled time between some where asked for."""
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(np.concatenate([[0.0], rng.uniform(0.05, 0.5, count)]))
    states = [STATES[(number + 3) % 4] for number in range(count)]
    if gaps:
        states[9] = states[10] = State.UNLABELLED
    return [Interval(a, b, state) for a, b, state in zip(times_s[:-1].tolist(), times_s[1:].tolist(), states, strict=True)]


@pytest.fixture(scope="module")
def heard(listen):
    samples = listen(10.0).samples
    pcm = np.round(samples / np.abs(samples).max() * 30000).astype(np.int16)
    return Recording(pcm, 4000, murmur.RecordingInfo(patient="17", site="MV"))


@pytest.fixture(scope="module")
def analysis(heard):
    return murmur.analyze(heard)


# --- labels -----------------------------------------------------------------------------


def read_by_owner(path, name):
    """Read labels by the owner's library: rows of start, end and text."""
    if name == "wfdb":
        wfdb = pytest.importorskip("wfdb")
        read = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
        times_s = read.sample / read.fs
        texts = [note.rstrip("\0") for note in read.aux_note]
        assert texts[-1] == "end"
        return list(zip(times_s[:-1].tolist(), times_s[1:].tolist(), texts[:-1], strict=True))
    if name == "textgrid":
        parselmouth = pytest.importorskip("parselmouth")
        grid = parselmouth.read(str(path))
        call = parselmouth.praat.call
        assert call(grid, "Get tier name", 1) == "state"
        return [
            (
                call(grid, "Get start time of interval", 1, number),
                call(grid, "Get end time of interval", 1, number),
                call(grid, "Get label of interval", 1, number) or "unlabelled",
            )
            for number in range(1, 1 + int(call(grid, "Get number of intervals", 1)))
        ]
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    words = {"0": "unlabelled", "1": "S1", "2": "systole", "3": "S2", "4": "diastole"}
    return [(float(start), float(end), words.get(label, label)) for start, end, label in rows]


def words(intervals):
    names = {0: "unlabelled", 1: "S1", 2: "systole", 3: "S2", 4: "diastole"}
    return [names[state] for _, _, state in intervals]


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("gaps", [False, True])
def test_labels_are_what_their_owner_reads_and_come_back(tmp_path, name, gaps):
    needs(name)
    intervals, path = made(gaps=gaps), tmp_path / f"beats{FORMATS[name].suffix}"
    write_labels(path, intervals)
    tolerance = 0.51e-4 if name == "wfdb" else 0.51e-6
    for found in (read_by_owner(path, name), read_labels(path)):
        np.testing.assert_allclose([row[:2] for row in found], [row[:2] for row in intervals], atol=tolerance)
    assert [text for *_, text in read_by_owner(path, name)] == words(intervals)
    again = read_labels(path)
    assert [row.state for row in again] == [row.state for row in intervals]
    assert not [entry for entry in tmp_path.iterdir() if entry != path]  # nothing is left over


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_a_segmentation(tmp_path, heard, name):
    needs(name)
    intervals, path = murmur.segment(heard).intervals, tmp_path / "beats.any"
    write_labels(path, intervals, name, sample_rate_hz=heard.sample_rate_hz)
    again = read_labels(path, name)
    assert [row.state for row in again] == [row.state for row in intervals]
    np.testing.assert_allclose([row[:2] for row in again], [row[:2] for row in intervals], atol=0.126e-3)


def test_wfdb_symbols_tell_the_rhythm(tmp_path):
    wfdb = pytest.importorskip("wfdb")
    write_labels(tmp_path / "a.atr", made(gaps=True), sample_rate_hz=2000)
    read = wfdb.rdann(str(tmp_path / "a"), "atr")
    assert read.fs == 2000
    symbols = dict(zip([note.rstrip("\0") for note in read.aux_note], read.symbol, strict=True))
    assert symbols == {"S1": "N", "systole": "*", "diastole": "D", "S2": '"', "unlabelled": '"', "end": '"'}
    # a note at sample 0 would be taken for a definition
    write_labels(tmp_path / "b.atr", [(0, 0.1, 3), (0.1, 0.4, 4)])
    assert wfdb.rdann(str(tmp_path / "b"), "atr").symbol[0] == "="
    assert read_labels(tmp_path / "b.atr") == [(0, 0.1, 3), (0.1, 0.4, 4)]


def test_annotations_may_leave_their_time_to_a_header(tmp_path):
    wfdb = pytest.importorskip("wfdb")
    wfdb.wrann(
        "a", "atr", np.array([10, 400, 900]), symbol=["N", "t", '"'], aux_note=["S1", "(", "end"], write_dir=str(tmp_path)
    )
    with pytest.raises(AudioFormatError, match="no time resolution"):
        read_labels(tmp_path / "a.atr")
    (tmp_path / "a.hea").write_text("a 0 1000 5000\n")
    assert read_labels(tmp_path / "a.atr") == [(0.01, 0.9, State.S1)]
    wfdb.wrann("b", "atr", np.array([10, 400]), symbol=["N", "V"], fs=360, write_dir=str(tmp_path))
    with pytest.raises(AudioFormatError, match="no annotation names a heart sound"):
        read_labels(tmp_path / "b.atr")


def test_textgrid_numbers_complete_beats(tmp_path):
    praat = pytest.importorskip("parselmouth").praat
    intervals = made(16, gaps=True)
    write_labels(tmp_path / "a.TextGrid", intervals)
    grid = pytest.importorskip("parselmouth").read(str(tmp_path / "a.TextGrid"))
    texts = [
        praat.call(grid, "Get label of interval", 2, i)
        for i in range(1, 1 + int(praat.call(grid, "Get number of intervals", 2)))
    ]
    assert texts == [
        "",
        "1",
        "2",
        "",
    ]  # the third is broken by what is not labelled
    assert praat.call(grid, "Get start time of interval", 2, 2) == pytest.approx(intervals[1].start_s, abs=1e-6)
    assert praat.call(grid, "Get end time of interval", 2, 3) == pytest.approx(intervals[8].end_s, abs=1e-6)


def test_textgrids_as_praat_writes_them_are_read(tmp_path):
    pytest.importorskip("praatio")
    parselmouth = pytest.importorskip("parselmouth")
    write_labels(tmp_path / "a.TextGrid", made())
    grid = parselmouth.read(str(tmp_path / "a.TextGrid"))
    grid.save(str(tmp_path / "short.TextGrid"), parselmouth.Data.FileFormat.SHORT_TEXT)
    for name in ("short",):
        again = read_labels(tmp_path / f"{name}.TextGrid")
        np.testing.assert_allclose([row[:2] for row in again], [row[:2] for row in made()], atol=1e-5)
        assert words(again) == words(made())


def test_audacity_labels_as_people_make_them(tmp_path):
    (tmp_path / "a.txt").write_text(
        "0.5\t0.6\ts1\n\\\t20.0\t150.0\n0.6\t0.9\tSYS\n\n0.9\t1.0\tS2\n1\t1.4\tdia\n1.4\t1.4\t\n"
    )
    assert [row.state for row in read_labels(tmp_path / "a.txt")] == [1, 2, 3, 4, 0]
    for text, message in (
        ("0.5\t0.6\tmurmur\n", "line 1: not an Audacity label: 'murmur' is not one of S1"),
        ("0\t1\tS1\nx\t2\tS2\n", "line 2: not an Audacity label"),
        ("5\t1\tS1\n", "line 1: .*the end comes before the start"),
        ("alone\n", "line 1: not an Audacity label"),
    ):
        (tmp_path / "a.txt").write_text(text)
        with pytest.raises(AudioFormatError, match=message):
            read_labels(tmp_path / "a.txt")


def test_overlaps_by_rounding_are_cut_and_others_refused(tmp_path):
    intervals = [(0.1, 0.2005, 1), (0.2, 0.5, 2), (0.5, 0.5, 3), (0.6, 0.7, 3)]
    assert contiguous(intervals, "textgrid", "a.TextGrid") == [
        (0, 0.1, 0),
        (0.1, 0.2, 1),
        (0.2, 0.5, 2),
        (0.5, 0.6, 0),
        (0.6, 0.7, 3),
    ]
    for name in ("textgrid", "wfdb"):
        needs(name)
        with pytest.raises(ParameterError, match=f"{name} can't hold labels that overlap, as at 0.1 and 0.2 s"):
            write_labels(tmp_path / "a", [(0.1, 0.3, 1), (0.2, 0.5, 2)], name)
        with pytest.raises(ParameterError, match="no interval"):
            write_labels(tmp_path / "a", [], name)
    write_labels(tmp_path / "a.txt", [(0.1, 0.3, 1), (0.2, 0.5, 2)])
    assert read_labels(tmp_path / "a.txt") == [(0.1, 0.3, 1), (0.2, 0.5, 2)]


@pytest.mark.parametrize(
    ("interval", "message"),
    [
        ((-1, 1, 1), "negative"),
        ((2, 1, 1), "the end comes before"),
        ((0, float("nan"), 1), "not finite"),
        ((0, 1, 7), "0 to 4"),
    ],
)
@pytest.mark.parametrize("name", ["audacity", "textgrid"])
def test_intervals_that_are_none_are_refused(tmp_path, name, interval, message):
    with pytest.raises(ParameterError, match=message):
        write_labels(tmp_path / "a", [interval], name)
    assert not list(tmp_path.iterdir())


def test_formats_are_told_by_suffix_or_name(tmp_path):
    assert format_of("a.TEXTGRID").name == "textgrid"
    assert format_of("a.txt", "wfdb").name == "wfdb"
    with pytest.raises(ParameterError, match=r"no format has the suffix '.xyz' \(.tsv, .txt"):
        format_of("a.xyz")
    with pytest.raises(ParameterError, match="the format must be one of circor, audacity"):
        format_of("a.txt", "svg")
    with pytest.raises(ParameterError, match=rf"wav \(the sound alone\) holds no labels; {', '.join(LABELS)} do"):
        write_labels("a.wav", [])
    assert len({item.suffix for item in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", LABELS)
def test_files_that_are_not_there_or_not_to_be_written(tmp_path, name):
    needs(name)
    with pytest.raises(MissingFileError, match="gone"):
        read_labels(tmp_path / "gone", name)
    with pytest.raises((OutputError, MissingFileError), match="no_folder"):
        write_labels(tmp_path / "no_folder" / "a", made(), name)


@pytest.mark.parametrize("name", LABELS)
def test_random_damage_to_labels_gives_errors_that_name_the_file(tmp_path, name):
    needs(name)
    path = tmp_path / f"a{FORMATS[name].suffix}"
    write_labels(path, made(30))
    whole, rng = path.read_bytes(), random.Random(f"damage {name}")
    for trial in range(200):
        content = bytearray(whole[: rng.randrange(len(whole))] if trial % 4 == 0 else whole)
        for _ in range(rng.randrange(1, 5)):
            if content:
                content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        begin = time.monotonic()
        try:
            read_labels(path)
        except MurmurError as error:
            assert str(path) in str(error)
        assert time.monotonic() - begin < 10


@pytest.mark.parametrize("text", [b"## ", b"## x", b"## time resolution: 9"])
def test_a_second_definition_does_not_keep_wfdb_for_ever(tmp_path, text):
    pytest.importorskip("wfdb")
    write_labels(tmp_path / "a.atr", [(0.5, 1, 1)])
    content = (tmp_path / "a.atr").read_bytes()
    more = bytes([0, 22 << 2, len(text), 63 << 2]) + text + b"\0" * (len(text) % 2)
    (tmp_path / "a.atr").write_bytes(content[:30] + more + content[30:])
    with pytest.raises(AudioFormatError, match=r"a\.atr: not WFDB annotations that can be read"):
        read_labels(tmp_path / "a.atr")


# --- sound ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wav", "flac", "dicom", "edf", "bdf"])
def test_sound_comes_back_sample_by_sample_and_beat_by_beat(tmp_path, heard, name):
    needs(name)
    intervals = murmur.segment(heard).intervals
    path = tmp_path / f"17_MV{FORMATS[name].suffix}"
    write_sound(path, heard, intervals)
    again = murmur.load(path)
    np.testing.assert_array_equal(again.samples, heard.samples)
    assert (again.sample_rate_hz, again.info.patient, again.notes) == (4000, "17", ())
    assert murmur.segment(again).intervals == intervals


@pytest.mark.parametrize("name", ["edf", "bdf"])
def test_edf_annotations_are_the_states(tmp_path, heard, name):
    edfio = pytest.importorskip("edfio")
    intervals = murmur.segment(heard).intervals
    write_sound(tmp_path / f"a.{name}", heard, intervals)
    read = (edfio.read_edf if name == "edf" else edfio.read_bdf)(tmp_path / f"a.{name}")
    assert read.is_continuous
    assert read.patient.code == "17"
    assert (read.patient.name, read.signals[0].label) == ("X", "PCG")
    assert [note.text for note in read.annotations] == words(intervals)
    np.testing.assert_allclose([note.onset for note in read.annotations], [row.start_s for row in intervals], atol=1e-6)
    np.testing.assert_allclose([note.duration for note in read.annotations], [b - a for a, b, _ in intervals], atol=1e-6)


def test_edf_is_filled_up_to_a_whole_record(tmp_path, heard):
    pytest.importorskip("edfio")
    write_sound(tmp_path / "a.edf", replace(heard, samples=heard.samples[:39_001]))
    again = murmur.load(tmp_path / "a.edf")
    assert len(again.samples) == 39_200
    np.testing.assert_array_equal(again.samples[:39_001], heard.samples[:39_001])
    assert not again.samples[39_001:].any()
    with pytest.raises(ParameterError, match=r"resample to 4000 Hz"):
        write_sound(tmp_path / "b.edf", Recording(heard.samples[:39_001], 4001))
    with pytest.raises(ParameterError, match=r"EDF can't store a sample rate of 4000\.5 Hz"):
        write_sound(tmp_path / "b.edf", Recording(heard.samples, 4000.5))


def test_dicom_is_what_the_standard_asks_for(tmp_path, heard):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.sr.codedict import codes

    intervals = murmur.segment(heard).intervals
    write_sound(tmp_path / "a.dcm", heard, intervals)
    read = pydicom.dcmread(tmp_path / "a.dcm")
    assert read.SOPClassUID.name == "General Audio Waveform Storage"
    assert (read.Modality, read.PatientID, str(read.PatientName)) == ("AU", "17", "")
    (group,) = read.WaveformSequence
    assert (group.WaveformSampleInterpretation, float(group.SamplingFrequency)) == ("SS", 4000)
    source = group.ChannelDefinitionSequence[0].ChannelSourceSequence[0]
    assert (source.CodeValue, source.CodingSchemeDesignator) == ("109114", "DCM")
    assert codes.DCM.Phonocardiogram.value == "109114"
    np.testing.assert_array_equal(read.waveform_array(0)[:, 0], heard.samples * 32768)
    notes = read.WaveformAnnotationSequence
    assert [note.UnformattedTextValue for note in notes] == words(intervals)
    assert [note.ReferencedSamplePositions[0] for note in notes] == [round(row.start_s * 4000) + 1 for row in intervals]
    assert notes[-1].ReferencedSamplePositions[1] == group.NumberOfWaveformSamples
    assert {note.TemporalRangeType for note in notes} == {"SEGMENT"}


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
def test_dicom_modules_pass_an_independent_check(tmp_path, heard):
    """As Basic Voice Audio, which has the same modules: dciodvfy does not know General Audio."""
    pydicom = pytest.importorskip("pydicom")
    write_sound(tmp_path / "a.dcm", heard, murmur.segment(heard).intervals)
    read = pydicom.dcmread(tmp_path / "a.dcm")
    read.SOPClassUID = read.file_meta.MediaStorageSOPClassUID = pydicom.uid.BasicVoiceAudioWaveformStorage
    read.save_as(tmp_path / "b.dcm")
    told = subprocess.run(["dciodvfy", tmp_path / "b.dcm"], capture_output=True, text=True, check=False)
    assert "Error" not in told.stdout + told.stderr


def test_dicom_of_a_fast_recording_is_resampled(tmp_path):
    pytest.importorskip("pydicom")
    time_s = np.arange(3 * 96_000) / 96_000
    write_sound(tmp_path / "a.dcm", Recording(0.5 * np.sin(2 * np.pi * 100 * time_s), 96_000))
    again = murmur.load(tmp_path / "a.dcm")
    assert again.sample_rate_hz == 44_100
    expected = 0.5 * np.sin(2 * np.pi * 100 * np.arange(len(again.samples)) / 44_100)
    np.testing.assert_allclose(again.samples[2000:-2000], expected[2000:-2000], atol=1e-3)


def test_what_is_louder_than_full_scale_is_turned_down(tmp_path, heard):
    loud = Recording(heard.samples * np.float32(3.7), 4000)
    write_sound(tmp_path / "a.flac", loud)
    again = murmur.load(tmp_path / "a.flac").samples
    np.testing.assert_allclose(again * np.abs(loud.samples).max(), loud.samples, atol=1e-5)
    write_sound(tmp_path / "a.wav", loud)
    np.testing.assert_array_equal(murmur.load(tmp_path / "a.wav").samples, loud.samples)
    with pytest.raises(ParameterError, match=r"WAV can't store a sample rate of 4000\.5 Hz"):
        write_sound(tmp_path / "b.wav", Recording(heard.samples, 4000.5))


# --- reports ----------------------------------------------------------------------------


def test_fhir_report_is_valid_and_says_what_the_analysis_says(tmp_path, analysis):
    fhir = pytest.importorskip("fhir.resources.R4B.diagnosticreport")
    write_report(tmp_path / "a.json", analysis)
    report = fhir.DiagnosticReport.model_validate_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert report.status == "preliminary"
    assert report.subject.identifier.value == "17"
    plain = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    by_id = {item["id"]: item for item in plain["contained"]}
    assert [f"#{name}" for name in by_id] == [entry["reference"] for entry in plain["result"]]
    rate = by_id["heart-rate"]
    assert rate["code"]["coding"][0] == {"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}
    assert rate["valueQuantity"]["value"] == pytest.approx(analysis.rhythm.heart_rate_bpm, rel=1e-5)
    for name in analysis.findings.__dataclass_fields__:
        found, told = getattr(analysis.findings, name), by_id[name.replace("_", "-")]
        assert told["status"] == "preliminary"
        assert told["bodySite"] == {"text": "mitral area (apex)"}
        parts = {c["code"]["text"]: c["valueQuantity"]["value"] for c in told.get("component", [])}
        figures = {k.replace("_", " "): v for k, v in found.evidence.items() if v is not None}
        if name != "murmur" and found.probability is not None:
            figures["probability"] = found.probability
        assert {k: parts[k] for k in figures} == pytest.approx(figures, rel=1e-5)
        if found.value is None:
            assert told["dataAbsentReason"]["text"] == found.reason
            assert not [key for key in told if key.startswith("value")]
        elif isinstance(found.value, str):
            assert told["valueCodeableConcept"]["text"] == found.value
            assert told["valueCodeableConcept"]["coding"][-1]["system"] == CODE_SYSTEM
        else:
            assert told["valueQuantity"]["value"] == pytest.approx(found.value, rel=1e-5)


def test_fhir_report_of_what_can_not_be_read(analysis):
    pytest.importorskip("fhir.resources")
    noise = murmur.analyze(np.random.default_rng(0).standard_normal(40_000), sample_rate_hz=4000)
    assert noise.status == "unreadable"
    report = fhir_report(noise)
    assert "subject" not in report
    assert all("dataAbsentReason" in item for item in report["contained"] if item["id"] != "heart-rate")
    assert "Unreadable" in report["conclusion"]


def test_fhir_options_stand_where_they_belong(analysis):
    pytest.importorskip("fhir.resources")
    report = fhir_report(analysis, subject="Patient/9", device="Device/3", effective="2026-05-01T09:30:00+02:00")
    assert report["subject"] == {"reference": "Patient/9"}
    assert {item["device"]["reference"] for item in report["contained"]} == {"Device/3"}
    assert report["effectiveDateTime"] == "2026-05-01T09:30:00+02:00"
    with pytest.raises(ParameterError, match=r"effective must be like 2026-05-02"):
        fhir_report(analysis, effective="yesterday")


@pytest.mark.parametrize(
    ("name", "library", "write"),
    [
        ("dicom", "pydicom", lambda path, heard, _: write_sound(path, heard, (), "dicom")),
        ("edf", "edfio", lambda path, heard, _: write_sound(path, heard, (), "edf")),
        ("wfdb", "wfdb", lambda path, *_: write_labels(path, made(), "wfdb")),
        ("fhir", "fhir.resources.R4B.diagnosticreport", lambda path, _, analysis: write_report(path, analysis, "fhir")),
    ],
)
def test_without_the_library_nothing_is_written_and_the_remedy_is_told(
    tmp_path, heard, analysis, monkeypatch, name, library, write
):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ParameterError, match=r"needs .*: pip install 'murmur-pcg\[formats\]'"):
        write(tmp_path / name, heard, analysis)
    assert not list(tmp_path.iterdir())


def test_without_praatio_textgrids_are_written_and_not_read(tmp_path, monkeypatch):
    write_labels(tmp_path / "a.TextGrid", made())
    monkeypatch.setitem(sys.modules, "praatio", None)
    with pytest.raises(ParameterError, match="reading TextGrid needs praatio"):
        read_labels(tmp_path / "a.TextGrid")
