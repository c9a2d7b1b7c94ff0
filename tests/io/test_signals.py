"""WFDB records, EDF and BDF files and DICOM waveforms as recordings: what their own libraries wrote, and what is damaged."""

import io
import random
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import murmur
from murmur.batch import find_inputs
from murmur.errors import AudioFormatError, MissingFileError, MurmurError, ParameterError, TooShortError
from murmur.io.dicom_file import a_law, mu_law

edfio = pytest.importorskip("edfio")
pydicom = pytest.importorskip("pydicom")
wfdb = pytest.importorskip("wfdb")

# wfdb's own, with a new pandas
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

RATE = 4000


@pytest.fixture(scope="module")
def pcm(listen):
    """Ten seconds of heart sounds as 16-bit integers."""
    samples = listen(10.0).samples
    return np.round(samples / np.abs(samples).max() * 30000).astype(np.int64)


@pytest.fixture(scope="module")
def ecg():
    return np.round(3000 * np.sin(np.arange(10 * RATE) / 300)).astype(np.int64)


def load(source, **options):
    return murmur.load(source, **options)


def write_wfdb(folder, signals, *, name="a0001", fmt="16", names=("PCG",)):
    count = signals.shape[1]
    wfdb.wrsamp(
        name, fs=RATE, units=["NU"] * count, sig_name=list(names), d_signal=signals, fmt=[fmt] * count,
        adc_gain=[1.0] * count, baseline=[0] * count, write_dir=str(folder),
    )  # fmt: skip
    return folder / f"{name}.hea"


def edf_signal(pcm, bits=16, label="PCG", **more):
    kind = edfio.EdfSignal if bits <= 16 else edfio.BdfSignal
    digital = (pcm << (bits - 16) if bits > 16 else pcm >> (16 - bits)).astype(np.int16 if bits <= 16 else np.int32)
    full = 2 ** (bits - 1)
    return kind.from_digital(digital, RATE, label=label, physical_range=(-5, 5), digital_range=(-full, full - 1), **more)


