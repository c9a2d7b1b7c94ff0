"""The door: every format comes in alike, everything else is refused by name."""

import array
import contextlib
import io
import os
import pickle
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from murmur.errors import (
    AudioFormatError,
    BadSamplesError,
    MissingFileError,
    MurmurError,
    ParameterError,
    TooLongError,
    TooShortError,
)
from murmur.io.info import RecordingInfo
from murmur.io.recording import Recording, load, open_source

RATE = 4000
N = 3 * RATE


def tone(n=N, rate=RATE):
    """Give noise-like values that 8 bits can hold exactly, so that every width gives the same."""
    steps = np.random.default_rng(7).integers(-100, 100, n)
    return (steps / 128).astype(np.float32)


def encoded(samples=None, rate=RATE, fmt="WAV", subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, tone() if samples is None else samples, rate, format=fmt, subtype=subtype)
    return file.getvalue()


def wav_with(body, *, rate=RATE, channels=1, tag=1, bits=16, data_bytes=None):
    """Build a WAV by hand, so that its header can lie."""
    align = channels * bits // 8 % 2**16
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * align % 2**32, align, bits)
    size = len(body) if data_bytes is None else data_bytes
    return (
        b"RIFF"
        + struct.pack("<I", (36 + size) % 2**32)
        + b"WAVEfmt "
        + struct.pack("<I", len(fmt))
        + fmt
        + b"data"
        + struct.pack("<I", size)
        + body
    )


def flac_with_total(data, total):
    """State another number of samples in a FLAC's header, the low 36 bits of bytes 18 to 25."""
    field = int.from_bytes(data[18:26], "big") >> 36 << 36 | total
    return data[:18] + field.to_bytes(8, "big") + data[26:]


def saved(tmp_path, data, name="13918_MV.wav"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


# --- what comes in


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_wav_width_round_trips_exactly(tmp_path, subtype):
    recording = load(saved(tmp_path, encoded(subtype=subtype)))
    np.testing.assert_array_equal(recording.samples, tone())
    assert recording.samples.dtype == np.float32
    assert recording.samples.flags.c_contiguous
    assert (recording.sample_rate_hz, recording.duration_s, recording.notes) == (4000.0, 3.0, ())
    assert recording.info == RecordingInfo(str(tmp_path / "13918_MV.wav"), "13918", "MV")


@pytest.mark.parametrize(
    ("fmt", "subtype"),
    [
        ("FLAC", "PCM_S8"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("AIFF", "PCM_16"),
        ("AU", "PCM_16"),
        ("CAF", "PCM_16"),
    ],
)
def test_other_lossless_formats_round_trip(tmp_path, fmt, subtype):
    recording = load(saved(tmp_path, encoded(fmt=fmt, subtype=subtype), f"a.{fmt.lower()}"))
    np.testing.assert_array_equal(recording.samples, tone())
    assert recording.notes == ()


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
def test_logarithmic_wav(subtype):
    samples = load(encoded(subtype=subtype)).samples
    np.testing.assert_allclose(samples, tone(), atol=0.03)


@pytest.mark.parametrize("subtype", ["GSM610", "IMA_ADPCM"])
def test_lossy_formats_that_cannot_seek(subtype):
    samples = load(encoded(subtype=subtype)).samples
    assert len(samples) >= N
    assert np.isfinite(samples).all()


def test_the_name_need_not_tell_the_format(tmp_path):
    assert len(load(saved(tmp_path, encoded(), "odd.raw")).samples) == N
    assert len(load(saved(tmp_path, encoded(fmt="FLAC"), "odd.wav")).samples) == N
    name = os.fsdecode(b"caf\xe9_\xff.wav")
    recording = load(saved(tmp_path, encoded(), name))
    assert Path(recording.info.path).name == name


@pytest.mark.parametrize(
    ("dtype", "scale", "zero"),
    [("int8", 2**7, 0), ("uint8", 2**7, 128), ("int16", 2**15, 0), (">i2", 2**15, 0), ("int32", 2**31, 0)],
)
def test_integer_arrays_are_scaled_as_pcm(dtype, scale, zero):
    values = (tone().astype(np.float64) * scale + zero).astype(dtype)
    np.testing.assert_array_equal(load(values, sample_rate_hz=RATE).samples, tone())


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", "longdouble"])
def test_float_arrays_are_taken_as_they_are(dtype):
    values = (tone() * 4096).astype(dtype)
    recording = load(values, sample_rate_hz=RATE)
    np.testing.assert_array_equal(recording.samples, tone() * 4096)
    assert recording.samples.dtype == np.dtype(np.float32)


def test_lists_and_buffers():
    expected = load(tone(), sample_rate_hz=RATE).samples
    np.testing.assert_array_equal(load(tone().tolist(), sample_rate_hz=RATE).samples, expected)
    np.testing.assert_array_equal(load(array.array("f", tone()), sample_rate_hz=RATE).samples, expected)
    np.testing.assert_array_equal(load(bytearray(encoded())).samples, expected)
    np.testing.assert_array_equal(load(memoryview(encoded())).samples, expected)


def test_a_loaded_recording_is_frozen_and_its_own():
    values = tone()
    recording = load(values, sample_rate_hz=RATE)
    values[:] = 0
    np.testing.assert_array_equal(recording.samples, tone())
    with pytest.raises(ValueError, match="read-only"):
        recording.samples[0] = 1
    with pytest.raises(AttributeError):
        recording.info.site = "AV"
    assert recording == recording  # by identity: arrays would choke on it
    assert recording != load(tone(), sample_rate_hz=RATE)
    assert len({recording, recording}) == 1
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(recording)).samples, recording.samples)


