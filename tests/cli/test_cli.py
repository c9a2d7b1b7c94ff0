"""The command as people run it: a process with arguments, output, exit code."""

import csv
import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile

import murmur
from murmur.cli import main
from murmur.cli.parser import COMMANDS, DISCLAIMER, make_parser
from murmur.formats.circor import read_segments

SAMPLES = Path(__file__).parents[2] / "samples"
SOURCE = str(Path(murmur.__file__).parent.parent)


def environment(**more):
    path = os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"} | more


def run(*arguments, cwd=None, stdin=None, **more):
    return subprocess.run(
        [sys.executable, "-m", "murmur", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        cwd=cwd,
        input=stdin,
        env=environment(**more),
        check=False,
    )


def table(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give two sites of one patient, a folder below with a name of its own, and a file that is no audio."""
    home = tmp_path_factory.mktemp("cli")
    for name, target in (
        ("MR1_AV", "MR1_AV.wav"),
        ("MR1_MV", "MR1_MV.wav"),
        ("normal", "sub folder/ein ö 心.wav"),
    ):
        samples, rate = soundfile.read(SAMPLES / f"{name}.wav", dtype="int16")
        (home / target).parent.mkdir(exist_ok=True)
        soundfile.write(home / target, samples[: 6 * rate], rate)
    (home / "list.wav").write_text("milk\n", encoding="utf-8")
    return home


def test_the_process_ends_with_its_code_and_leaves_nothing_undone(tmp_path):
    code = (
        "import atexit, pathlib, sys; from murmur.__main__ import run; "
        "atexit.register(lambda: pathlib.Path('left').write_text('undone')); print('first', end=''); "
        "sys.argv = ['murmur', 'analyze', 'none.wav']; run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.startswith("firstnone.wav")
    assert (tmp_path / "left").read_text() == "undone"


# --- what needs no analysis -------------------------------------------------------------


def test_help_is_light_and_says_first_what_murmur_is_not():
    code = (
        "import sys; from murmur.cli import main; code = main(['--help']); "
        "heavy = {'numpy', 'scipy', 'numba', 'librosa', 'soundfile', 'rich', 'concurrent.futures'}; "
        "print(sorted(heavy & set(sys.modules)), code)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True, timeout=60
    ).stdout.splitlines()
    assert told[0] == DISCLAIMER == "For research and education, not a medical device."
    assert told[-1] == "[] 0"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_begins_so(command, capsys):
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == DISCLAIMER
    assert command in make_parser().format_help()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: murmur"),
        (["bogus"], "invalid choice"),
        (["analyze"], "nothing to analyze"),
        (["analyze", "x.wav", "--dask", "tcp://x:1", "--jobs", "2"], "--jobs and --memory apply to local worker processes"),
        (["analyze", "x.wav", "--jobs", "0"], "whole number, 1 or more"),
        (["analyze", "x.wav", "--jobs", "two"], "whole number, 1 or more"),
        (["analyze", "x.wav", "--channel", "-1"], "whole number, 0 or more"),
        (["analyze", "x.wav", "--site", "knee"], "unknown site 'knee'"),
        (["analyze", "x.wav", "--set", "spam=1"], "NAME one of murmur_cost_present"),
        (["analyze", "x.wav", "--set", "least_cycles"], "must be NAME=VALUE"),
        (["analyze", "x.wav", "--set", "least_cycles=2.5"], "least_cycles must be a whole number"),
        (["analyze", "x.wav", "--set", "least_quality=high"], "least_quality must be a number"),
        (["analyze", "x.wav", "--set", "least_quality=7"], "must lie in"),
        (["analyze", "--manifest", "none.csv"], "none.csv: the manifest can't be read"),
        (["analyze", "x.wav", "--models", "."], "no such model"),
        (["analyze", "x.wav", "--wrong"], "unrecognized arguments: --wrong"),
        (["analyze", "x.wav", "--timeout", "0"], "seconds above 0"),
        (["analyze", "x.wav", "--timeout", "soon"], "seconds above 0"),
        (["analyze", "x.wav", "--memory", "0"], "whole number, 1 or more"),
        (["analyze", "x.wav", "--format", "xlsx"], "invalid choice: 'xlsx'"),
        (["analyze", "x.wav", "--progress", "loud"], "invalid choice: 'loud'"),
        (["export"], "required: OUT"),
        (["export", "."], "holds no murmur.sqlite"),
        (["segment"], "required: FILE"),
    ],
)
def test_wrong_usage_is_2_and_told_on_stderr(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in " ".join(captured.err.split())
    assert "Traceback" not in captured.err


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"murmur {murmur.__version__}\n"
    assert main(["version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"murmur {murmur.__version__}"
    assert any(line.startswith("numba ") for line in lines)


def test_warm_up(capsys):
    assert main(["warm-up"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "warm after" in captured.err


# --- analyze: what is heard -------------------------------------------------------------


def test_without_output_it_is_told_in_plain_text(folder):
    ended = run("analyze", folder, folder / "gone.wav")
    assert ended.returncode == 1
    assert ended.stderr == ""
    told = ended.stdout
    for name in ("MR1_AV.wav", "MR1_MV.wav", "ein ö 心.wav", "list.wav", "gone.wav"):
        assert sum(line.endswith(name) for line in told.splitlines()) == 1
    assert "patient MR1, MV (apex), 6.0 s" in told
    assert "site not known" in told
    assert "/min." in told
    assert "Failed: no such file" in told
    assert "Patient MR1\n  2 recordings, 2 readable" in told
    assert "\x1b" not in told
    assert all(len(line) <= 100 for line in told.splitlines() if not line.startswith("/"))
    assert not any(sign in told for sign in "━─│●")


def test_json_is_a_document_per_line_that_holds_to_the_schema(folder, capsys):
    ended = run("analyze", folder, folder / "gone.wav", "--json", "--jobs", "1")
    assert ended.returncode == 1
    documents = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [document["status"] for document in documents] == ["ok", "ok", "failed", "ok", "failed"]
    assert documents[-1]["error"] == "no such file"
    assert documents[1]["info"]["site"] == "MV"
    assert ended.stderr.splitlines()[-1] == f"failed: {folder / 'gone.wav'}: no such file"
    capsys.readouterr()
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    for document in documents:
        jsonschema.validate(document, schema)


def test_json_loads_nothing_needless(folder):
    code = (
        "import sys; from murmur.cli import main; main(['analyze', sys.argv[1], '--json']); "
        "heavy = {'librosa', 'rich', 'scipy.signal', 'scipy.stats', 'concurrent.futures.process', 'torch', 'sklearn'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(folder / "MR1_AV.wav")],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
        timeout=60,
    ).stdout.splitlines()
    assert told[-1] == "[]"
    assert len(told) == 2


def test_names_and_settings_from_the_command_line(folder, capsys):
    arguments = ["--patient", "7", "--site", "apex", "--channel", "0", "--set", "least_cycles=99", "--json", "--quiet"]
    assert main(["analyze", str(folder / "sub folder"), *arguments]) == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert (document["info"]["patient"], document["info"]["site"]) == ("7", "MV")
    assert document["status"] == "unreadable"  # an answer, and no failure
    assert document["settings"] != murmur.Settings().fingerprint()
    assert captured.err == ""


def test_unreadable_is_told_first(folder, capsys):
    assert main(["analyze", str(folder / "MR1_AV.wav"), "--set", "least_cycles=99"]) == 0
    told = capsys.readouterr().out
    assert "! Unreadable" in told
    assert "Mitral" not in told


# --- analyze: tables --------------------------------------------------------------------


def test_tables_from_a_manifest(folder, tmp_path):
    manifest = tmp_path / "manifest.csv"
    rows = ["path,patient,site,visit,device", f"{folder}/MR1_MV.wav,17,MV,1,CORE", "gone.wav,18,,,"]
    manifest.write_text("\n".join(rows), encoding="utf-8")
    ended = run("analyze", "--manifest", manifest, "-o", tmp_path / "out", "--no-progress")
    assert ended.returncode == 1
    assert ended.stdout == ""
    good, bad = table(tmp_path / "out" / "recordings.csv")
    assert (good["patient"], good["visit"], good["device"], good["status"]) == ("17", "1", "CORE", "ok")
    assert (bad["patient"], bad["status"], bad["error"]) == ("18", "failed", "no such file")
    assert "failed: " in ended.stderr
    assert "2 recordings, 2 patients in " in ended.stderr
    assert f"1 ok, 0 unreadable, 1 failed. Tables are in {tmp_path / 'out'}" in ended.stderr
    told = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert told["command"][:3] == ["murmur", "analyze", "--manifest"]


def test_tables_with_two_processes_and_json_as_well(folder, tmp_path):
    good = [folder / "MR1_AV.wav", folder / "MR1_MV.wav", folder / "sub folder"]
    ended = run("analyze", *good, "-o", tmp_path, "--jobs", "2", "--json", "--quiet")
    assert ended.returncode == 0
    assert ended.stderr == ""
    documents = [json.loads(line) for line in ended.stdout.splitlines()]
    rows = table(tmp_path / "recordings.csv")
    assert [document["info"]["path"] for document in documents] == [row["path"] for row in rows]
    assert {path.name for path in tmp_path.glob("segments/**/*.tsv")} == {"MR1_AV.tsv", "MR1_MV.tsv", "ein ö 心.tsv"}
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["jobs"] == 2


def test_a_glob_that_no_shell_expanded(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert main(["analyze", "MR1_*.wav", "-o", str(tmp_path)]) == 0
    assert [row["path"] for row in table(tmp_path / "recordings.csv")] == ["MR1_AV.wav", "MR1_MV.wav"]
    assert capsys.readouterr().out == ""


def test_many_failures_are_counted(tmp_path, capsys):
    gone = [str(tmp_path / f"{i}.wav") for i in range(25)]
    assert main(["analyze", *gone, "-o", str(tmp_path / "out"), "--jobs", "1"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 12
    assert lines[10] == f"failed: 15 more; all are listed in {tmp_path / 'out'}/recordings.csv"


def test_an_output_that_cant_be_written(folder, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["analyze", str(folder), "-o", str(tmp_path / "file" / "out")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_other_models(folder, tmp_path, capsys):
    for path in Path(murmur.__file__).parent.joinpath("pipeline", "models").glob("*.npz"):
        shutil.copy(path, tmp_path)
    assert main(["analyze", str(folder / "MR1_AV.wav"), "--models", str(tmp_path), "--json"]) == 0
    assert main(["segment", str(folder / "MR1_AV.wav"), "--models", str(tmp_path)]) == 0
    capsys.readouterr()


# --- segment ----------------------------------------------------------------------------


def test_segment(folder, tmp_path, capsys):
    recording = str(folder / "sub folder" / "ein ö 心.wav")
    assert main(["segment", recording, "--channel", "0", "--set", "spike_factor=4"]) == 0
    told = capsys.readouterr().out
    assert main(["segment", recording, "-o", str(tmp_path / "x.tsv"), "--set", "spike_factor=4"]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "x.tsv").read_text(encoding="utf-8") == told
    intervals = read_segments(tmp_path / "x.tsv")
    assert (intervals[0][0], intervals[-1][1]) == (0.0, 6.0)


def test_segment_says_when_it_only_guesses(tmp_path, capsys):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "noise.wav", 0.1 * rng.standard_normal(24000), 4000)
    assert main(["segment", str(tmp_path / "noise.wav")]) == 0
    told = capsys.readouterr()
    assert told.out
    assert "cycles are reliable: these states are a guess" in told.err


def test_segment_of_what_is_none(folder, tmp_path, capsys):
    assert main(["segment", str(folder / "list.wav")]) == 1
    assert "list.wav" in capsys.readouterr().err
    assert main(["segment", str(folder / "MR1_AV.wav"), "-o", str(tmp_path / "no" / "x.tsv")]) == 2
    assert "can't be written" in capsys.readouterr().err


# --- pipes, terminals, Ctrl-C -----------------------------------------------------------


def test_a_reader_that_has_read_enough_is_no_error(folder):
    command = [sys.executable, "-m", "murmur", "segment", str(folder / "MR1_AV.wav")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) in (0, 1)


def test_the_tables_are_made_though_nobody_reads_the_rest(folder, tmp_path):
    command = [sys.executable, "-m", "murmur", "analyze", str(folder), "--json", "-q", "-o", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1
    assert len(table(tmp_path / "recordings.csv")) == 4


pty = pytest.importorskip("pty", reason="needs pseudo-terminals")


def in_terminal(*arguments, stdout_too=True):
    """Run with a terminal of 100 columns; return the exit code, what was shown, and stdout where that is apart."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "murmur", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs if stdout_too else subprocess.PIPE,
        stderr=theirs,
        env=environment(TERM="xterm-256color"),
    )
    os.close(theirs)
    shown, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                got = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not got:
                break
            shown += got
    os.close(ours)
    apart = b"" if stdout_too else process.stdout.read()
    if not stdout_too:
        process.stdout.close()
    return process.wait(30), shown.decode(), apart.decode()


def test_a_terminal_gets_colour(folder):
    code, shown, _ = in_terminal("analyze", folder / "MR1_AV.wav", folder / "MR1_MV.wav")
    assert code == 0
    assert "\x1b[" in shown
    assert "●" in shown
    assert "Patient MR1" in shown


def test_a_bar_on_stderr_and_data_on_stdout(folder, tmp_path):
    code, shown, data = in_terminal("analyze", folder, "--json", stdout_too=False)
    assert code == 1
    assert "analyzing" in shown
    assert "4/4" in shown
    assert len([json.loads(line) for line in data.splitlines()]) == 4
    code, shown, _ = in_terminal("analyze", folder, "-o", tmp_path, "--progress", "none")
    assert "analyzing" not in shown
    assert "Tables are in" in shown


def test_lines_of_progress_for_a_program(folder, tmp_path):
    ended = run("analyze", folder, "-o", tmp_path, "--progress", "jsonl", "--quiet")
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [lines[0]["done"], lines[-1]["done"], lines[-1]["total"]] == [0, 4, 4]
    assert lines[-1]["failed"] == 1
    assert set(lines[0]) == {"done", "total", "kept", "unreadable", "failed", "seconds"}


def test_a_list_on_stdin(folder, tmp_path):
    listed = "\n".join(str(path) for path in sorted(folder.glob("MR1_*.wav"))) + "\n\n"
    ended = run("analyze", "-", "-o", tmp_path, stdin=listed)
    assert ended.returncode == 0
    assert [row["path"] for row in table(tmp_path / "recordings.csv")] == listed.split()
    assert run("analyze", "-", "-o", tmp_path, stdin="").returncode == 2


def test_resuming_and_beginning_anew(folder, tmp_path):
    assert "earlier run" not in run("analyze", folder, "-o", tmp_path).stderr
    assert "4 of them from an earlier run" in run("analyze", folder, "-o", tmp_path, "--resume").stderr
    assert "3 of them from an earlier run" in run("analyze", folder, "-o", tmp_path, "--retry-failed").stderr
    other = run("analyze", folder, "-o", tmp_path, "--set", "least_cycles=4")
    assert other.returncode == 2
    assert "results of other settings (least_cycles)" in other.stderr
    anew = run("analyze", folder, "-o", tmp_path, "--set", "least_cycles=4", "--no-resume")
    assert anew.returncode == 1
    assert "earlier run" not in anew.stderr


def test_formats_bounds_and_export(folder, tmp_path):
    ended = run("analyze", folder, "-o", tmp_path / "out", "--format", "jsonl", "--timeout", "60", "--memory", "4000")
    assert ended.returncode == 1
    lines = [json.loads(line) for line in (tmp_path / "out" / "recordings.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["status"] for line in lines].count("failed") == 1
    ended = run("export", tmp_path / "out", "--format", "csv", "-o", tmp_path / "tables")
    assert ended.returncode == 0
    assert "4 recordings" in ended.stderr
    assert [row["path"] for row in table(tmp_path / "tables" / "recordings.csv")] == [line["path"] for line in lines]
    assert run("export", tmp_path / "out").returncode == 0
    assert (tmp_path / "out" / "recordings.csv").read_bytes() == (tmp_path / "tables" / "recordings.csv").read_bytes()
    again = run("analyze", folder, "-o", tmp_path / "out", "--no-progress")
    assert again.stderr.startswith("failed: 1 in an earlier run, not tried again (--retry-failed); all are listed in ")
    with sqlite3.connect(tmp_path / "out" / "murmur.sqlite") as database:
        database.execute("DELETE FROM results WHERE status = 'failed'")
    assert "3 recordings, 21 cycles" in (unfinished := run("export", tmp_path / "out").stderr)
    assert "(the run is not finished: 1 to do)" in unfinished


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_is_130_with_tables_of_what_is_done(folder, tmp_path):
    many = tmp_path / "in"
    many.mkdir()
    for number in range(600):
        (many / f"{number:03}.wav").symlink_to(folder / "MR1_AV.wav")
    with subprocess.Popen(
        [sys.executable, "-m", "murmur", "analyze", str(many), "-o", str(tmp_path / "out"), "--jobs", "2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(),
    ) as process:
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "stopped after" in errors
    rows = table(tmp_path / "out" / "recordings.csv")
    assert 1 <= len(rows) < 600
    assert {row["status"] for row in rows} == {"ok"}
