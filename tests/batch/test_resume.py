"""A run that is stopped, killed or out of room goes on where it was, and ends with the tables of one that was left alone."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.dataset
import pytest
import soundfile
from tests.batches import contents, sixty_recordings, table

from murmur.batch import Input, export_tables, find_inputs, run
from murmur.batch.store import Store
from murmur.errors import MissingFileError, OutputError, ParameterError
from murmur.io.info import RecordingInfo
from murmur.io.writing import sole_writer
from murmur.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return sixty_recordings(tmp_path_factory.mktemp("sixty"))


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    """Give what a run makes that nobody disturbs."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert run([folder], out, jobs=2).done == 61
    return contents(out)


def start(folder, out, *options, **more):
    command = [sys.executable, "-m", "murmur", "analyze", str(folder), "-o", str(out), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)


def done_so_far(out):
    try:
        with sqlite3.connect(f"file:{out / 'murmur.sqlite'}?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM results").fetchone()[0]
    except sqlite3.Error:
        return 0


def wait_for(condition, patience_s=60.0):
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_any_moment_it_ends_with_the_same_tables(folder, tmp_path, undisturbed):
    chance = random.Random(5)
    for moment in sorted(chance.sample(range(60), 5)):
        process = start(folder, tmp_path, "--jobs", "2")
        # some time after so many are done, wherever that is
        wait_for(lambda at_least=moment, process=process: done_so_far(tmp_path) >= at_least or process.poll() is not None)
        time.sleep(chance.random() / 20)
        process.kill()
        process.communicate()
    process = start(folder, tmp_path, "--jobs", "2", "--resume")
    assert process.communicate()[1]
    assert process.returncode == 1  # of the one that is none
    assert contents(tmp_path) == undisturbed
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_signal_ends_it_with_tables_and_it_goes_on(folder, tmp_path, undisturbed, number, code, jobs):
    process = start(folder, tmp_path, "--jobs", jobs)
    wait_for(lambda: done_so_far(tmp_path) >= 1)
    process.send_signal(number)
    told = process.communicate()[1]
    assert process.returncode == code
    assert "the same command continues from there" in told
    part = len(table(tmp_path / "recordings.csv"))
    assert 1 <= part < 61
    assert json.loads((tmp_path / "run.json").read_text())["complete"] is False
    process = start(folder, tmp_path, "--jobs", jobs)
    told = process.communicate()[1]
    assert f"{part} of them from an earlier run" in told
    assert contents(tmp_path) == undisturbed


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_a_worker_killed_from_outside_costs_nothing(folder, tmp_path, undisturbed):
    process = start(folder, tmp_path, "--jobs", "2")
    wait_for(lambda: done_so_far(tmp_path) >= 8)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [int(c) for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
    os.kill(workers[0], signal.SIGKILL)
    process.communicate()
    assert contents(tmp_path) == undisturbed


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk_is_told_and_nothing_is_lost(folder, tmp_path, undisturbed, jobs):
    process = start(folder, tmp_path, "--jobs", jobs, preexec_fn=limited)
    told = process.communicate()[1]
    assert process.returncode == 2, told
    assert "murmur.sqlite" in told
    assert "free some space" in told
    assert "Traceback" not in told
    before = done_so_far(tmp_path)
    assert before > 0
    process = start(folder, tmp_path, "--jobs", jobs)
    assert f"{before} of them from an earlier run" in process.communicate()[1]
    assert contents(tmp_path) == undisturbed


def test_a_second_run_in_one_folder_is_refused(folder, tmp_path):
    with (
        sole_writer(tmp_path),
        pytest.raises(OutputError, match=f"another run is writing .*process {os.getpid()}"),
    ):
        run([folder], tmp_path)
    assert run([folder / "0"], tmp_path, jobs=1).failed == 1
    assert not list(tmp_path.glob(".*"))


# --- what is done anew, and what is not -------------------------------------------------


@pytest.fixture
def few(folder, tmp_path):
    """Give four recordings of one patient in a folder of their own, and where results go."""
    home = tmp_path / "in"
    home.mkdir()
    for site in ("AV", "PV", "TV", "MV"):
        shutil.copy(next(folder.rglob(f"P100_{site}.wav")), home / f"1_{site}.wav")
    return home, tmp_path / "out"


def redone(inputs, out, **options):
    seen = []
    summary = run(inputs, out, jobs=1, on_result=lambda outcome: seen.append(Path(outcome.input.info.path).name), **options)
    assert summary.kept == summary.done - len(seen)
    return seen


def test_only_what_has_changed_is_done_again(few):
    home, out = few
    assert len(redone([home], out)) == 4
    before = contents(out)
    assert redone([home], out) == []
    assert contents(out) == before
    os.utime(home / "1_PV.wav", ns=(1, 1))
    shutil.copy(home / "1_AV.wav", home / "2_AV.wav")
    assert redone([home], out) == ["1_PV.wav", "2_AV.wav"]
    assert redone([home], out, resume=False) == sorted(p.name for p in home.iterdir())


def test_labels_are_joined_anew_without_analyzing_and_a_site_is_not(few, tmp_path):
    home, out = few
    redone([home], out)
    manifest = tmp_path / "m.csv"
    rows = [f"{home}/1_{site}.wav,{patient},{at}" for site, patient, at in
            (("AV", "a", "AV"), ("PV", "a", "PV"), ("TV", "b", "MV"), ("MV", "b", "MV"))]  # fmt: skip
    manifest.write_text("\n".join(["path,patient,site", *rows]))
    assert redone(find_inputs([home], manifest), out) == ["1_TV.wav"]
    patients = [(row["patient"], row["recordings"]) for row in table(out / "patients.csv")]
    assert patients == [("a", "2"), ("b", "2")]
    assert {row["path"][-6:-4]: row["patient"] for row in table(out / "recordings.csv")} == {
        "AV": "a", "PV": "a", "TV": "b", "MV": "b",
    }  # fmt: skip


def test_tables_are_of_the_last_inputs_and_results_stay(few):
    home, out = few
    redone([home], out)
    before = contents(out)
    assert redone([home / "1_AV.wav"], out) == []
    assert [row["path"] for row in table(out / "recordings.csv")] == [str(home / "1_AV.wav")]
    assert [path.name for path in (out / "segments").rglob("*.*")] == ["1_AV.tsv"]
    assert redone([home], out) == []
    assert contents(out) == before


def test_segments_move_with_their_inputs_places(few):
    home, out = few
    redone([home], out)
    other = home.parent / "in2"
    shutil.copytree(home, other)
    assert len(redone([home, other], out)) == 4
    assert (
        sorted(p.relative_to(out / "segments").parts[0] for p in (out / "segments").rglob("*.tsv"))
        == ["in"] * 4 + ["in2"] * 4
    )
    assert redone([home], out) == []
    assert sorted(p.relative_to(out / "segments").as_posix() for p in (out / "segments").rglob("*.*")) == [
        "1_AV.tsv", "1_MV.tsv", "1_PV.tsv", "1_TV.tsv",
    ]  # fmt: skip


def test_failed_ones_are_tried_again_when_asked_for(few):
    home, out = few
    (home / "3_AV.wav").write_bytes(b"")
    assert len(redone([home], out)) == 5
    assert redone([home], out) == []
    assert redone([home], out, retry_failed=True) == ["3_AV.wav"]


def test_results_of_other_settings_are_no_part_of_it(few):
    home, out = few
    redone([home], out)
    for options, what in (
        ({"settings": Settings(least_cycles=5)}, r"settings \(least_cycles\)"),
        ({"channel": 0}, "channel"),
    ):
        with pytest.raises(OutputError, match=f"results of other {what}: name another folder, or start over"):
            run([home], out, **options)
    assert len(redone([home], out, settings=Settings(least_cycles=5), resume=False)) == 4


@pytest.mark.parametrize("content", [b"this is no database, whatever it is called" * 100, None])
def test_a_store_that_is_none(few, content):
    home, out = few
    out.mkdir()
    if content is None:
        with sqlite3.connect(out / "murmur.sqlite") as database:
            database.execute("CREATE TABLE somebody_elses (x)")
    else:
        (out / "murmur.sqlite").write_bytes(content)
    with pytest.raises(OutputError, match=r"murmur\.sqlite: .*--no-resume"):
        run([home], out)
    assert len(redone([home], out, resume=False)) == 4


def test_names_that_are_no_text(few):
    home, out = few
    odd = os.fsdecode(os.fsencode(home) + b"/\xe4_MV.wav")
    shutil.copy(home / "1_AV.wav", odd)
    assert len(redone([home], out)) == 5
    assert redone([home], out) == []
    assert any("\\udce4_MV.wav" in row["path"] for row in table(out / "recordings.csv"))
    for kind in ("jsonl", "parquet"):
        assert export_tables(out, format=kind)["recordings"] == 5


# --- formats ----------------------------------------------------------------------------


def test_every_format_holds_the_same(few, tmp_path):
    home, out = few
    redone([home], out)
    rows = table(out / "cycles.csv")
    counts = export_tables(out, tmp_path / "lines", format="jsonl")
    assert counts == {"recordings": 4, "cycles": len(rows), "patients": 1}
    export_tables(out, tmp_path / "parts", format="parquet")
    export_tables(out, tmp_path / "parts", format="parquet")  # in place of what was there
    for name in ("recordings", "cycles", "patients"):
        lines = [json.loads(line) for line in (tmp_path / "lines" / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert pyarrow.dataset.dataset(tmp_path / "parts" / f"{name}.parquet").to_table().to_pylist() == lines
        spelled = {None: "", True: "true", False: "false"}
        texts = [
            {k: spelled.get(v, str(v)) if v is None or isinstance(v, bool) else str(v) for k, v in line.items()}
            for line in lines
        ]
        assert texts == table(out / f"{name}.csv")
    assert not list(tmp_path.rglob(".*.tmp")) + list(tmp_path.rglob(".*.old"))


def test_the_database_itself_can_be_asked(few):
    home, out = few
    redone([home], out)
    with sqlite3.connect(out / "murmur.sqlite") as database:
        paths = [path for (path,) in database.execute("SELECT path FROM recordings WHERE murmur = 'present'")]
        assert paths == [row["path"] for row in table(out / "recordings.csv") if row["murmur"] == "present"]
        assert database.execute("SELECT count(*) FROM cycles").fetchone()[0] == len(table(out / "cycles.csv"))
        assert database.execute("SELECT patient FROM patients").fetchall() == [("1",)]


def test_wrong_exports(few, tmp_path):
    home, out = few
    with pytest.raises(MissingFileError, match=r"holds no murmur\.sqlite"):
        export_tables(tmp_path)
    redone([home], out)
    with pytest.raises(ParameterError, match="must be one of csv, jsonl, parquet"):
        export_tables(out, format="xlsx")
    with pytest.raises(ParameterError, match="must be one of"):
        run([home], out, format="xlsx")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't be written"):
        export_tables(out, tmp_path / "file" / "below")


def test_parquet_without_its_package_is_told_first(few, monkeypatch):
    home, out = few
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ParameterError, match=r"pip install 'murmur-pcg\[parquet\]'"):
        run([home], out, format="parquet")
    assert not out.exists()


def test_a_store_takes_all_of_a_chunk_or_nothing(tmp_path):
    with Store(tmp_path) as store:
        store.ask_for([Input(RecordingInfo("a.wav"), "a.tsv"), Input(RecordingInfo("b.wav"), "b.tsv")])
        with pytest.raises(AttributeError):
            store.add([None])
        assert store.count_to_do() == 2
        assert [[item.info.path for item in page] for page in store.to_do(1)] == [["a.wav"], ["b.wav"]]


@pytest.mark.parametrize("options", [{"timeout_s": 0.0}, {"memory_mb": 0}])
def test_bounds_out_of_range(few, options):
    with pytest.raises(ParameterError, match="must be"):
        run([few[0]], **options)


def test_a_bound_holds_however_few_files_there_are(folder, tmp_path):
    samples, rate = soundfile.read(next(folder.rglob("P100_MV.wav")), dtype="int16")
    soundfile.write(tmp_path / "hour.wav", np.tile(samples, 1200), rate)
    out = tmp_path / "out"
    assert run(tmp_path / "hour.wav", out, timeout_s=0.1).failed == 1
    assert table(out / "recordings.csv")[0]["error"] == "took longer than 0.1 s (--timeout)"
    assert run(tmp_path / "hour.wav", out).kept_failed == 1
    assert run(tmp_path / "hour.wav", out, retry_failed=True, memory_mb=1).failed == 1
    assert table(out / "recordings.csv")[0]["error"] == "not enough memory to analyze it (--memory)"
    assert run(tmp_path / "hour.wav", out, retry_failed=True).ok == 1


@pytest.mark.parametrize("wrong", ["recordigns/", "recordigns/*.wav"])
def test_a_misspelt_name_does_not_empty_the_tables(few, wrong):
    home, out = few
    run([home], out)
    before = contents(out)
    with pytest.raises(MissingFileError, match=r"recordigns.*; the tables in .*out are left unchanged"):
        run([home.parent / wrong], out)
    assert contents(out) == before
    assert run([home], out).kept == len(table(out / "recordings.csv"))


def test_results_are_not_written_to_a_url(few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"s3://bucket/out: results are written to a local folder"):
        run([few[0]], "s3://bucket/out")
    assert not list(tmp_path.glob("s3*"))