def test_a_rate_need_not_be_whole():
    recording = load(tone(), sample_rate_hz=np.float32(2000.5))
    assert recording.sample_rate_hz == 2000.5


def test_channels(tmp_path):
    both = np.stack([tone(), -tone()], axis=1)
    path = saved(tmp_path, encoded(both))
    for source, given in ((path, {}), (both, {"sample_rate_hz": RATE})):
        first = load(source, **given)
        assert first.notes == ("2 channels: took channel 0",)
        np.testing.assert_array_equal(first.samples, tone())
        second = load(source, channel=1, **given)
        assert second.notes == ()
        np.testing.assert_array_equal(second.samples, -tone())
        for wrong in (2, -1, True, 0.5, "left"):
            with pytest.raises(ParameterError, match="it has 2 channels"):
                load(source, channel=wrong, **given)
    with pytest.raises(ParameterError, match="no channel 1: it has 1 channel,"):
        load(tone(), channel=1, sample_rate_hz=RATE)
    # Only the channel taken must be sound.
    both[5, 1] = np.nan
    assert load(both, sample_rate_hz=RATE).duration_s == 3.0


def test_a_thousand_channels():
    values = np.repeat(tone(2 * RATE)[:, None], 1000, axis=1)
    recording = load(encoded(values), channel=999)
    np.testing.assert_array_equal(recording.samples, tone(2 * RATE))


def test_labels_given_win_over_the_name(tmp_path):
    path = saved(tmp_path, encoded(), "MR_002_sit_Mit.wav")
    named = load(path)
    assert (named.info.patient, named.info.site, named.info.position, named.info.visit) == ("MR_002", "MV", "sit", "")
    assert named.info.path == str(path)
    given = load(path, patient=" 17 ", site="aortic", position="", visit="2")
    assert (given.info.patient, given.info.site, given.info.position, given.info.visit) == ("17", "AV", "", "2")
    again = load(given, site="")
    assert (again.info.patient, again.info.site, again.info.visit, again.info.path) == ("17", "", "2", str(path))
    with pytest.raises(ParameterError, match="unknown site 'elbow'"):
        load(path, site="elbow")
    with pytest.raises(ParameterError, match="patient must be a string, not 17"):
        load(path, patient=17)


# --- file objects


class Pipe(io.RawIOBase):
    """A stream that can't seek and gives few bytes at a time."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(memoryview(buffer)[:777])


class Minimal:
    """The least that is a file: read, seek and tell."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def read(self, n=-1):
        return self._data.read(min(n, 1000))

    def seek(self, offset, whence=0):
        return self._data.seek(offset, whence)

    def tell(self):
        return self._data.tell()


@pytest.mark.parametrize("fmt", ["WAV", "FLAC"])
@pytest.mark.parametrize("kind", [io.BytesIO, Pipe, Minimal])
def test_file_objects_are_read_and_left_open(fmt, kind):
    file = kind(encoded(fmt=fmt))
    np.testing.assert_array_equal(load(file).samples, tone())
    assert not getattr(file, "closed", False)


