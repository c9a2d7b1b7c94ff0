"""Downloads from a server on this machine, with good manners and bad ones."""

import errno
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.loopback import serving, write_sums
from tests.published import make_cinc2016, make_circor

import murmur
from murmur.cli import main
from murmur.cli.bars import Bar
from murmur.cli.datasets import _show
from murmur.datasets import download as downloads
from murmur.datasets import get, transfer
from murmur.datasets.bmdhs import BMDHS, BmdHs
from murmur.datasets.cinc2016 import CINC2016
from murmur.datasets.circor import CIRCOR
from murmur.datasets.download import FetchProgress
from murmur.datasets.listing import Listed, choose, read_git_tree, read_sums
from murmur.errors import DownloadError, OutputError, ParameterError

WAV = "training_data/101_AV.wav"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = make_circor(tmp_path_factory.mktemp("host"))
    write_sums(folder)
    return folder


@pytest.fixture
def host(published, tmp_path):
    """The set on a server of its own, which a test may spoil."""
    home = tmp_path / "host"
    shutil.copytree(published, home)
    with serving(home) as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transfer, "PAUSE_S", 0.01)
    monkeypatch.setattr(transfer, "TIMEOUT_S", (2.0, 1.0))


def same(folder, published):
    """Whether a folder holds what was published, and nothing else."""
    files = {p.relative_to(published): p.read_bytes() for p in published.rglob("*") if p.is_file()}
    assert {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == files
    return True


# --- all goes well ----------------------------------------------------------------------


def test_a_whole_set_comes_and_can_be_read(host, published, tmp_path):
    heard = []
    done = get("circor", tmp_path / "here", mirror=host.url, progress=heard.append)
    assert same(tmp_path / "here", published)
    size = sum(p.stat().st_size for p in published.rglob("*") if p.is_file() and p.name != "SHA256SUMS.txt")
    assert (done.fetched, done.kept, done.size) == (14, 0, size)
    assert heard[-1] == FetchProgress(14, 14, 0, 0, size)
    assert len(murmur.datasets.open("circor", tmp_path / "here")) == 6
    assert max(host.asked.values()) == 1


def test_what_is_here_is_not_fetched_again(host, published, tmp_path):
    get("circor", tmp_path / "here", mirror=host.url)
    host.asked.clear()
    (tmp_path / "here" / WAV).write_bytes(b"something else")
    (tmp_path / "here" / "LICENSE.txt").unlink()
    done = get("circor", tmp_path / "here", mirror=host.url.rstrip("/"))
    assert (done.fetched, done.kept) == (2, 12)
    assert host.asked == {"SHA256SUMS.txt": 1, WAV: 1, "LICENSE.txt": 1}
    assert same(tmp_path / "here", published)


def test_names_that_a_url_must_spell(tmp_path):
    home = tmp_path / "host"
    (home / "a b").mkdir(parents=True)
    (home / "a b" / "ä#1 %.txt").write_text("x")
    (home / "training_data.csv").write_text("y")
    write_sums(home)
    with serving(home) as server:
        get("circor", tmp_path / "here", mirror=server.url)
    assert (tmp_path / "here" / "a b" / "ä#1 %.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("only", "files"),
    [
        (["*103*.wav"], {"training_data/103_PV.wav", "training_data/103_Phc.wav", "training_data.csv", "LICENSE.txt"}),
        (["training_data/101_AV*"], {WAV, "training_data/101_AV.tsv", "training_data.csv", "LICENSE.txt"}),
        ("LICENSE.txt", {"LICENSE.txt", "training_data.csv"}),
    ],
)
def test_only_some(host, tmp_path, only, files):
    get("circor", tmp_path, mirror=host.url, only=only)
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert {p for p in there if not p.startswith("host/")} == files | {"SHA256SUMS.txt"}


def test_copies_and_archives_are_left_out_unless_asked_for(tmp_path):
    home = make_cinc2016(tmp_path / "host")
    (home / "training.zip").write_bytes(b"PK")
    (home / "papers").mkdir()
    (home / "papers" / "one.pdf").write_bytes(b"%PDF")
    write_sums(home)
    listed = read_sums((home / "SHA256SUMS.txt").read_text(), "x")
    usual = {item.path for item in choose(listed, (), CINC2016.origin)}
    assert usual == {item.path for item in listed if item.path.startswith(("training-", "LICENSE"))}
    asked = {item.path for item in choose(listed, ("validation/*",), CINC2016.origin)}
    assert asked == {"validation/a0002.wav", "validation/REFERENCE.csv", "LICENSE.txt"}
    part = {item.path for item in choose(listed, ("training-b/*.wav",), CINC2016.origin)}
    assert part == {"training-b/b0001.wav", "training-b/REFERENCE.csv", "training-b/REFERENCE-SQI.csv", "LICENSE.txt"}


def test_a_set_on_github(tmp_path, monkeypatch):
    """The list is git's: blob ids, checked as git makes them."""
    home = tmp_path / "host"
    (home / "files" / "train").mkdir(parents=True)
    contents = {"train.csv": b"a table", "train/N_001_sit_Mit.wav": b"sound" * 5000}
    tree = [{"path": "train", "type": "tree", "sha": "0" * 40}]
    for path, content in contents.items():
        (home / "files" / path).write_bytes(content)
        sha = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        tree.append({"path": path, "type": "blob", "sha": sha, "size": len(content)})
    (home / "tree.json").write_text(json.dumps({"sha": "1" * 40, "tree": tree, "truncated": False}))
    with serving(home) as server:
        origin = replace(BMDHS.origin, files=f"{server.url}files/", listing=f"{server.url}tree.json?recursive=1")
        monkeypatch.setattr(BmdHs, "about", replace(BMDHS, origin=origin))
        assert get("bmdhs", tmp_path / "here").fetched == 2
        assert get("bmdhs", tmp_path / "here").kept == 2
        (home / "files" / "train.csv").write_bytes(b"another")
        (tmp_path / "here" / "train.csv").unlink()
        with pytest.raises(DownloadError, match=r"train\.csv: the file at .* differs from the published one"):
            get("bmdhs", tmp_path / "here")
    assert {p.name for p in (tmp_path / "here").rglob("*") if p.is_file()} == {"N_001_sit_Mit.wav"}


def test_git_agrees_on_the_blobs_id(tmp_path):
    place = tmp_path / "x"
    place.write_bytes(b"hello\n")
    assert Listed("x", "", "git").digest_of(place) == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object


# --- cut, refused, changed --------------------------------------------------------------


def test_a_cut_body_goes_on_where_it_was(host, published, tmp_path):
    host.manners.cut_after[WAV] = [8192, 8192]
    done = get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)
    first, second, third = host.headers_of[WAV]
    assert "Range" not in first
    assert second["Range"] == "bytes=8192-"
    assert third["Range"] == "bytes=16384-"
    assert second["If-Range"] == third["If-Range"] == f'"{hashlib.md5((published / WAV).read_bytes()).hexdigest()}"'
    assert done.size == sum(p.stat().st_size for p in published.rglob("*") if p.is_file() and p.name != "SHA256SUMS.txt")


