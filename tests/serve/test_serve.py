"""``murmur serve`` as a process: recordings, live sound, and everyone who should be refused."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

import murmur
from murmur.cli import main
from murmur.findings.registry import SIGNS

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
httpx = pytest.importorskip("httpx")
connect = pytest.importorskip("websockets.sync.client").connect
exceptions = pytest.importorskip("websockets.exceptions")

HERE = Path(__file__).parents[1]
PAGE = Path(murmur.__file__).parent / "serve" / "page"
SAMPLE = HERE.parent / "samples" / "mitral_regurgitation_severe.wav"


@contextmanager
def serving(*options):
    """Give the address of a server with these options, and end it."""
    command = [sys.executable, "-m", "murmur", "serve", "--port", "0", *options]
    environment = os.environ | {"PYTHONPATH": str(HERE.parent / "src")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        told = process.stderr.readline()
        port = re.search(r":(\d+)/", told)
        assert port, told + process.stderr.read()
        try:
            yield f"127.0.0.1:{port[1]}"
        finally:
            process.terminate()
            process.wait(timeout=20)
            assert "Traceback" not in process.stderr.read()


@contextmanager
def serving_here(origins=(), **limits):
    """The same in this process."""
    from murmur.serve.app import make_app
    from murmur.serve.guard import Limits
    from murmur.serve.server import Server

    started, bounds = queue.Queue(), Limits(**limits)
    server = Server(make_app(limits=bounds, origins=origins), "127.0.0.1", 0, bounds, started.put)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"127.0.0.1:{started.get(timeout=20)}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="module")
def server():
    with serving_here() as address:
        yield address


@pytest.fixture(scope="module")
def small():
    with serving_here(["https://clinic.example"], clients=2, upload_mb=1, idle_s=1.0) as address:
        yield address


@pytest.fixture(scope="module")
def pcm():
    samples, rate = soundfile.read(SAMPLE, dtype="int16")
    assert rate == 4000
    return samples.tobytes()


@contextmanager
def begun(address, **words):
    with connect(f"ws://{address}/live", max_size=None) as live:
        live.send(json.dumps({"sample_rate_hz": 4000} | words))
        yield live


def heard(address, pcm, size=800, **words):
    """Send all and read on, as a client does that wants the end."""
    with begun(address, **words) as live:
        for start in range(0, len(pcm), size):
            live.send(pcm[start : start + size])
        live.send(json.dumps({"finish": True}))
        return [json.loads(message) for message in live]


# recordings


def test_a_recording_gets_what_the_library_says_of_it(server):
    answer = httpx.post(f"http://{server}/analyze?site=MV&patient=7", content=SAMPLE.read_bytes(), timeout=60)
    assert answer.status_code == 200
    expected = murmur.analyze(SAMPLE.read_bytes(), site="MV", patient="7").to_dict()
    assert answer.json() == json.loads(json.dumps(expected))


@pytest.mark.parametrize(
    ("query", "body", "headers", "status", "message"),
    [
        ("", b"", {}, 400, "empty"),
        ("", b"RIFF, but nothing else", {}, 400, "not"),
        ("?channel=5", None, {}, 400, "no channel 5"),
        ("?channel=x", None, {}, 400, "channel must be a whole number"),
        ("?site=elbow", None, {}, 400, "elbow"),
        ("", None, {"content-type": "text/html"}, 415, "send a recording as audio/wav"),
        ("", None, {"origin": "http://evil.example"}, 403, "pages of 'http://evil.example' may not ask this server"),
        ("", None, {"origin": "null"}, 403, "pages of 'null'"),
        ("", None, {"host": "evil.example"}, 421, "this server is not 'evil.example'"),
    ],
)
def test_what_is_no_recording_is_refused(server, query, body, headers, status, message):
    content = SAMPLE.read_bytes() if body is None else body
    answer = httpx.post(f"http://{server}/analyze{query}", content=content, headers=headers, timeout=60)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_too_large_a_recording(small):
    answer = httpx.post(f"http://{small}/analyze", content=bytes(2**20 + 1))
    assert (answer.status_code, answer.json()["error"][:14]) == (413, "more than 1 MB")
    pieces = (bytes(2**16) for _ in range(17))  # of no known length
    assert httpx.post(f"http://{small}/analyze", content=pieces).status_code == 413
    assert httpx.post(f"http://{small}/analyze", content=SAMPLE.read_bytes(), timeout=60).status_code == 200


def test_one_of_a_named_page_may_ask(small):
    for origin, status in [("https://clinic.example", 200), (f"http://{small}", 200), ("http://clinic.example", 403)]:
        answer = httpx.post(f"http://{small}/analyze", content=SAMPLE.read_bytes(), headers={"origin": origin}, timeout=60)
        assert answer.status_code == status


def test_the_page_and_what_it_needs(server):
    page = httpx.get(f"http://{server}/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "not a medical device" in page.text
    for path in re.findall(r'(?:href|src)="(/[^"]+)"', page.text):
        assert httpx.get(f"http://{server}{path}").status_code == 200
    assert "://" not in re.sub(r"http://www\.w3\.org/2000/svg", "", page.text)  # nothing from elsewhere
    assert httpx.get(f"http://{server}/page/../app.py").status_code == 404


def test_the_page_knows_every_sign_by_its_title_and_phrases(server):
    answer = httpx.get(f"http://{server}/page/signs.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    known = json.loads(answer.text.removeprefix("export const SIGNS = ").removesuffix(";\n"))
    assert [(sign["name"], sign["title"]) for sign in known] == [(sign.name, sign.title) for sign in SIGNS]
    for sign in known:
        choices = next(s.choices for s in SIGNS if s.name == sign["name"])
        assert {*sign["phrases"], *sign["abnormal"], *sign["unremarkable"]} <= set(choices)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_page_words_findings_by_their_sign(tmp_path):
    """What the page says of a finding, in Node.js."""
    from murmur.serve.app import signs_module

    (tmp_path / "signs.mjs").write_text(signs_module(), "utf-8")
    (tmp_path / "words.mjs").write_text((PAGE / "words.js").read_text("utf-8").replace("signs.js", "signs.mjs"), "utf-8")
    score = "Mitral-regurgitation score"
    cases = [
        (("murmur", "present", 0.46), {"name": "Murmur", "text": "heard", "sure": "46 %", "sign": True}),
        (("murmur", "unknown", 0.3), {"name": "Murmur", "text": "uncertain", "sure": "", "sign": False}),
        (("murmur", "absent", 0.004), {"name": "Murmur", "text": "none heard", "sure": "> 99 %", "sign": False}),
        (("systolic_timing", "holosystolic", 0.8), {"name": "Timing", "text": "pansystolic", "sure": "80 %", "sign": True}),
        (("s1_intensity", "normal", 0.1), {"name": "S1", "text": "normal", "sure": "90 %", "sign": False}),
        (("s2_split", 52.3, 0.9), {"name": "S2 split", "text": "52 ms", "sure": "", "sign": True}),
        (("mitral_regurgitation", 0.25, None), {"name": score, "text": "0.25", "sure": "of 1", "sign": False}),
        (("s3", "absent", 0.1), None),
        (("grade", None, None), None),
    ]
    (tmp_path / "all.mjs").write_text(
        "import { words } from './words.mjs';\n"
        f"console.log(JSON.stringify({json.dumps([case for case, _ in cases])}.map((c) => words(...c))));\n"
    )
    done = subprocess.run(["node", "all.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [expected for _, expected in cases]


def test_the_document_is_a_good_one_and_kept(server):
    """Requests made up from the OpenAPI document get answers that hold to it."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    schema = schemathesis.openapi.from_url(f"http://{server}/openapi.json")
    for operation in schema.get_all_operations():
        strategy = operation.ok().as_strategy()

        @given(case=strategy)
        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def holds(case):
            case.call_and_validate(excluded_checks=[positive_data_acceptance])  # bytes may be no recording

        holds()