def test_a_file_object_stays_open_on_errors_too():
    for data in (b"", b"not audio at all", encoded()[:60], encoded(np.zeros(N, np.float32))):
        file = io.BytesIO(data)
        with pytest.raises(MurmurError, match="the file object"):
            load(file)
        assert not file.closed


def test_a_file_object_names_itself_and_is_read_from_where_it_stands(tmp_path):
    path = saved(tmp_path, b"a foreign header" + encoded(), "2530_TV.wav")
    with path.open("rb") as file:
        file.seek(16)
        recording = load(file)
        assert not file.closed
        assert (recording.info.path, recording.info.patient, recording.info.site) == (str(path), "2530", "TV")
        np.testing.assert_array_equal(recording.samples, tone())
        file.seek(0, io.SEEK_END)
        with pytest.raises(AudioFormatError, match=r"2530_TV\.wav: empty: .*seek"):
            load(file)
    with pytest.raises(ParameterError, match=r"2530_TV\.wav: the file object is closed"):
        load(file)
    with path.open(encoding="latin-1") as text, pytest.raises(ParameterError, match='mode "rb"'):
        load(text)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(encoded(),))
    writer.start()
    try:
        np.testing.assert_array_equal(load(path).samples, tone())
    finally:
        writer.join()


def test_a_pipe_has_a_limit(monkeypatch):
    monkeypatch.setattr("murmur.io.byte_reader._MAX_PIPED_BYTES", 1000)
    with pytest.raises(TooLongError, match="the file object: more than"):
        load(Pipe(encoded()))


class Failing(io.BytesIO):
    """A disk that fails somewhere inside."""

    def read(self, n=-1):
        if self.tell() > 2000:
            raise OSError("I/O error")
        return super().read(min(n, 500))


@pytest.mark.parametrize("fmt", ["WAV", "FLAC"])
def test_a_failing_disk_is_reported_as_such(fmt):
    with pytest.raises(AudioFormatError, match="the file object: reading failed: I/O error"):
        load(Failing(encoded(fmt=fmt)))


# --- what is refused


@pytest.mark.parametrize("source", [None, 3, {"a": 1}, {1.0}, object()])
def test_sources_of_no_known_kind(source):
    with pytest.raises(ParameterError, match=f"can't read a recording from {type(source).__name__}"):
        load(source, sample_rate_hz=RATE)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones(N, complex), "not complex128"),
        (np.ones(N, bool), "not bool"),
        (np.array(["a"] * N), "not <U1"),
        (np.full(N, None), "not object"),
        (np.ones(N, np.int64), "int64 has no defined full scale"),
        ([1, 2, 3] * RATE, "int.* has no defined full scale"),
        (np.ones(N, np.uint16), "uint16 has no defined full scale"),
        ([[1.0], [1.0, 2.0]], "can't be converted to an array"),
        (np.float64(3), r"not of shape \(\)"),
        (np.ones((5, 5, 5)), r"not of shape \(5, 5, 5\)"),
        (np.ones((2, N)), r"shape \(2, 12000\) .* transpose it"),
        (np.ones((N, 0)), r"shape \(12000, 0\)"),
        (np.ma.masked_less(tone(), 0), "masked"),
    ],
)
def test_arrays_that_are_no_sound(values, reason):
    with pytest.raises(ParameterError, match=f"the array: .*{reason}"):
        load(values, sample_rate_hz=RATE)


@pytest.mark.parametrize(
    ("rate", "reason"),
    [
        (None, "sample_rate_hz is missing"),
        (0, "a sample rate of 0 Hz is out of range"),
        (-4000, "-4000 Hz is out of range"),
        (4, "4 Hz is out of range .* not kHz"),
        (999.9, "999.9 Hz is out of range"),
        (192_001, "192001 Hz is out of range"),
        (float("nan"), "must be a number in Hz, not nan"),
        (float("inf"), "inf Hz is out of range"),
        (10**400, "must be a number in Hz"),
        ("4000", "must be a number in Hz, not '4000'"),
        (True, "must be a number in Hz, not True"),
        ([4000], r"must be a number in Hz, not \[4000\]"),
    ],
)
def test_rates_out_of_range(rate, reason):
    with pytest.raises(ParameterError, match=reason):
        load(tone(), sample_rate_hz=rate)