@pytest.mark.parametrize("marks", ["date", "weak", "none"])
def test_other_marks_of_a_version(host, published, tmp_path, marks):
    host.manners.marks = marks
    host.manners.cut_after[WAV] = [8192]
    get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)
    second = host.headers_of[WAV][1]
    assert second["Range"] == "bytes=8192-"
    assert second.get("If-Range", "").startswith("day ") == (marks == "date")


def test_a_server_without_ranges_begins_anew(host, published, tmp_path):
    host.manners.ranges = False
    host.manners.cut_after[WAV] = [8192, 12000]
    get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)
    assert host.asked[WAV] == 3


def test_a_server_that_always_cuts_at_the_same_place_is_given_up(host, tmp_path):
    host.manners.ranges = False
    host.manners.cut_after[WAV] = [8192] * 100
    with pytest.raises(DownloadError, match=rf"{WAV}: the connection was interrupted, 5 times in a row"):
        get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 5
    assert (tmp_path / "here" / f"{WAV}.part").stat().st_size == 8192


def test_one_that_cuts_often_but_goes_on_is_not_given_up(host, published, tmp_path):
    host.manners.cut_after[WAV] = [8192 + 10] * 2 + [0, 0, 0]
    get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)


def test_a_part_of_another_version_is_not_gone_on_with(host, published, tmp_path):
    (tmp_path / "here" / "training_data").mkdir(parents=True)
    part = tmp_path / "here" / f"{WAV}.part"
    part.write_bytes(b"of an earlier version")
    part.with_name(f"{part.name}.tag").write_text('"earlier"')
    get("circor", tmp_path / "here", mirror=host.url)
    assert host.headers_of[WAV][0]["If-Range"] == '"earlier"'
    assert host.asked[WAV] == 1
    assert same(tmp_path / "here", published)