# live sound


def test_live_sound_gets_the_events_of_the_library(server, pcm):
    live = murmur.LiveAnalyzer(4000, site="MV")
    samples, _ = soundfile.read(SAMPLE, dtype="int16")
    expected = [json.loads(event.to_json()) for event in live.push(samples)]
    for size in (801, 100_000):
        got = heard(server, pcm, size, site="MV")
        assert got[:-1] == expected
        assert got[-1]["event"] == "finished"
        assert got[-1]["analysis"] == json.loads(murmur.analyze(samples, sample_rate_hz=4000, site="MV").to_json())


def test_lost_samples_are_skipped(server, pcm):
    with begun(server) as live:
        live.send(pcm[:40_000])
        live.send('{"skip": 4000}')
        live.send(pcm[40_000:])
        live.send('{"finish": true}')
        got = [json.loads(message) for message in live]
    lost = [event for event in got if event["event"] == "samples_lost"]
    assert [(event["start_s"], event["end_s"]) for event in lost] == [(5.0, 6.0)]
    assert got[-1]["analysis"]["duration_s"] == 14.0


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        (["nonsense"], "must be a JSON object"),
        (["[1]"], "must be a JSON object"),
        (["[" * 100_000], "must be a JSON object"),
        ([b"\x00\x01"], "must be a JSON object"),
        (["{}"], "sample_rate_hz is missing"),
        (['{"sample_rate_hz": null}'], "sample rate must be a number in Hz"),
        (['{"sample_rate_hz": 1e9}'], "out of range"),
        (['{"sample_rate_hz": 4000, "format": "mp3"}'], "format must be one of u8, s16le, s32le, f32le, not 'mp3'"),
        (['{"sample_rate_hz": 4000, "site": 7}'], "site must be a string, not 7"),
        (['{"sample_rate_hz": 4000, "site": "elbow"}'], "elbow"),
        (['{"sample_rate_hz": 4000, "history_s": 1e9}'], "history_s must be a number up to 3600"),
        (['{"sample_rate_hz": 4000, "rate": 1}'], "unknown field rate; known fields:"),
        (['{"sample_rate_hz": 4000}', '{"skip": -1}'], "samples to skip must be a whole number"),
        (['{"sample_rate_hz": 4000}', '{"skip": 1000000000000}'], "a gap of more than 10 s: start another stream"),
        (['{"sample_rate_hz": 4000}', '{"skip": true}'], 'must be sound, {"skip": samples}, or {"finish": true}'),
        (['{"sample_rate_hz": 4000}', '{"stop": true}'], 'must be sound, {"skip": samples}, or {"finish": true}'),
        (['{"sample_rate_hz": 4000}', '{"finish": true}'], "the stream: too short: no samples (minimum 2 s"),
    ],
)
def test_a_message_that_is_none_ends_the_stream_with_a_reason(server, messages, error):
    with connect(f"ws://{server}/live") as live:
        for message in messages:
            live.send(message)
        told = json.loads(live.recv(timeout=20))
        assert told["event"] == "error"
        assert error in told["message"]
        with pytest.raises(exceptions.ConnectionClosed) as ending:
            live.recv(timeout=20)
    assert ending.value.rcvd.code == 1008