def dicom(values, bits=16, meaning="SS", *, labels=("PCG",), sop="1.2.840.10008.5.1.4.1.1.9.4.2", rate=RATE, stored=None):
    """Make a DICOM waveform as pydicom would."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.UID(sop)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset.PatientID, dataset.PatientName = "P-17", "Doe^Jane"
    group = pydicom.Dataset()
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(labels), len(values)
    group.SamplingFrequency, group.WaveformBitsAllocated, group.WaveformSampleInterpretation = str(rate), bits, meaning
    group.ChannelDefinitionSequence = []
    for label in labels:
        channel = pydicom.Dataset()
        channel.ChannelLabel, channel.WaveformBitsStored = label, stored or bits
        group.ChannelDefinitionSequence.append(channel)
    body = values.tobytes()
    group.add_new("WaveformData", "OW", body + b"\0" * (len(body) % 2))
    dataset.WaveformSequence = [group]
    return dataset


def saved(dataset, path):
    dataset.save_as(path, enforce_file_format=True)
    return path


# --- WFDB -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fmt", "bits"), [("16", 16), ("24", 24), ("32", 32), ("212", 12), ("80", 8), ("508", 8), ("516", 16), ("524", 24)]
)
def test_wfdb_formats_have_digital_full_scale_at_one(tmp_path, pcm, fmt, bits):
    digital = pcm << (bits - 16) if bits > 16 else pcm >> (16 - bits)
    recording = load(write_wfdb(tmp_path, digital[:, None], fmt=fmt))
    assert recording.sample_rate_hz == RATE
    assert recording.notes == ()
    np.testing.assert_array_equal(recording.samples, (digital / 2.0 ** (bits - 1)).astype(np.float32))


def test_wfdb_header_over_a_wav_says_what_the_wav_says(tmp_path, pcm):
    soundfile.write(tmp_path / "b.wav", pcm.astype(np.int16), RATE)
    (tmp_path / "b.hea").write_text(f"b 1 {RATE} {len(pcm)}\nb.wav 16+44 1 16 0 0 0 0 PCG\n")
    by_header, by_itself = load(tmp_path / "b.hea"), load(tmp_path / "b.wav")
    np.testing.assert_array_equal(by_header.samples, by_itself.samples)
    assert murmur.segment(by_header).intervals == murmur.segment(by_itself).intervals
    assert find_inputs([tmp_path])[0].info.path == str(tmp_path / "b.wav")
    assert len(find_inputs([tmp_path])) == 1


def test_a_header_that_names_a_sound_file_of_another_name_counts_once(tmp_path, pcm):
    soundfile.write(tmp_path / "sound.wav", pcm.astype(np.int16), RATE)
    (tmp_path / "b.hea").write_text(f"b 1 {RATE} {len(pcm)}\nsound.wav 16+44 1 16 0 0 0 0 PCG\n")
    write_wfdb(tmp_path, pcm[:, None], name="alone")
    assert [Path(item.info.path).name for item in find_inputs([tmp_path])] == ["alone.hea", "sound.wav"]


def test_the_heart_sound_is_taken_among_signals(tmp_path, pcm, ecg):
    path = write_wfdb(tmp_path, np.stack([ecg, pcm], axis=1), names=("ECG", "PCG"))
    recording = load(path)
    np.testing.assert_array_equal(recording.samples, (pcm / 32768).astype(np.float32))
    assert recording.notes == ("2 signals (ECG, PCG): took channel 1, described as a heart sound",)
    assert load(path, channel=0).samples[5] == np.float32(ecg[5] / 32768)
    with pytest.raises(ParameterError, match=r"a0001\.hea: no channel 2"):
        load(path, channel=2)


def test_without_a_heart_sound_the_first_is_taken_and_said(tmp_path, pcm, ecg):
    recording = load(write_wfdb(tmp_path, np.stack([pcm, ecg], axis=1), names=("one", "two")))
    assert recording.notes == ("2 signals (one, two): took channel 0, none is described as a heart sound",)


def test_wfdb_signals_of_several_samples_per_frame(tmp_path, pcm):
    frames = np.concatenate([pcm.reshape(-1, 2), np.arange(len(pcm) // 2)[:, None] % 100], axis=1).astype("<i2")
    frames.tofile(tmp_path / "m.dat")
    (tmp_path / "m.hea").write_text(
        f"m 2 {RATE // 2} {len(pcm) // 2}\nm.dat 16x2 1 16 0 0 0 0 PCG\nm.dat 16 1 16 0 0 0 0 RESP\n"
    )
    recording = load(tmp_path / "m.hea")
    assert recording.sample_rate_hz == RATE
    np.testing.assert_array_equal(recording.samples, (pcm / 32768).astype(np.float32))


def test_what_wfdb_calls_missing_is_taken_as_clipped_and_said(tmp_path, pcm):
    clipped = pcm.copy()
    clipped[100:103] = -32768
    clipped.astype("<i2").tofile(tmp_path / "c.dat")
    (tmp_path / "c.hea").write_text(f"c 1 {RATE} {len(pcm)}\nc.dat 16 1 16 0 0 0 0 PCG\n")
    recording = load(tmp_path / "c.hea")
    assert recording.samples.min() == -1.0
    assert "3 samples have the lowest value" in recording.notes[0]


def test_a_signal_file_cut_short_is_noted(tmp_path, pcm):
    path = write_wfdb(tmp_path, pcm[:, None])
    data = (tmp_path / "a0001.dat").read_bytes()
    (tmp_path / "a0001.dat").write_bytes(data[: len(data) // 2])
    assert load(path).notes == ("header promises 10 s, body holds 5 s",)
    (tmp_path / "a0001.dat").write_bytes(data[:2000])
    with pytest.raises(TooShortError, match=r"a0001\.hea: too short: 0\.25 s, cut short \(the header promises 10 s\)"):
        load(path)
    (tmp_path / "a0001.dat").unlink()
    with pytest.raises(MissingFileError, match=r"a0001\.hea: its signal file a0001\.dat is missing"):
        load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("not a header at all", "WFDB header is damaged"),
        ("a 0 4000 100\n", "names no signals"),
        ("a 2 4000 100\na.dat 16 1 16 0 0 0 0 PCG\n", "promises 2 signals but names 1"),
        ("a 1 4000 100\n../a.dat 16 1 16 0 0 0 0 PCG\n", "WFDB header is damaged"),
        ("a 1 4000 100\n~ 16 1 16 0 0 0 0 PCG\n", "must be in a file in the same folder"),
        ("a 1 200 100000\na.dat 16 1 16 0 0 0 0 PCG\n", "a sample rate of 200 Hz is out of range"),
        ("a/2 1 4000 100000\nb 50000\nc 50000\n", "several segments"),
        ("a 1 4000 100\na.dat 99 1 16 0 0 0 0 PCG\n", "signal 0 is in WFDB format '99'"),
        ("a 1 4000\na.dat 516 1 16 0 0 0 0 PCG\n", "is not FLAC"),
        ("#" * 70000, "longer than 65536 bytes"),
    ],
)
def test_headers_that_are_none_are_refused(tmp_path, text, message):
    (tmp_path / "a.hea").write_text(text)
    (tmp_path / "a.dat").write_bytes(bytes(40000))
    with pytest.raises(AudioFormatError, match=message) as error:
        load(tmp_path / "a.hea")
    assert str(tmp_path / "a.hea") in str(error.value)


def test_a_wfdb_header_needs_its_path(tmp_path, pcm):
    path = write_wfdb(tmp_path, pcm[:, None])
    with path.open("rb") as file, pytest.raises(ParameterError, match="can't be read without the files that it names"):
        load(file)
    with pytest.raises(MissingFileError, match=r"gone\.hea: no such file"):
        load(tmp_path / "gone.hea")


# --- EDF and BDF ------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [12, 16, 24])
def test_edf_and_bdf_have_digital_full_scale_at_one(tmp_path, pcm, bits):
    path = tmp_path / ("a.edf" if bits <= 16 else "a.bdf")
    (edfio.Edf if bits <= 16 else edfio.Bdf)([edf_signal(pcm, bits)]).write(path)
    expected = ((pcm if bits >= 16 else pcm >> (16 - bits)) / 2.0 ** (min(bits, 16) - 1)).astype(np.float32)
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        recording = load(source)
        np.testing.assert_array_equal(recording.samples, expected)
        assert recording.sample_rate_hz == RATE
        assert recording.notes == ()


def test_edf_signals_are_chosen_by_label_or_transducer(tmp_path, pcm, ecg):
    quick = edfio.EdfSignal(np.sin(np.arange(10 * 250)), 250, label="EEG Fpz")
    sound = edf_signal(pcm, label="X1", transducer_type="Phonocardiograph")
    edfio.Edf([quick, edf_signal(ecg, label="ECG"), sound]).write(tmp_path / "a.edf")
    recording = load(tmp_path / "a.edf")
    np.testing.assert_array_equal(recording.samples, (pcm / 32768).astype(np.float32))
    assert "took channel 2, described as a heart sound" in recording.notes[0]
    with pytest.raises(AudioFormatError, match="a sample rate of 250 Hz is out of range"):
        load(tmp_path / "a.edf", channel=0)


def test_edf_that_is_upside_down_is_turned_over(tmp_path, pcm):
    edfio.Edf([edf_signal(pcm)]).write(tmp_path / "a.edf")
    content = bytearray((tmp_path / "a.edf").read_bytes())
    at = 256 + 16 + 80 + 8  # physical minimum and maximum
    content[at : at + 16] = b"5       -5      "
    np.testing.assert_array_equal(load(bytes(content)).samples, (-pcm / 32768).astype(np.float32))


def test_patient_of_the_header_counts_where_the_name_tells_none(tmp_path, pcm):
    whole = edfio.Edf([edf_signal(pcm)], patient=edfio.Patient(code="K7", name="Jane_Doe"))
    for name in ("visit.edf", "13918_MV.edf"):
        whole.write(tmp_path / name)
    assert load(tmp_path / "visit.edf").info.patient == "K7"
    assert load(tmp_path / "visit.edf", patient="").info.patient == ""
    assert load(tmp_path / "13918_MV.edf").info.patient == "13918"
    saved(dicom(pcm.astype("<i2")), tmp_path / "x.dcm")
    assert load(tmp_path / "x.dcm").info.patient == "P-17"
    (tmp_path / "broken.dcm").write_bytes(b"nothing of the kind")
    (tmp_path / "broken.edf").write_bytes(b"")
    told = {Path(item.info.path).name: item.info.patient for item in find_inputs([tmp_path])}
    assert told == {"13918_MV.edf": "13918", "broken.dcm": "", "broken.edf": "", "visit.edf": "K7", "x.dcm": "P-17"}
    assert {item.info.patient for item in find_inputs([tmp_path], patient="")} == {""}


def test_plain_edf_names_are_left_alone(tmp_path, pcm):
    edfio.Edf([edf_signal(pcm)]).write(tmp_path / "a.edf")
    content = bytearray((tmp_path / "a.edf").read_bytes())
    content[8:88] = b"Jane Doe born in May".ljust(80)
    assert load(bytes(content)).info.patient == ""


def test_a_day_of_edf_is_read_in_pieces(tmp_path, pcm):
    edfio.Edf([edf_signal(np.tile(pcm, 12))]).write(tmp_path / "a.edf")
    with murmur.io.recording.open_source(tmp_path / "a.edf") as source:
        blocks = list(source.blocks(0.77))
    assert {len(block) for block in blocks[:-1]} == {round(0.77 * RATE)}
    np.testing.assert_array_equal(np.concatenate(blocks), (np.tile(pcm, 12) / 32768).astype(np.float32))


def test_edf_cut_short_is_noted_or_refused(tmp_path, pcm):
    edfio.Edf([edf_signal(pcm)]).write(tmp_path / "a.edf")
    content = (tmp_path / "a.edf").read_bytes()
    assert load(content[: 512 + 8000 * 5 + 17]).notes == ("header promises 10 s, body holds 5 s",)
    with pytest.raises(TooShortError, match=r"the header promises 10 s"):
        load(content[: 512 + 8000])
    unknown = bytearray(content)
    unknown[236:244] = b"-1      "  # it was still being recorded
    assert load(bytes(unknown)).duration_s == 10.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: b"", "empty"),
        (lambda c: b"RIFF" + c, "not EDF or BDF"),
        (lambda c: c[:300], "1 signals need 512 bytes, it has 300"),
        (lambda c: c[:252] + b"x   " + c[256:], "number of signals is b'x   '"),
        (lambda c: c[:252] + b"9999" + c[256:], "9999 signals need"),
        (lambda c: c[:192] + b"EDF+D" + c[197:], "interrupted"),
        (lambda c: c[:236] + b"lots    " + c[244:], "number of data records"),
        (lambda c: c[:244] + b"0       " + c[252:], "EDF header is damaged"),
        (lambda c: c[:472] + b"-5      " + c[480:], "samples per data record"),
        (lambda c: c[:376] + b"5       3       " + c[392:], "digital range is 5 to 3"),
        (lambda c: c[:376] + b"low     high    " + c[392:], "EDF header is damaged"),
    ],
)
def test_edf_headers_that_lie_are_refused(tmp_path, pcm, change, message):
    edfio.Edf([edf_signal(pcm)]).write(tmp_path / "a.edf")
    path = tmp_path / "b.edf"
    path.write_bytes(change((tmp_path / "a.edf").read_bytes()))
    with pytest.raises(AudioFormatError, match=message) as error:
        load(path)
    assert str(path) in str(error.value)


def test_edf_of_annotations_alone_holds_no_sound(tmp_path):
    edfio.Edf([], annotations=[edfio.EdfAnnotation(0, None, "S1")]).write(tmp_path / "a.edf")
    with pytest.raises(AudioFormatError, match="it holds annotations but no signal"):
        load(tmp_path / "a.edf")


# --- DICOM ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "meaning", "kind", "zero"),
    [
        (16, "SS", "<i2", 0),
        (16, "US", "<u2", 2**15),
        (8, "SB", "i1", 0),
        (8, "UB", "u1", 128),
        (32, "SL", "<i4", 0),
        (32, "UL", "<u4", 2**31),
    ],
)
def test_dicom_sample_interpretations(tmp_path, pcm, bits, meaning, kind, zero):
    digital = pcm >> 8 if bits == 8 else pcm << (bits - 16)
    path = saved(dicom((digital + zero).astype(kind), bits, meaning), tmp_path / "a.dcm")
    recording = load(path)
    np.testing.assert_array_equal(recording.samples, (digital / 2.0 ** (bits - 1)).astype(np.float32))
    assert (recording.sample_rate_hz, recording.notes) == (RATE, ())
    np.testing.assert_array_equal(load(path.read_bytes()).samples, recording.samples)
    bare = tmp_path / "without_a_suffix"
    bare.write_bytes(path.read_bytes())
    np.testing.assert_array_equal(load(bare).samples, recording.samples)


def test_dicom_bits_stored_are_the_full_scale(tmp_path, pcm):
    recording = load(saved(dicom((pcm >> 4).astype("<i2"), stored=12), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(recording.samples, ((pcm >> 4) / 2048).astype(np.float32))


@pytest.mark.parametrize(("table", "subtype"), [(mu_law(), "ULAW"), (a_law(), "ALAW")])
def test_companding_is_that_of_libsndfile(table, subtype):
    codes = io.BytesIO(bytes(range(256)))
    known, _ = soundfile.read(codes, format="RAW", subtype=subtype, samplerate=8000, channels=1, dtype="int16")
    np.testing.assert_array_equal(table, known)


@pytest.mark.parametrize(("table", "meaning"), [(mu_law(), "MB"), (a_law(), "AB")])
def test_dicom_of_companded_samples(tmp_path, pcm, table, meaning):
    order = np.argsort(table)
    codes = order[np.searchsorted(table[order], pcm).clip(0, 255)].astype(np.uint8)
    recording = load(saved(dicom(codes, 8, meaning), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(recording.samples, (table[codes] / 32768).astype(np.float32))


def test_dicom_channels_and_other_objects(tmp_path, pcm, ecg):
    both, general_ecg = np.stack([ecg, pcm], axis=1).astype("<i2"), "1.2.840.10008.5.1.4.1.1.9.1.2"
    recording = load(saved(dicom(both, labels=("II", "Phono"), sop=general_ecg), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(recording.samples, (pcm / 32768).astype(np.float32))
    path = saved(dicom(both, labels=("I", "II"), sop=general_ecg), tmp_path / "b.dcm")
    with pytest.raises(AudioFormatError, match=r"no channel is described as a heart sound \(I, II\)"):
        load(path)
    assert load(path, channel=1).samples[7] == np.float32(pcm[7] / 32768)
    assert "took channel 0" in load(saved(dicom(both, labels=("left", "right")), tmp_path / "c.dcm")).notes[0]


def _change(dataset, name, value):
    setattr(dataset.WaveformSequence[0], name, value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: delattr(d, "WaveformSequence"), "holds no waveform"),
        (lambda d: _change(d, "NumberOfWaveformChannels", 3), "promises 3 channels but defines 1"),
        (lambda d: _change(d, "WaveformSampleInterpretation", "XX"), "interpretation 'XX'"),
        (lambda d: _change(d, "SamplingFrequency", "0"), "a sample rate of 0 Hz"),
        (lambda d: delattr(d.WaveformSequence[0], "SamplingFrequency"), "can't be parsed"),
        (lambda d: delattr(d.WaveformSequence[0], "WaveformData"), "has no data"),
        (lambda d: _change(d, "WaveformBitsAllocated", 12), "samples of 12 bits"),
    ],
)
def test_dicom_that_lies_is_refused(tmp_path, pcm, change, message):
    dataset = dicom(pcm.astype("<i2"))
    change(dataset)
    with pytest.raises(AudioFormatError, match=message):
        load(saved(dataset, tmp_path / "a.dcm"))


def test_dicom_cut_short_or_of_another_kind(tmp_path, pcm):
    dataset = dicom(pcm.astype("<i2"))
    _change(dataset, "NumberOfWaveformSamples", 20 * RATE)
    assert load(saved(dataset, tmp_path / "a.dcm")).notes == ("header promises 20 s, body holds 10 s",)
    for content, message in ((b"", "empty"), (b"x" * 500, "no DICM mark")):
        (tmp_path / "b.dcm").write_bytes(content)
        with pytest.raises(AudioFormatError, match=message):
            load(tmp_path / "b.dcm")
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    with pytest.raises(AudioFormatError, match="deflated"):
        load(saved(dataset, tmp_path / "c.dcm"))


# --- all --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["hea", "edf", "bdf", "dcm"])
def test_random_damage_gives_errors_that_name_the_file(tmp_path, pcm, kind, recwarn):
    if kind == "hea":
        whole, reach = write_wfdb(tmp_path, pcm[:, None]).read_bytes(), None
    elif kind == "dcm":
        whole, reach = saved(dicom(pcm.astype("<i2")), tmp_path / "whole").read_bytes(), 900
    else:
        file = edfio.Edf([edf_signal(pcm)]) if kind == "edf" else edfio.Bdf([edf_signal(pcm, 24)])
        file.write(tmp_path / "whole")
        whole, reach = (tmp_path / "whole").read_bytes(), 512
    rng, outcomes, path = random.Random(f"damage {kind}"), set(), tmp_path / f"fuzz.{kind}"
    for trial in range(250):
        content = bytearray(whole[: rng.randrange(len(whole))] if trial % 5 == 0 else whole)
        for _ in range(rng.randrange(1, 6)):
            if content:
                content[rng.randrange(min(reach or len(content), len(content)))] = rng.choice(
                    (rng.randrange(256), 48, 57, 45)
                )
        path.write_bytes(content)
        begin = time.monotonic()
        try:
            load(path)
            outcomes.add("read")
        except MurmurError as error:
            outcomes.add("refused")
            assert str(path) in str(error)
        assert time.monotonic() - begin < 10
    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize(("kind", "library"), [("hea", "wfdb"), ("edf", "edfio"), ("dcm", "pydicom")])
def test_without_the_library_its_name_and_the_remedy_are_told(tmp_path, pcm, monkeypatch, kind, library):
    path = tmp_path / f"a0001.{kind}"
    if kind == "hea":
        write_wfdb(tmp_path, pcm[:, None])
    elif kind == "edf":
        edfio.Edf([edf_signal(pcm)]).write(path)
    else:
        saved(dicom(pcm.astype("<i2")), path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ParameterError, match=rf"needs {library}: pip install 'murmur-pcg\[formats\]'"):
        load(path)
