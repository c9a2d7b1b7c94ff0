"""Files appear whole or not at all, and a folder has one writer."""

import os
import subprocess
import sys

import pytest

from murmur.errors import OutputError
from murmur.io.writing import replacing, sole_writer, write_text, write_whole


def test_a_file_and_a_folder_are_replaced_whole(tmp_path):
    write_text(tmp_path / "a.txt", "one\r\n")
    write_text(tmp_path / "a.txt", "two\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"two\r\n"
    for name in ("first", "second"):
        write_whole(tmp_path / "folder", lambda path, name=name: (path.mkdir(), (path / name).touch()))
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["second"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "folder"]


def test_an_error_leaves_what_was_there(tmp_path):
    write_text(tmp_path / "a.txt", "before")

    def fail(path):
        path.write_text("half")
        raise OSError(28, os.strerror(28))

    with pytest.raises(OutputError, match=r"a\.txt: can't be written: No space left"):
        write_whole(tmp_path / "a.txt", fail)
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        1 / 0  # noqa: B018
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / ".a.txt.tmp").mkdir()
    (tmp_path / ".a.txt.old").touch()
    write_text(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_has_one_writer_until_it_ends_however_it_ends(tmp_path):
    program = (
        "import pathlib, sys, time; from murmur.io.writing import sole_writer; "
        "lock = sole_writer(pathlib.Path(sys.argv[1])); lock.__enter__(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        message = rf"another run is writing to this folder \(process {holder.pid}\)"
        with pytest.raises(OutputError, match=message), sole_writer(tmp_path):
            pass
        holder.kill()
    with sole_writer(tmp_path):
        pass
    assert not list(tmp_path.iterdir())