def test_too_large_a_message(server):
    with connect(f"ws://{server}/live") as live:
        live.send('{"sample_rate_hz": 4000}')
        live.send(bytes(2**20))
        with pytest.raises(exceptions.ConnectionClosed) as ending:
            live.recv(timeout=20)
    assert ending.value.rcvd.code == 1009


def test_a_foreign_page_gets_no_stream(server):
    with pytest.raises(exceptions.InvalidStatus) as refusal, connect(f"ws://{server}/live", origin="http://evil.example"):
        pass
    assert refusal.value.response.status_code == 403


def test_a_stream_on_which_nothing_comes_is_ended_and_one_too_many_refused(small, pcm):
    with begun(small) as one, begun(small) as other:
        time.sleep(0.3)
        with pytest.raises(exceptions.InvalidStatus) as refusal, connect(f"ws://{small}/live"):
            pass
        assert refusal.value.response.status_code == 503
        for live in (one, other):
            assert "for 1 s" in json.loads(live.recv(timeout=20))["message"]
    assert heard(small, pcm)[-1]["event"] == "finished"


def test_a_client_that_goes_away_leaves_its_place(small, pcm):
    for _ in range(5):
        with begun(small) as live:
            live.send(pcm[:8000])
            live.socket.close()
        time.sleep(0.1)
    assert heard(small, pcm)[-1]["event"] == "finished"


def test_a_hundred_slow_clients_keep_nobody_from_being_served(server, pcm):
    slow = []
    try:
        host, port = server.split(":")
        for number in range(100):
            client = socket.create_connection((host, int(port)))
            openings = [b"", b"GET / HT", b"POST /analyze HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nRIFF"]
            client.sendall(openings[number % 3] if number % 10 else b"POST /analyze HTTP/1.1\r\nHost:")
            slow.append(client)
        with ThreadPoolExecutor(4) as pool:
            streams = [pool.submit(lambda: heard(server, pcm)) for _ in range(4)]
            assert httpx.get(f"http://{server}/").status_code == 200
            for stream in streams:
                assert stream.result(timeout=60)[-1]["event"] == "finished"
    finally:
        for client in slow:
            client.close()
    for _ in range(50):  # the places of those that had begun to send are free again
        if httpx.post(f"http://{server}/analyze", content=SAMPLE.read_bytes(), timeout=60).status_code == 200:
            break
        time.sleep(0.2)
    else:
        pytest.fail("the slow ones are still in the way")


def test_the_command_serves_until_it_is_stopped(pcm):
    with serving("--clients", "1", "--idle", "5", "--allow-host", "stethoscope.local") as address:
        assert heard(address, pcm)[-1]["event"] == "finished"
        assert httpx.get(f"http://{address}/", headers={"host": "stethoscope.local"}).status_code == 200
        with begun(address), pytest.raises(exceptions.InvalidStatus), connect(f"ws://{address}/live"):
            pass


def test_serving_without_its_packages(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "murmur.serve.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve"]) == 2
    assert 'pip install "murmur-pcg[serve]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--port", "70000"], "0 to 65535"), (["--clients", "0"], "1 or more")],
)
def test_wrong_usage(arguments, message, capsys):
    assert main(["serve", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_port_that_is_taken(server, capsys):
    assert main(["serve", "--port", server.split(":")[1]]) == 1


def test_the_example_runs(server):
    command = [sys.executable, str(HERE.parent / "samples" / "live" / "over_websocket.py"), str(SAMPLE), server]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "systolic_timing: holosystolic" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "score 0.90"