def test_a_file_has_its_own_rate(tmp_path):
    path = saved(tmp_path, encoded())
    assert load(path, sample_rate_hz=4000).sample_rate_hz == 4000
    with pytest.raises(ParameterError, match=r"13918_MV\.wav: has its own sample rate, 4000 Hz, not 8000 Hz"):
        load(path, sample_rate_hz=8000)
    with pytest.raises(ParameterError, match="has its own sample rate"):
        load(load(path), sample_rate_hz=8000)


@pytest.mark.parametrize("rate", [0, 1, 999, 192_001, 2**31 - 1, 2**31, 2**32 - 1])
def test_file_rates_out_of_range(tmp_path, rate):
    path = saved(tmp_path, wav_with(bytes(range(256)) * 400, rate=rate))
    with pytest.raises(AudioFormatError, match=rf"13918_MV\.wav: .*{rate} Hz"):
        load(path)


@pytest.mark.parametrize("channels", [0, 1025, 65535])
def test_file_channels_out_of_range(tmp_path, channels):
    path = saved(tmp_path, wav_with(bytes(range(256)) * 400, channels=channels))
    with pytest.raises(AudioFormatError, match=rf"13918_MV\.wav: .*{channels} channels"):
        load(path)


def test_paths_without_a_file(tmp_path, monkeypatch):
    with pytest.raises(MissingFileError, match=r"gone\.wav: no such file"):
        load(tmp_path / "gone.wav")
    with pytest.raises(FileNotFoundError):
        load(str(tmp_path / "gone.wav"))
    with pytest.raises(MissingFileError, match=f"{tmp_path.name}: is a folder"):
        load(tmp_path)
    with pytest.raises(MissingFileError, match="the path is empty"):
        load("")
    with pytest.raises(MissingFileError, match="not a path"):
        load("a\0b.wav")
    with pytest.raises(MissingFileError, match="can't be read"):
        load("x" * 5000)
    path = saved(tmp_path, encoded())

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    # Not by chmod: whoever runs the tests as root may read everything.
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(MissingFileError, match=r"13918_MV\.wav: no permission"):
        load(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device")
def test_a_device_is_no_file():
    with pytest.raises(MissingFileError, match="/dev/zero: is a device"):
        load("/dev/zero")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty: 0 bytes"),
        (b"R", "not audio"),
        (b"<html>no audio here</html>" * 100, "not audio that can be decoded .*<html>no"),
        (bytes(10_000), "not audio"),
        (encoded()[:20], "RIFF header is damaged or cut short"),
        (encoded()[:44], "too short: no samples"),
        (encoded(fmt="FLAC")[:30], "fLaC header is damaged or cut short"),
        (wav_with(b"", data_bytes=24000), "too short: no samples"),
    ],
)
def test_what_is_not_audio(tmp_path, data, reason):
    path = saved(tmp_path, data)
    with pytest.raises((AudioFormatError, TooShortError), match=rf"13918_MV\.wav: .*{reason}"):
        load(path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.nan, "not a number"),
        (np.inf, "infinite"),
        (-np.inf, r"infinite \(-inf\)"),
        (1e20, r"1e\+20, beyond"),
    ],
)
def test_bad_samples_are_counted_and_placed(tmp_path, dtype, value, reason):
    samples = tone().astype(dtype)
    samples[[400, 500, 600]] = value
    message = rf"sample 400 \(at 0\.100 s\) is {reason}.*; 3 like it in the first 3 s"
    with pytest.raises(BadSamplesError, match=f"the array: {message}"):
        load(samples, sample_rate_hz=RATE)
    path = saved(tmp_path, encoded(samples, subtype="FLOAT" if dtype == "float32" else "DOUBLE"))
    with pytest.raises(BadSamplesError, match=rf"13918_MV\.wav: {message}"):
        load(path)
    with pytest.raises(BadSamplesError, match="sample 400"):
        Recording(samples, RATE)