def test_a_part_that_fits_nothing_is_thrown_away(host, published, tmp_path):
    """No mark of its version: only the checksum tells."""
    (tmp_path / "here" / "training_data").mkdir(parents=True)
    (tmp_path / "here" / f"{WAV}.part").write_bytes(b"something else")
    get("circor", tmp_path / "here", mirror=host.url)
    assert [h.get("Range") for h in host.headers_of[WAV]] == ["bytes=14-", None]
    assert same(tmp_path / "here", published)


def test_a_part_longer_than_the_file_is_thrown_away(host, published, tmp_path):
    (tmp_path / "here" / "training_data").mkdir(parents=True)
    (tmp_path / "here" / f"{WAV}.part").write_bytes(bytes(100_000))
    get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)


def test_a_whole_part_only_gets_its_name(host, published, tmp_path):
    """As one has it that was killed before the last step."""
    (tmp_path / "here" / "training_data").mkdir(parents=True)
    shutil.copy(published / WAV, tmp_path / "here" / f"{WAV}.part")
    get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 0
    assert same(tmp_path / "here", published)


def test_a_part_that_begins_elsewhere_is_not_joined(host, published, tmp_path):
    host.manners.wrong_range = True
    host.manners.cut_after[WAV] = [8192]
    get("circor", tmp_path / "here", mirror=host.url)
    assert [h.get("Range") for h in host.headers_of[WAV]] == [None, "bytes=8192-", None]
    assert same(tmp_path / "here", published)


def test_a_server_that_announces_no_length(host, published, tmp_path):
    host.manners.lengths = False
    host.manners.cut_after[WAV] = [8192]  # which looks like the end: only the checksum tells
    get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)


def test_a_server_that_is_busy_is_asked_again(host, published, tmp_path):
    host.manners.statuses = {WAV: [503, 500, 429], "SHA256SUMS.txt": [502]}
    get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 4
    assert same(tmp_path / "here", published)


def test_a_server_that_asks_for_patience_gets_it(host, tmp_path):
    host.manners.statuses = {"SHA256SUMS.txt": [503]}
    host.manners.retry_after = "1"
    began = time.monotonic()
    get("circor", tmp_path / "here", mirror=host.url, only="LICENSE.txt")
    assert time.monotonic() - began >= 1.0


def test_a_server_that_stays_busy_is_given_up_and_the_rest_comes(host, published, tmp_path):
    host.manners.statuses = {WAV: [503] * 100}
    with pytest.raises(
        DownloadError, match=r"1 of 14 files can't be fetched; .*\n  .*101_AV\.wav: the server answered 503 Service"
    ):
        get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 5
    host.manners.statuses = {}
    assert get("circor", tmp_path / "here", mirror=host.url).kept == 13
    assert same(tmp_path / "here", published)


def test_a_file_that_is_not_there_is_told_by_name(host, tmp_path):
    (host.home / WAV).unlink()
    with pytest.raises(DownloadError, match=rf"1 of 14 .*\n.*{WAV}: the server answered 404"):
        get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 1
    assert not (tmp_path / "here" / WAV).exists()


def test_many_files_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "FAILURES_IN_A_ROW", 8)
    home = tmp_path / "host"
    home.mkdir()
    (home / "SHA256SUMS.txt").write_text("".join(f"{'0' * 64}  {n:02d}.wav\n" for n in range(30)))
    with (
        serving(home) as server,
        pytest.raises(
            DownloadError, match=r"8 of 30 files can't be fetched; 22 more were not tried.*\n.*00\.wav(.*\n)+  and 3 more"
        ),
    ):
        get("circor", tmp_path / "here", mirror=server.url, jobs=1)


def test_a_server_that_lies_is_asked_once_more(host, published, tmp_path):
    host.manners.lies[WAV] = [b"another sound"]
    get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 2
    assert same(tmp_path / "here", published)


def test_a_server_that_goes_on_lying_is_not_believed(host, tmp_path):
    size = (host.home / WAV).stat().st_size
    host.manners.lies[WAV] = [bytes(size)] * 9
    with pytest.raises(DownloadError, match=rf"{WAV}: the file at http.* differs from the published one .* --mirror"):
        get("circor", tmp_path / "here", mirror=host.url)
    assert host.asked[WAV] == 2
    assert not list((tmp_path / "here").rglob("101_AV.wav*"))


