"""``murmur live`` as a process: from Python, from C and from Node."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile

from murmur.cli import main
from murmur.live.events import events_schema

HERE = Path(__file__).parents[1]
SAMPLE = HERE.parent / "samples" / "mitral_regurgitation_severe.wav"
COMMAND = [sys.executable, "-m", "murmur", "live"]


@pytest.fixture(scope="module")
def environment():
    return os.environ | {"PYTHONPATH": str(HERE.parent / "src")}


@pytest.fixture(scope="module")
def pcm():
    samples, rate = soundfile.read(SAMPLE, dtype="int16")
    assert rate == 4000
    return samples.tobytes()


@pytest.fixture(scope="module")
def expected():
    import murmur

    return murmur.analyze(SAMPLE, site="MV").to_dict()


def checked(text):
    """Each line as an event that holds to the schema."""
    validator = jsonschema.Draft202012Validator(events_schema())
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        validator.validate(event)
    return events


def same_but_for_the_path(analysis, expected):
    def unnamed(one):
        return {**one, "info": {**one["info"], "path": "", "patient": ""}}

    return unnamed(analysis) == unnamed(expected)


def test_a_pipe(pcm, expected, environment):
    command = [*COMMAND, "--rate", "4000", "--site", "MV"]
    ended = subprocess.run(command, input=pcm, capture_output=True, check=True, env=environment)
    assert ended.stderr == b""
    events = checked(ended.stdout.decode())
    kinds = {event["event"] for event in events}
    assert {"beat_found", "beat_closed", "rate_changed", "quality_changed", "sign_changed", "beat_averaged"} <= kinds
    assert [event["event"] for event in events].index("finished") == len(events) - 1
    assert same_but_for_the_path(events[-1]["analysis"], expected)


def test_formats_and_channels(pcm, expected, environment):
    samples = np.frombuffer(pcm, dtype="<i2")
    two = np.stack([np.zeros(samples.size), samples / 32768.0], axis=1).astype("<f4").tobytes()
    command = [*COMMAND, "--rate", "4000", "--format", "f32le", "--channels", "2", "--channel", "1", "--site", "MV"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        for start in range(0, len(two), 10_007):  # frames are cut through
            process.stdin.write(two[start : start + 10_007])
            process.stdin.flush()
        out, _ = process.communicate(timeout=60)
    assert same_but_for_the_path(checked(out.decode())[-1]["analysis"], expected)


def test_a_replay(expected, capsys):
    assert main(["live", "--replay", str(SAMPLE), "--speed", "0", "--site", "MV"]) == 0
    assert same_but_for_the_path(checked(capsys.readouterr().out)[-1]["analysis"], expected)


def test_a_replay_knows_whose_and_where_by_the_name(capsys):
    assert main(["live", "--replay", str(SAMPLE.parent / "MR1_Ax.wav"), "--speed", "0", "--patient", "17"]) == 0
    analysis = checked(capsys.readouterr().out)[-1]["analysis"]
    assert (analysis["info"]["patient"], analysis["info"]["site"]) == ("17", "Ax")


def test_a_replay_keeps_its_pace(capsys):
    began = time.monotonic()
    assert main(["live", "--replay", str(SAMPLE), "--speed", "10"]) == 0
    assert time.monotonic() - began >= 1.25  # of 13 s
    capsys.readouterr()


def test_events_come_while_it_runs(pcm, environment):
    with subprocess.Popen(
        [*COMMAND, "--rate", "4000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        process.stdin.write(pcm[: 2 * 4 * 4000])  # four seconds, and no end
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        assert first["event"] == "beat_found"
        process.stdin.close()
        assert json.loads(process.stdout.read().splitlines()[-1])["event"] == "finished"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_all_that_is_to_be_said(pcm, environment, number, code):
    command = [*COMMAND, "--rate", "4000"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        process.stdin.write(pcm[: 2 * 4 * 4000])
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors == b""
    assert json.loads(out.splitlines()[-1])["event"] == "finished"


def test_a_closed_pipe_ends_it_quietly(pcm, environment):
    with subprocess.Popen(
        [*COMMAND, "--rate", "4000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        process.stdin.write(pcm[: 2 * 4 * 4000])
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        with pytest.raises(BrokenPipeError):
            for _ in range(1000):
                process.stdin.write(pcm)
                process.stdin.flush()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--rate is missing"),
        (["--rate", "0"], "must be a number of Hz above 0"),
        (["--rate", "100"], "out of range"),
        (["--rate", "4000", "--channel", "1"], "--channel 1: there are 1, counted from 0"),
        (["--rate", "4000", "--channels", "0"], "must be a whole number, 1 or more"),
        (["--rate", "4000", "--history", "3"], "history_s must be a number of seconds, 10 or more"),
        (["--rate", "4000", "--site", "elbow"], "elbow"),
        (["--replay", "missing.wav"], "missing.wav"),
        (["--replay", "missing.wav", "--rate", "4000"], "omit --rate and --device"),
        (["--replay", "missing.wav", "--speed", "-1"], "must be a number above 0"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    assert main(["live", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_microphone_without_its_package(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["live", "--device", "0"]) == 2
    assert 'pip install "murmur-pcg[live]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("size", "code", "message"),
    [
        (3000, 1, b"the stream"),
        (40_001, 1, b"ends after 1 of the 2 bytes of a frame (1 \xc3\x97 s16le): check --format and --channels"),
    ],
)
def test_what_is_no_stream(pcm, environment, size, code, message):
    ended = subprocess.run([*COMMAND, "--rate", "4000"], input=pcm[:size], capture_output=True, check=False, env=environment)
    assert ended.returncode == code
    assert message in ended.stderr
    last = ended.stdout.splitlines()[-1:]  # what came before is not lost
    assert [json.loads(line)["event"] for line in last] == (["finished"] if size > 16_000 else [])


def test_the_schema(capsys):
    assert main(["schema", "live"]) == 0
    assert json.loads(capsys.readouterr().out) == events_schema()


# from other languages


def from_child(command, pcm, environment, tmp_path):
    (tmp_path / "sound.pcm").write_bytes(pcm)
    command = [*command, str(tmp_path / "sound.pcm"), *COMMAND, "--rate", "4000", "--site", "MV"]
    ended = subprocess.run(command, capture_output=True, check=False, env=environment, timeout=120)
    assert ended.returncode == 0, ended.stderr.decode()
    return checked(ended.stdout.decode())


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node here")
def test_from_node(pcm, expected, environment, tmp_path):
    events = from_child(["node", str(HERE / "live" / "child.mjs")], pcm, environment, tmp_path)
    assert same_but_for_the_path(events[-1]["analysis"], expected)


@pytest.mark.skipif(shutil.which("cc") is None or sys.platform == "win32", reason="no C compiler of POSIX here")
def test_from_c(pcm, expected, environment, tmp_path):
    subprocess.run(["cc", "-O1", "-Wall", "-o", tmp_path / "child", HERE / "live" / "child.c"], check=True)
    events = from_child([str(tmp_path / "child")], pcm, environment, tmp_path)
    assert same_but_for_the_path(events[-1]["analysis"], expected)


@pytest.mark.parametrize("name", ["in_process", "child_process"])
def test_the_examples_run(name, environment):
    command = [sys.executable, "-W", "error", str(HERE.parent / "samples" / "live" / f"{name}.py")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "systolic_timing: holosystolic" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "score 0.90"


def test_nothing_is_compiled_or_loaded_after_the_warm_up(environment):
    """In a process of its own, in which nothing else has been loaded."""
    program = f"""if True:
        import gc
        import murmur, soundfile
        from numba.core.dispatcher import Dispatcher

        def ready():
            kernels = [thing for thing in gc.get_objects() if isinstance(thing, Dispatcher)]
            return {{(k.py_func.__name__, str(s)) for k in kernels for s in k.signatures}}

        murmur.warm_up()
        before = ready()
        samples, rate = soundfile.read({str(SAMPLE)!r}, dtype="int16")
        live = murmur.LiveAnalyzer(rate)
        for start in range(0, len(samples), 400):
            live.push(samples[start : start + 400])
        live.skip(8000)
        assert live.finish().findings.murmur.value == "present"
        assert before and ready() == before, ready() - before
    """
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


class FakeSounddevice:
    """What murmur uses of python-sounddevice: plays a sample on the second of two channels, then Ctrl-C."""

    PortAudioError = OSError

    def __init__(self):
        self.asked = []

    def query_devices(self, device, kind):
        if device != "stethoscope":
            raise ValueError(f"No {kind} device matching {device!r}")
        return {"default_samplerate": 4000.0}

    def InputStream(self, samplerate, blocksize, device, channels, dtype, callback):  # noqa: N802
        self.asked.append((samplerate, blocksize, device, channels, dtype))
        samples, _ = soundfile.read(SAMPLE, dtype="float32")
        frames = np.stack([np.zeros_like(samples), samples], axis=1)

        class Stream:
            def __enter__(self):
                for start in range(0, len(frames), blocksize):
                    callback(frames[start : start + blocksize], blocksize, None, None)
                threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()

            def __exit__(self, *exception):
                pass

        return Stream()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_microphone(monkeypatch, capsys, expected):
    monkeypatch.setitem(sys.modules, "sounddevice", fake := FakeSounddevice())
    assert main(["live", "--device", "stethoscope", "--channels", "2", "--channel", "1", "--site", "MV"]) == 130
    assert fake.asked == [(4000.0, 200, "stethoscope", 2, "float32")]
    assert same_but_for_the_path(checked(capsys.readouterr().out)[-1]["analysis"], expected)
    assert main(["live", "--device", "toaster"]) == 2
    assert "device 'toaster': No input device matching 'toaster'; python -m sounddevice lists" in capsys.readouterr().err
