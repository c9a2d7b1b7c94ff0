"""A run over many files: a row for each, whatever happens to it; the same tables with any number of processes."""

import csv
import ctypes
import errno
import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import murmur.batch.pool
import murmur.batch.process
import murmur.batch.worker
from murmur.batch import find_inputs, run
from murmur.errors import MissingFileError, MurmurError, OutputError, ParameterError
from murmur.formats.circor import read_segments
from murmur.pipeline.analysis import Analysis
from murmur.settings import Settings
from murmur.tables.cycles import CYCLES
from murmur.tables.dictionary import TABLES
from murmur.tables.recordings import Failure

SAMPLES = Path(__file__).parents[2] / "samples"
RATE = 4000


def clip(name, target, seconds=6.0):
    """Copy the beginning of a sample."""
    target.parent.mkdir(parents=True, exist_ok=True)
    samples, rate = soundfile.read(SAMPLES / f"{name}.wav", dtype="int16")
    soundfile.write(target, samples[: int(seconds * rate)], rate)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Give a folder with good recordings and every kind of bad one."""
    folder = tmp_path_factory.mktemp("mixed")
    clip("MR1_MV", folder / "a" / "MR1_MV.wav")
    clip("MR1_AV", folder / "a" / "MR1_AV.wav")
    clip("normal", folder / "a" / "same.wav")
    clip("aortic_stenosis", folder / "b" / "same.wav")
    clip("normal", folder / "b c" / "herz töne 心.flac")
    noise = np.random.default_rng(0).standard_normal(4 * RATE)
    soundfile.write(folder / "b" / "7_PV.wav", 0.1 * noise, RATE)
    (folder / "bad").mkdir()
    (folder / "bad" / "empty.wav").touch()
    soundfile.write(folder / "bad" / "silent.wav", np.zeros(4 * RATE), RATE)
    soundfile.write(folder / "bad" / "short.wav", 0.1 * noise[:RATE], RATE)
    noise[RATE] = np.nan
    soundfile.write(folder / "bad" / "nan.wav", noise, RATE, subtype="FLOAT")
    (folder / "bad" / "text.wav").write_text("this is a shopping list\n" * 100, encoding="utf-8")
    whole = (folder / "a" / "same.wav").read_bytes()
    (folder / "bad" / "cut.wav").write_bytes(whole[: 44 + 2 * RATE])
    return folder


BAD = {"empty.wav", "silent.wav", "short.wav", "nan.wav", "text.wav", "cut.wav"}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def header(path):
    return path.read_text(encoding="utf-8").partition("\n")[0].split(",")


@pytest.fixture(scope="module")
def done(mixed, tmp_path_factory):
    """Give the output of a run in this process."""
    out = tmp_path_factory.mktemp("out") / "made" / "here"
    summary = run([mixed, mixed / "gone.wav"], out, jobs=1, command=["murmur", "analyze"])
    return out, summary


def test_every_input_has_a_row(mixed, done):
    out, summary = done
    rows = table(out / "recordings.csv")
    assert [row["path"] for row in rows] == [item.info.path for item in find_inputs([mixed, mixed / "gone.wav"])]
    assert summary.total == summary.done == len(rows) == 13
    assert summary.failed == sum(row["status"] == "failed" for row in rows) == 7
    assert {Path(row["path"]).name for row in rows if row["status"] == "failed"} == BAD | {"gone.wav"}
    assert not summary.stopped


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.wav", "empty"),
        ("silent.wav", "silent"),
        ("short.wav", "2 s"),
        ("nan.wav", "NaN"),
        ("text.wav", "not"),
        ("cut.wav", "promises"),
        ("gone.wav", "no such file"),
    ],
)
def test_failed_rows_say_why(done, name, reason):
    (row,) = [row for row in table(done[0] / "recordings.csv") if row["path"].endswith(name)]
    assert reason in row["error"]
    assert not row["error"].startswith(row["path"])
    assert "\n" not in row["error"]
    assert row["murmur"] == row["duration_s"] == row["mitral_regurgitation_score"] == ""


def test_tables_have_their_columns(done):
    out, _ = done
    for name in ("recordings", "cycles", "patients"):
        assert list(header(out / f"{name}.csv")) == [column.name for column in TABLES[name]]


def test_cycles_are_the_recordings(done):
    out, _ = done
    cycles = table(out / "cycles.csv")
    for row in table(out / "recordings.csv"):
        own = [cycle for cycle in cycles if cycle["path"] == row["path"]]
        assert len(own) == int(row["cycles"] or 0)
        assert [int(cycle["cycle"]) for cycle in own] == list(range(1, len(own) + 1))
        for cycle in own:
            onsets = [float(cycle[column.name]) for column in CYCLES if column.unit == "s"]
            assert onsets == sorted(onsets)


def test_patients_are_those_named(done):
    out, summary = done
    patients = {row["patient"]: row for row in table(out / "patients.csv")}
    assert set(patients) == {"MR1", "7"}
    assert summary.patients == 2
    assert patients["MR1"]["recordings"] == patients["MR1"]["readable"] == "2"
    assert patients["7"]["murmur"] == "unknown"


def test_segments_mirror_the_folders(mixed, done):
    out, _ = done
    segments = out / "segments"
    found = {path.relative_to(segments).as_posix() for path in segments.rglob("*.*")}
    assert found == {
        "a/MR1_AV.tsv",
        "a/MR1_MV.tsv",
        "a/same.tsv",
        "b/7_PV.tsv",  # unreadable, and decoded all the same
        "b/same.tsv",
        "b c/herz töne 心.tsv",
    }
    intervals = read_segments(segments / "a" / "MR1_MV.tsv")
    assert intervals[0][0] == 0.0
    assert intervals[-1][1] == pytest.approx(6.0, abs=0.001)
    assert {state for _, _, state in intervals} == {1, 2, 3, 4}


def test_run_json_tells_how_it_came_about(done):
    out, summary = done
    told = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert told["counts"] == {"ok": summary.ok, "unreadable": summary.unreadable, "failed": summary.failed}
    assert told["settings_fingerprint"] == Settings().fingerprint()
    assert told["settings"]["least_cycles"] == Settings().least_cycles
    assert all(len(digest) == 64 for digest in told["models"].values())
    assert set(told["models"]) >= {"segmentation.npz", "murmur.npz", "findings.npz"}
    assert told["command"] == ["murmur", "analyze"]
    assert told["complete"] is True
    assert {"version", "python", "packages", "started", "seconds", "jobs"} <= set(told)


def test_nothing_temporary_is_left(done):
    out, _ = done
    assert not list(out.rglob(".*"))
    assert {path.name for path in out.iterdir()} == {
        "recordings.csv",
        "cycles.csv",
        "patients.csv",
        "run.json",
        "murmur.sqlite",
        "segments",
    }


def test_two_processes_make_the_same_tables(mixed, done, tmp_path):
    seen = []
    run(
        [mixed, mixed / "gone.wav"],
        tmp_path,
        jobs=2,
        on_result=lambda outcome: seen.append((outcome.input.info.path, type(outcome.result))),
        keep=True,
    )
    for name in ("recordings.csv", "cycles.csv", "patients.csv"):
        assert (tmp_path / name).read_bytes() == (done[0] / name).read_bytes()
    for path in (done[0] / "segments").rglob("*.tsv"):
        assert (tmp_path / path.relative_to(done[0])).read_bytes() == path.read_bytes()
    rows = table(tmp_path / "recordings.csv")
    assert seen == [(row["path"], Failure if row["status"] == "failed" else Analysis) for row in rows]


def test_results_come_in_order_and_progress_with_them(mixed):
    outcomes, steps = [], []
    inputs = find_inputs([mixed / "a", mixed / "bad" / "empty.wav"])
    run(inputs, jobs=1, on_result=outcomes.append, progress=steps.append)
    assert [outcome.input for outcome in outcomes] == inputs
    assert all(outcome.result is None for outcome in outcomes)
    assert [step.done for step in steps] == [0, 1, 2, 3, 4]
    assert (steps[-1].total, steps[-1].failed) == (4, 1)


def test_a_manifests_columns_are_carried_through(mixed, tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        f"path,patient,site,visit,position,age,quality\n{mixed}/a/same.wav,9,MV,2,supine,63,fine\n", encoding="utf-8"
    )
    run(find_inputs(manifest=manifest), tmp_path / "out")
    assert header(tmp_path / "out" / "recordings.csv")[-2:] == ["age", "manifest_quality"]
    (row,) = table(tmp_path / "out" / "recordings.csv")
    assert [row[name] for name in ("patient", "site", "visit", "position")] == ["9", "MV", "2", "sup"]
    assert (row["age"], row["manifest_quality"]) == ("63", "fine")
    (patient,) = table(tmp_path / "out" / "patients.csv")
    assert patient["patient"] == "9"


def test_a_later_run_leaves_nothing_of_an_earlier_one(mixed, tmp_path):
    recording = tmp_path / "in" / "3_MV.wav"
    recording.parent.mkdir()
    shutil.copy(mixed / "a" / "same.wav", recording)
    run([recording], tmp_path / "out")
    assert (tmp_path / "out" / "patients.csv").exists()
    assert (tmp_path / "out" / "segments" / "3_MV.tsv").exists()
    recording.write_bytes(b"")
    run(find_inputs([recording], patient=""), tmp_path / "out")
    assert not (tmp_path / "out" / "patients.csv").exists()
    assert not (tmp_path / "out" / "segments" / "3_MV.tsv").exists()
    assert [row["status"] for row in table(tmp_path / "out" / "recordings.csv")] == ["failed"]


def test_settings_and_channel_are_used(mixed, tmp_path):
    clip("normal", tmp_path / "two.wav")
    left, rate = soundfile.read(tmp_path / "two.wav")
    soundfile.write(tmp_path / "two.wav", np.stack([np.zeros_like(left), left], axis=1), rate)
    statuses = []
    for channel, beats in ((0, 3), (1, 3), (1, 99)):
        run(
            [tmp_path / "two.wav"],
            settings=Settings(least_cycles=beats),
            channel=channel,
            on_result=lambda outcome: statuses.append(outcome.row["status"]),
        )
    assert statuses == ["failed", "ok", "unreadable"]


# --- what goes wrong --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyError("spam"), "unexpected KeyError: 'spam'"),
        (MemoryError(), "not enough memory"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "reading failed: Input/output error"),
    ],
)
def test_an_unexpected_error_costs_one_file(mixed, tmp_path, monkeypatch, error, message):
    sound = murmur.pipeline.analysis.analyze

    def analyze(info, **options):
        if info.path.endswith("MR1_AV.wav"):
            raise error
        return sound(info, **options)

    monkeypatch.setattr("murmur.pipeline.analysis.analyze", analyze)
    summary = run([mixed / "a"], tmp_path, jobs=1)
    assert (summary.ok, summary.failed) == (2, 1)
    assert message in table(tmp_path / "recordings.csv")[0]["error"]


def fragile_work(task, parts, current):
    """Be a worker that does not survive files with certain names."""
    sound, sound_analyze = murmur.batch.process.examine, murmur.pipeline.analysis.analyze

    def examine(item, task, models):
        if "deadly" in item.info.path:
            os.kill(os.getpid(), signal.SIGKILL)
        if "broken" in item.info.path:
            ctypes.string_at(0)
        if "unlucky" in item.info.path and not Path(f"{item.info.path}.seen").exists():
            Path(f"{item.info.path}.seen").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "endless" in item.info.path:
            time.sleep(1000)
        return sound(item, task, models)

    def analyze(info, **options):
        held = np.ones(2**28) if "greedy" in str(info) else None  # 2 GB
        return sound_analyze(info, **options), held

    murmur.batch.process.examine = examine
    murmur.pipeline.analysis.analyze = lambda info, **options: analyze(info, **options)[0]
    murmur.batch.process.work(task, parts, current)


@pytest.fixture(scope="module")
def twenty(tmp_path_factory):
    """Give a folder of twenty short recordings."""
    folder = tmp_path_factory.mktemp("twenty")
    clip("normal", folder / "00.wav", seconds=3.0)
    for number in range(1, 20):
        shutil.copy(folder / "00.wav", folder / f"{number:02}.wav")
    return folder


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("ordered", [False, True])
def test_a_file_that_its_worker_does_not_survive_fails_alone(twenty, tmp_path, monkeypatch, ordered):
    folder = tmp_path / "in"
    shutil.copytree(twenty, folder)
    bad = {
        "07deadly.wav": "died twice: SIGKILL",
        "08broken.wav": "died twice: SIGSEGV",
        "12endless.wav": "took longer than 3 s",
        "15greedy.wav": "not enough memory",
    }
    for name in bad:
        (folder / f"{name[:2]}.wav").rename(folder / name)
    (folder / "03.wav").rename(folder / "03unlucky.wav")
    monkeypatch.setattr(murmur.batch.pool, "work", fragile_work)
    seen, failed = [], []
    summary = run(
        [folder],
        tmp_path / "out",
        jobs=2,
        timeout_s=3.0,
        memory_mb=600,
        on_result=(lambda outcome: seen.append(outcome.input.info.path)) if ordered else None,
        on_failure=lambda outcome: failed.append(Path(outcome.input.info.path).name),
    )
    rows = table(tmp_path / "out" / "recordings.csv")
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    assert len(rows) == 20
    assert {Path(row["path"]).name: row["error"] for row in rows if row["status"] == "failed"}.keys() == bad.keys()
    for row in rows:
        name = Path(row["path"]).name
        assert bad.get(name, "") in row["error"]
        assert (tmp_path / "out" / "segments" / name).with_suffix(".tsv").exists() == (name not in bad)
    assert (summary.done, summary.failed) == (20, 4)
    assert sorted(failed) == sorted(bad)
    assert seen == ([row["path"] for row in rows] if ordered else [])


def refuse_to_start(task, parts, current):
    """Be no worker."""
    os._exit(3)


def test_workers_that_cant_start_are_an_error(mixed, tmp_path, monkeypatch):
    monkeypatch.setattr(murmur.batch.pool, "work", refuse_to_start)
    with pytest.raises(MurmurError, match="die while they start"):
        run([mixed], tmp_path, jobs=2)
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.glob(".*"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_in_order(mixed, tmp_path, jobs):
    inputs = find_inputs([mixed])

    def on_result(outcome):
        if outcome.input is inputs[0] or outcome.input == inputs[0]:
            signal.raise_signal(signal.SIGINT)

    # files enough that two processes have not begun them all when the first is done
    again = inputs[0].info.updated(patient="x")
    many = inputs + [murmur.batch.Input(again, f"{i}.tsv") for i in range(0 if jobs == 1 else 300)]
    summary = run(many, tmp_path, jobs=jobs, on_result=on_result)
    assert summary.stopped
    assert 1 <= summary.done < summary.total
    rows = table(tmp_path / "recordings.csv")
    assert len(rows) == summary.done
    assert rows[0]["path"] == inputs[0].info.path
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["complete"] is False
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_output_that_cant_be_written(mixed, tmp_path):
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="can't be written"):
            run([mixed], out)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output(mixed, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="can't be written"):
        run([mixed], tmp_path)


def test_a_full_disk_ends_the_run_and_spoils_nothing(mixed, tmp_path, monkeypatch):
    run([mixed / "a"], tmp_path)
    before = (tmp_path / "recordings.csv").read_bytes()

    def put(folder, place, packed):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("murmur.batch.worker.put", put)
    with pytest.raises(OutputError, match="No space left"):
        run([mixed / "b"], tmp_path, jobs=1)
    assert (tmp_path / "recordings.csv").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_wrong_arguments(mixed, tmp_path):
    with pytest.raises(ParameterError, match="jobs must be 1 or more"):
        run([mixed], jobs=0)
    with pytest.raises(MissingFileError, match="no such model"):
        run([mixed], models_dir=tmp_path)
    for name in ("segmentation.npz", "murmur.npz", "findings.npz"):
        (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(ParameterError, match="another version of murmur"):
        run([mixed], models_dir=tmp_path)
    with pytest.raises(ParameterError, match="either inputs or paths"):
        run([mixed, find_inputs([mixed])[0]])