def test_a_server_that_falls_silent_is_asked_again(host, published, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUT_S", (1.0, 0.3))
    host.manners.slowly = threading.Event()
    timer = threading.Timer(0.8, host.manners.slowly.set)
    timer.start()
    get("circor", tmp_path / "here", mirror=host.url, only="*101_AV.wav")
    assert (tmp_path / "here" / WAV).read_bytes() == (published / WAV).read_bytes()
    assert host.asked[WAV] >= 2
    timer.join()


def test_no_server_at_all(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(DownloadError, match=r"SHA256SUMS\.txt: the connection was refused, 5 times in a row"):
        get("circor", tmp_path / "here", mirror=url)
    assert not (tmp_path / "here").exists()


# --- what is list rejected ----------------------------------------------------------------

SUM = "a" * 64


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a//b",
        "C:/x",
        "C:x",
        "a\\..\\x",
        "\\\\host\\x",
        "a/",
        ".",
        "..",
        "a/./b",
        "x\x07",
        "./../x",
    ],
)
def test_a_list_that_leads_out_of_the_folder_is_refused(path, tmp_path):
    with pytest.raises(DownloadError, match=r"line 2: .* leads out of the folder"):
        read_sums(f"{SUM}  fine.txt\n{SUM}  {path}\n", "the list")
    with pytest.raises(DownloadError, match="leads out of the folder"):
        read_git_tree(json.dumps({"tree": [{"path": path, "type": "blob", "sha": "1"}]}), "the tree")
    home = tmp_path / "host"
    home.mkdir()
    (home / "SHA256SUMS.txt").write_text(f"{SUM}  fine.txt\n{SUM}  {path}\n")
    with serving(home) as server, pytest.raises(DownloadError, match="list rejected"):
        get("circor", tmp_path / "here", mirror=server.url)
    assert not (tmp_path / "here").exists()


def test_a_list_as_physionet_and_sha256sum_write_it():
    listed = read_sums(f"{SUM} a.txt\n\n{SUM.upper()} *b/c d.wav\n{'b' * 64}  ./a.txt\n", "x")
    assert listed == [Listed("a.txt", "b" * 64), Listed("b/c d.wav", SUM)]


@pytest.mark.parametrize("line", ["<!DOCTYPE html>", f"{SUM[:-1]}  a.txt", SUM, f"{SUM}a.txt", f"SHA256 (a.txt) = {SUM}"])
def test_a_list_that_is_none(line):
    with pytest.raises(DownloadError, match="the list: line 1: not a SHA-256 and a path"):
        read_sums(f"{line}\n", "the list")


@pytest.mark.parametrize("text", ["<html>", "{}", "[]", '{"tree": [{"path": "x"}]}', '{"tree": 1}', "null"])
def test_a_tree_that_is_none(text):
    with pytest.raises(DownloadError, match="not a git tree"):
        read_git_tree(text, "the tree")


def test_a_tree_that_is_cut_short():
    with pytest.raises(DownloadError, match="truncated"):
        read_git_tree('{"tree": [], "truncated": true}', "the tree")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"mirror": "ftp://host/"}, "must be a URL that begins with http"),
        ({"mirror": "file:///etc/"}, "must be a URL that begins with http"),
        ({"jobs": 0}, "jobs must be a whole number, 1 or more, not 0"),
        ({"only": "nothing*"}, r"circor: no file matches 'nothing\*': the first file is LICENSE\.txt"),
    ],
)
def test_arguments_out_of_range(host, tmp_path, options, reason):
    with pytest.raises(ParameterError, match=reason):
        get("circor", tmp_path / "here", **({"mirror": host.url} | options))
    assert not (tmp_path / "here").exists()


def test_a_url_that_is_none(tmp_path):
    with pytest.raises(DownloadError, match="http://"):
        get("circor", tmp_path / "here", mirror="http://[")


def test_an_empty_list(host, tmp_path):
    (host.home / "SHA256SUMS.txt").write_text("")
    with pytest.raises(ParameterError, match=r"no file matches .*SHA256SUMS\.txt lists no files"):
        get("circor", tmp_path / "here", mirror=host.url)


# --- here -------------------------------------------------------------------------------


def writing_to_the_part(write):
    """Path.open, but what is written to one part goes through `write`."""
    opened = Path.open

    def open_(self, mode="r", *arguments, **options):
        file = opened(self, mode, *arguments, **options)
        if self.name != "101_AV.wav.part" or "a" not in mode:
            return file

        class Watched:
            def __enter__(self):
                return self

            def __exit__(self, *ending):
                file.close()

            def write(self, block):
                return write(file, block)

        return Watched()

    return open_


def test_a_disk_that_takes_a_part_only(host, published, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "open", writing_to_the_part(lambda file, block: file.write(block[:1000])))
    get("circor", tmp_path / "here", mirror=host.url)
    monkeypatch.undo()
    assert host.asked[WAV] == 1
    assert same(tmp_path / "here", published)