def test_values_beyond_float32_are_named(tmp_path):
    samples = tone().astype(np.float64)
    samples[7] = -1e300
    with pytest.raises(BadSamplesError, match=r"sample 7 .* is -1e\+300, beyond"):
        load(samples, sample_rate_hz=RATE)
    with pytest.raises(BadSamplesError, match=r"sample 7 .* is -1e\+300, beyond"):
        load(encoded(samples, subtype="DOUBLE"))


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        (0.0, "silent: all 12000 samples are 0;"),
        (0.25, "constant: all 12000 samples are 0.25"),
        (1e-20, "silent"),
    ],
)
def test_silence_and_constants(tmp_path, level, reason):
    samples = np.full(N, level)
    with pytest.raises(BadSamplesError, match=f"the array: {reason}"):
        load(samples, sample_rate_hz=RATE)
    for fmt in ("WAV", "FLAC"):
        path = saved(tmp_path, encoded(samples, fmt=fmt))
        with pytest.raises(BadSamplesError, match=r"13918_MV\.wav: (silent|constant)"):
            load(path)


def test_durations(tmp_path):
    assert load(tone(2 * RATE), sample_rate_hz=RATE).duration_s == 2.0
    for n in (1, 2 * RATE - 1):
        for source, given in ((tone(n), {"sample_rate_hz": RATE}), (saved(tmp_path, encoded(tone(n))), {})):
            with pytest.raises(TooShortError, match=rf"too short: {n / RATE:.6g} s \(minimum 2 s"):
                load(source, **given)
    with pytest.raises(TooShortError, match="the array: too short: no samples"):
        load([], sample_rate_hz=RATE)
    # A day and a half, in an array that takes no memory.
    endless = np.broadcast_to(np.float32(0.5), (36 * 3600 * 1000,))
    with pytest.raises(TooLongError, match=r"the array: too long: 36 h \(maximum 25 h\)"):
        load(endless, sample_rate_hz=1000)


def test_more_than_memory_should_hold(monkeypatch):
    monkeypatch.setattr("murmur.io.recording._MAX_LOADED_SAMPLES", 10_000)
    with pytest.raises(TooLongError, match="maximum 10000 samples"):
        load(tone(), sample_rate_hz=RATE)
    with pytest.raises(TooLongError, match="maximum 10000 samples"):
        load(flac_with_total(encoded(fmt="FLAC"), 0))
    with open_source(tone(), sample_rate_hz=RATE) as source:
        assert sum(map(len, source.blocks(1.0))) == N


@pytest.mark.parametrize(
    "kind", [AudioFormatError, BadSamplesError, MissingFileError, ParameterError, TooLongError, TooShortError]
)
def test_errors_are_one_family_and_travel_between_processes(kind):
    error = pickle.loads(pickle.dumps(kind("a.wav: no")))
    assert isinstance(error, MurmurError)
    assert str(error) == "a.wav: no"


# --- damaged bodies


