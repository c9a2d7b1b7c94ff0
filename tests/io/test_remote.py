"""Recordings elsewhere: a real S3 server on loopback, a web server, an archive; the same tables as from the folder."""

import csv
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial
from pathlib import Path

import pytest
import soundfile

import murmur
from murmur.batch import find_inputs, run
from murmur.errors import AudioFormatError, MissingFileError, ParameterError
from murmur.io.remote import is_remote

pytest.importorskip("fsspec")

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with recordings of two patients, hidden ones, and others that are none."""
    home = tmp_path_factory.mktemp("here") / "recordings"
    samples, rate = soundfile.read(SAMPLES / "MR1_MV.wav", dtype="int16")
    for number, name in enumerate(("a/1_AV.wav", "a/1_MV.wav", "b/2_MV.flac", "b/herz 心.wav", ".hidden/3_MV.wav")):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(home / name, samples[400 * number : 400 * number + 5 * rate], rate)
    (home / "b" / "none.wav").write_bytes(b"RIFF")
    (home / "notes.txt").write_text("no recording")
    return home


def tables(out, *roots):
    """Tables as lists of rows, with paths below what they were named by."""
    found = {}
    for name in ("recordings", "cycles", "patients"):
        if not (out / f"{name}.csv").exists():
            continue
        with (out / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file))
        for row in found[name]:
            for root in roots:
                if "path" in row:
                    row["path"] = row["path"].replace(root, "")
                    row["error"] = row.get("error", "").replace(root, "")
    return found


@pytest.fixture(scope="module")
def from_here(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("from_here")
    assert run([folder], out, jobs=1).total == 5
    return tables(out, f"{folder}/")


def segments(out):
    return sorted(path.relative_to(out / "segments").as_posix() for path in (out / "segments").rglob("*.tsv"))


# --- S3 ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(folder):
    """Give the environment in which a bucket "heart" on loopback holds the folder."""
    pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 60
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < until
            time.sleep(0.1)
        fill = "import s3fs, sys; f = s3fs.S3FileSystem(); f.mkdir('heart'); f.put(sys.argv[1], 'heart/', recursive=True)"
        subprocess.run([sys.executable, "-c", fill, str(folder)], env=environment, check=True, capture_output=True)
        yield environment
    finally:
        server.kill()
        server.wait()


def analyze(environment, *arguments):
    command = [sys.executable, "-m", "murmur", "analyze", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_same_tables_from_s3_as_from_the_folder(s3, tmp_path, from_here, jobs):
    done = analyze(s3, "s3://heart/recordings", "-o", tmp_path, "--jobs", jobs)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert tables(tmp_path, "s3://heart/recordings/") == from_here
    assert segments(tmp_path) == ["a/1_AV.tsv", "a/1_MV.tsv", "b/2_MV.tsv", "b/herz 心.tsv"]
    again = analyze(s3, "s3://heart/recordings", "-o", tmp_path, "--jobs", jobs)
    assert "5 of them from an earlier run" in again.stderr


def test_globs_and_single_objects_in_s3(s3, tmp_path, from_here):
    done = analyze(s3, "s3://heart/recordings/*/1_*.wav", "s3://heart/recordings/b/2_MV.flac", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    paths = [row["path"].removeprefix("s3://heart/recordings/") for row in tables(tmp_path)["recordings"]]
    assert paths == ["a/1_AV.wav", "a/1_MV.wav", "b/2_MV.flac"]


def test_a_manifest_of_s3(s3, tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text("path,patient,site\ns3://heart/recordings/a/1_AV.wav,x,MV\ns3://heart/gone.wav,y,\n")
    done = analyze(s3, "--manifest", manifest, "-o", tmp_path / "out")
    assert done.returncode == 1
    rows = tables(tmp_path / "out")["recordings"]
    assert [(row["patient"], row["site"], row["status"]) for row in rows] == [("x", "MV", "ok"), ("y", "", "failed")]
    assert "no such file" in rows[1]["error"]


def test_a_bucket_that_is_not_there(s3, tmp_path):
    done = analyze(s3, "s3://none/such", "-o", tmp_path)
    assert done.returncode == 1
    (row,) = tables(tmp_path)["recordings"]
    assert row["status"] == "failed"
    assert "Traceback" not in done.stderr


def test_a_server_that_is_not_there(s3, tmp_path):
    away = s3 | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = analyze(away, "s3://heart/recordings", "-o", tmp_path)
    assert done.returncode == 1
    (row,) = tables(tmp_path)["recordings"]
    assert "can't be listed" in row["error"]


# --- archives, web servers --------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("zip") / "recordings.zip"
    with zipfile.ZipFile(place, "w") as file:
        for path in sorted(folder.rglob("*.*")):
            if path.is_file():
                file.write(path, path.relative_to(folder))
    return place


def test_the_same_tables_from_an_archive(archive, tmp_path, from_here):
    assert run([archive], tmp_path / "out", jobs=1).total == 5
    found = tables(tmp_path / "out", "zip://", f"::{archive}")
    assert found == from_here
    assert segments(tmp_path / "out") == ["a/1_AV.tsv", "a/1_MV.tsv", "b/2_MV.tsv", "b/herz 心.tsv"]
    assert run([archive], tmp_path / "out", jobs=1).kept == 5
    # another file of the same name and size in it
    shutil.copy(archive, tmp_path / "other.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "new.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read("a/1_MV.wav" if name == "a/1_AV.wav" else name))
    run([tmp_path / "other.zip"], tmp_path / "out", jobs=1)
    shutil.copy(tmp_path / "new.zip", tmp_path / "other.zip")
    assert run([tmp_path / "other.zip"], tmp_path / "out", jobs=1).kept == 4


def test_one_file_of_an_archive(folder, archive):
    (item,) = find_inputs([f"zip://b/2_MV.flac::{archive}"])
    assert (item.info.patient, item.info.site) == ("2", "MV")
    there, here = murmur.analyze(item.info.path), murmur.analyze(folder / "b" / "2_MV.flac")
    assert there.info.path == item.info.path
    assert there.info.patient == "2"
    assert {**there.to_dict(), "info": None} == {**here.to_dict(), "info": None}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_web_server(folder, tmp_path):
    pytest.importorskip("aiohttp")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            done = analyze(os.environ, f"{url}/a/1_MV.wav?signed=1", f"{url}/gone.wav", "-o", tmp_path)
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 1
    rows = tables(tmp_path)["recordings"]
    assert [(row["patient"], row["site"], row["status"]) for row in rows] == [("1", "MV", "ok"), ("", "", "failed")]


# --- what can't be ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "remote"), [("s3://b/x.wav", True), ("zip://a.wav::x.zip", True), ("C:\\x.wav", False), ("a//b.wav", False)]
)
def test_what_is_a_url(path, remote):
    assert is_remote(path) == remote


def test_urls_nobody_knows(tmp_path):
    with pytest.raises(ParameterError, match="spam"):
        murmur.analyze("spam://x.wav")
    with pytest.raises(ParameterError, match="spam"):
        run(["spam://x"], tmp_path)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ParameterError, match=r"s3:// needs pip install 'murmur-pcg\[remote\]'"):
        murmur.load("s3://bucket/x.wav")


def test_what_is_not_in_an_archive(archive, tmp_path):
    with pytest.raises((MissingFileError, AudioFormatError)):
        murmur.load(f"zip://gone.wav::{archive}")
    with pytest.raises((MissingFileError, AudioFormatError, ParameterError)):
        murmur.load(f"zip://gone.wav::{tmp_path}/gone.zip")