def test_a_full_disk_ends_it_and_is_told(host, published, tmp_path, monkeypatch):
    def full(file, block):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", writing_to_the_part(full))
        with pytest.raises(OutputError, match=rf"{WAV}: the disk is full: make room, and the same command continues"):
            get("circor", tmp_path / "here", mirror=host.url)
    get("circor", tmp_path / "here", mirror=host.url)
    assert same(tmp_path / "here", published)


def test_a_place_that_can_not_be_written(host, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file: can't be written"):
        get("circor", tmp_path / "file", mirror=host.url)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "training_data").write_text("")  # where a folder should be
    with pytest.raises(OutputError, match="can't be written"):
        get("circor", tmp_path / "here", mirror=host.url)


def test_one_download_at_a_time(host, tmp_path):
    host.manners.slowly = threading.Event()
    first = threading.Thread(target=get, args=("circor", tmp_path / "here"), kwargs={"mirror": host.url, "jobs": 1})
    first.start()
    while not (tmp_path / "here" / f"{WAV}.part").exists():
        time.sleep(0.01)
    try:
        with pytest.raises(OutputError, match="another run is writing to this folder"):
            get("circor", tmp_path / "here", mirror=host.url)
    finally:
        host.manners.slowly.set()
        first.join()


# --- the command ------------------------------------------------------------------------


def test_the_command_tells_the_licence_first(host, published, tmp_path, capsys):
    command = ["datasets", "get", "circor", str(tmp_path / "here"), "--mirror", host.url, "--jobs", "2"]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0].startswith("CirCor DigiScope")
    assert lines[1].startswith("Licence: the Open Data Commons Attribution License")
    assert lines[2].startswith("Cite: Oliveira")
    assert lines[3].startswith("14 files fetched (0.1 MB): ")
    assert same(tmp_path / "here", published)
    assert main(command) == 0
    assert "0 files fetched (0.0 MB), 14 unchanged" in capsys.readouterr().err
    assert main([*command, "-q"]) == 0
    assert capsys.readouterr().err == ""
    host.manners.statuses = {"SHA256SUMS.txt": [404]}
    assert main(command) == 1
    assert "the server answered 404" in capsys.readouterr().err
    assert main([*command, "--only", "nothing"]) == 2
    assert main(["datasets", "get", "circor", str(tmp_path / "here"), "--jobs", "0"]) == 2


def test_the_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Bar("fetching") as bar:
        _show(bar, FetchProgress(1, 3, size=1_500_000))
        _show(bar, FetchProgress(3, 3, failed=1, size=2_500_000))
    told = capsys.readouterr().err
    assert "fetching" in told
    assert "3/3" in told
    assert "2.5 MB" in told
    assert "1 failed" in told


def test_ctrl_c_leaves_what_the_same_command_goes_on_with(host, published, tmp_path):
    host.manners.slowly = threading.Event()
    here = tmp_path / "here"
    command = [sys.executable, "-m", "murmur", "datasets", "get", "circor", str(here), "--mirror", host.url, "--jobs", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    part = here / f"{WAV}.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size >= 8192) and time.monotonic() < deadline:
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=30)[1]
    assert time.monotonic() - began < 10.0  # though the server says nothing
    assert process.returncode == 130
    assert "stopped; the same command continues from there" in told
    assert not (here / WAV).exists()
    have = part.stat().st_size
    assert 8192 <= have < (published / WAV).stat().st_size
    assert not (here / ".murmur.lock").exists()
    host.manners.slowly.set()
    host.headers_of.clear()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "All checksums match" in done.stderr
    assert host.headers_of[WAV][0]["Range"] == f"bytes={have}-"
    assert same(here, published)


def test_killed_it_goes_on(host, published, tmp_path):
    host.manners.slowly = threading.Event()
    here = tmp_path / "here"
    command = [sys.executable, "-m", "murmur", "datasets", "get", "circor", str(here), "--mirror", host.url, "-q"]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 30
    while not list(here.rglob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert list(here.rglob("*.part"))
    host.manners.slowly.set()
    get("circor", here, mirror=host.url)
    assert {p.name for p in here.rglob("*") if p.is_file()} - {p.name for p in published.rglob("*")} <= {".murmur.lock"}


def test_the_origins_are_those_of_the_hosts():
    for about in (CIRCOR, CINC2016):
        assert about.origin.files.startswith("https://physionet.org/files/")
        assert about.origin.listing == f"{about.origin.files}SHA256SUMS.txt"