@pytest.mark.parametrize("fmt", ["WAV", "AIFF", "AU"])
def test_a_body_cut_short_is_read_with_a_note(tmp_path, fmt):
    data = encoded(tone(10 * RATE), fmt=fmt)
    recording = load(saved(tmp_path, data[: len(data) // 2]))
    assert 4.9 < recording.duration_s < 5.1
    assert recording.notes == (f"header promises 10 s, body holds {recording.duration_s:.6g} s",)
    np.testing.assert_array_equal(recording.samples, tone(10 * RATE)[: len(recording.samples)])
    with pytest.raises(TooShortError, match=r"too short: 0\.[0-9]* s, cut short \(the header promises 10 s\)"):
        load(saved(tmp_path, data[: len(data) // 12]))


def test_a_flac_cut_short_is_read_with_a_note(tmp_path):
    samples = tone(10 * RATE)
    data = encoded(samples, fmt="FLAC")
    recording = load(saved(tmp_path, data[: len(data) // 2]))
    assert 3.5 < recording.duration_s < 5.5
    assert recording.notes == (f"header promises 10 s, body holds {recording.duration_s:.6g} s",)
    np.testing.assert_array_equal(recording.samples, samples[: len(recording.samples)])
    with pytest.raises(TooShortError, match=r"cut short \(the header promises 10 s\)"):
        load(saved(tmp_path, data[: len(data) // 8]))
    unknown = load(saved(tmp_path, flac_with_total(data, 0)[: len(data) // 2]))
    np.testing.assert_array_equal(unknown.samples, recording.samples)
    assert unknown.notes == (f"the body breaks off after {recording.duration_s:.6g} s",)


def test_a_flac_damaged_inside_names_the_time_reached(tmp_path):
    data = bytearray(encoded(tone(20 * RATE), fmt="FLAC"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(AudioFormatError, match=r"13918_MV\.wav: damaged: can't be decoded beyond [5-9]\.\d+ s"):
        load(saved(tmp_path, data))


@pytest.mark.parametrize("total", [0, 2**35, 2**36 - 1])
def test_a_flac_of_no_or_absurd_length(total):
    data = flac_with_total(encoded(fmt="FLAC"), total)
    with open_source(data) as source:
        assert source.n_samples is None
        assert source.duration_s is None
        assert sum(map(len, source.blocks())) == N
    np.testing.assert_array_equal(load(data).samples, tone())


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_wav_streamed_without_a_length(size):
    recording = load(wav_with(encoded()[44:], data_bytes=size))
    np.testing.assert_array_equal(recording.samples, tone())
    assert recording.notes == ()


def test_a_last_frame_cut_in_two_is_dropped():
    recording = load(encoded()[:-1])
    assert len(recording.samples) == N - 1


# --- streaming


@pytest.mark.parametrize("fmt", ["WAV", "FLAC", None])
@pytest.mark.parametrize("block_s", [0.0001, 0.1, 1, 2.5, 1000.0])
def test_blocks_join_to_the_whole(fmt, block_s):
    expected = tone(2 * RATE + 5)
    source = open_source(expected, sample_rate_hz=RATE) if fmt is None else open_source(encoded(expected, fmt=fmt))
    with source:
        assert (source.n_samples, source.duration_s, source.sample_rate_hz) == (8005, 8005 / RATE, RATE)
        blocks = list(source.blocks(block_s))
    assert {len(block) for block in blocks[:-1]} <= {max(round(block_s * RATE), 1)}
    assert all(block.dtype == np.float32 and block.flags.c_contiguous and block.flags.writeable for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


@pytest.mark.parametrize("block_s", [0, -1, float("nan"), float("inf"), "1", None])
def test_blocks_need_a_length(block_s):
    with open_source(tone(), sample_rate_hz=RATE) as source, pytest.raises(ParameterError, match="block_s"):
        source.blocks(block_s)


def test_blocks_can_be_read_once():
    with open_source(encoded()) as source:
        next(iter(source.blocks(0.5)))
        with pytest.raises(ParameterError, match=r"blocks\(\) can be called once"):
            source.blocks()


def test_a_closed_source_gives_nothing():
    with open_source(encoded()) as source:
        blocks = source.blocks(1.0)
        next(blocks)
    with pytest.raises(ParameterError, match="the bytes: the source was closed"):
        next(blocks)


def test_a_nan_is_refused_at_once_and_silence_at_the_end():
    samples = tone(4 * RATE)
    samples[2 * RATE + 100] = np.nan
    blocks = open_source(samples, sample_rate_hz=RATE).blocks(1.0)
    assert [len(next(blocks)), len(next(blocks))] == [RATE, RATE]
    with pytest.raises(BadSamplesError, match=r"sample 8100 \(at 2\.025 s\)"):
        next(blocks)

    blocks = open_source(np.zeros(3 * RATE), sample_rate_hz=RATE).blocks(1.0)
    assert [len(next(blocks)) for _ in range(3)] == [RATE] * 3
    with pytest.raises(BadSamplesError, match="silent: all 12000"):
        next(blocks)
    one_dead = np.stack([np.zeros(3 * RATE), tone(3 * RATE)], axis=1)
    with pytest.raises(BadSamplesError, match=r"the channel taken \(2 channels: took channel 0\)"):
        load(one_dead, sample_rate_hz=RATE)
    # Constant within each block is not constant.
    steps = np.repeat([0.0, 0.5, 0.0], RATE)
    assert load(steps, sample_rate_hz=RATE).duration_s == 3.0
    assert len(list(open_source(steps, sample_rate_hz=RATE).blocks(1.0))) == 3


def test_too_long_is_seen_as_it_passes(monkeypatch):
    for module in ("limits", "audio_file"):
        monkeypatch.setattr(f"murmur.io.{module}.MAX_DURATION_S", 4.0)
    data = encoded(tone(10 * RATE), fmt="FLAC")
    with pytest.raises(TooLongError, match="too long: more than"):
        load(data)
    blocks = open_source(flac_with_total(data, 0)).blocks(1.0)
    assert [len(next(blocks)) for _ in range(4)] == [RATE] * 4
    with pytest.raises(TooLongError, match="the bytes: too long: more than"):
        next(blocks)


def test_a_path_is_closed_whatever_happens(tmp_path, monkeypatch):
    opened = []
    original = Path.open

    def spy(self, *args, **kwargs):
        opened.append(original(self, *args, **kwargs))
        return opened[-1]

    good, nan = encoded(), encoded(np.full(N, np.nan), subtype="FLOAT")
    paths = [saved(tmp_path, data, f"{k}.wav") for k, data in enumerate((good, b"no", good[:500], nan, b""))]
    monkeypatch.setattr("pathlib.Path.open", spy)
    for path in paths:
        for given in ({}, {"channel": 5}, {"site": "elbow"}, {"sample_rate_hz": 8000}):
            with contextlib.suppress(MurmurError):
                load(path, **given)
    with open_source(paths[0]) as source:
        next(iter(source.blocks(0.1)))
    assert len(opened) >= len(paths)
    assert all(file.closed for file in opened)


def test_a_recording_built_by_hand():
    recording = Recording((tone() * 2**15).astype(np.int16), RATE, RecordingInfo(site="mitral", position="supine"))
    np.testing.assert_array_equal(recording.samples, tone())
    assert (recording.info.site, recording.info.position, recording.duration_s) == ("MV", "sup", 3.0)
    assert len(Recording(np.empty(0, np.float32), RATE).samples) == 0
    with pytest.raises(TooShortError, match="the recording: too short: no samples"):
        load(Recording(np.empty(0, np.float32), RATE))
    with pytest.raises(ParameterError, match="999 Hz"):
        Recording(tone(), 999)
    with pytest.raises(ParameterError, match="1-D"):
        Recording(tone()[:, None], RATE)
    with pytest.raises(BadSamplesError, match=r"a\.wav: silent"):
        load(Recording(np.zeros(N, np.float32), RATE, RecordingInfo("a.wav")))


def test_importing_loads_numpy_alone():
    heavy = ("scipy", "librosa", "soundfile", "numba", "pandas")
    code = f"import sys, murmur.io.recording; print([name for name in {heavy} if name in sys.modules])"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert result.stdout.strip() == "[]"


# --- anything at all


def broken(rng, data):
    """Damage a file as disks, cables and careless writers do."""
    data = bytearray(data)
    how = rng.integers(6)
    if how == 0:  # bits anywhere
        for _ in range(rng.integers(1, 20)):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    elif how == 1:  # bits in the header
        for _ in range(rng.integers(1, 6)):
            data[rng.integers(min(64, len(data)))] ^= 1 << rng.integers(8)
    elif how == 2:  # cut
        del data[rng.integers(len(data)) :]
    elif how == 3:  # an extreme number somewhere in the header
        at = int(rng.integers(4, 60))
        data[at : at + 4] = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80"][rng.integers(4)]
    elif how == 4:  # a hole
        start = int(rng.integers(len(data)))
        del data[start : start + int(rng.integers(1, 3000))]
    else:  # foreign bytes inside
        start = int(rng.integers(len(data)))
        data[start:start] = rng.bytes(int(rng.integers(1, 3000)))
    return bytes(data)


FUZZED = [
    encoded(subtype="PCM_16"),
    encoded(subtype="FLOAT"),
    encoded(np.stack([tone(), tone()], axis=1), subtype="PCM_24"),
    encoded(subtype="ULAW"),
    encoded(fmt="FLAC"),
    encoded(np.stack([tone(), tone()], axis=1), fmt="FLAC", subtype="PCM_24"),
]


@pytest.mark.parametrize("seed", range(180))
def test_a_damaged_file_gives_a_recording_or_one_of_our_errors(tmp_path, seed):
    rng = np.random.default_rng(seed)
    data = broken(rng, FUZZED[seed % len(FUZZED)])
    source = data if seed % 2 else saved(tmp_path, data)
    try:
        recording = load(source)
    except MurmurError as error:
        assert "13918_MV.wav: " in str(error) or "the bytes: " in str(error)
    else:
        assert np.isfinite(recording.samples).all()
        assert recording.samples.dtype == np.float32
        assert 1000 <= recording.sample_rate_hz <= 192_000
        assert recording.duration_s >= 2 - 1e-3
