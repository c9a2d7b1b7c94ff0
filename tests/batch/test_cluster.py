"""Runs on a Dask cluster: a real scheduler and two worker processes on this machine, some of which do not live long."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.batches import contents, sixty_recordings, table

import murmur.batch.cluster
import murmur.pipeline.models
from murmur.batch import run
from murmur.cli import main
from murmur.errors import MurmurError, OutputError, ParameterError
from murmur.pipeline.analysis import Analysis
from murmur.tables.recordings import Failure

distributed = pytest.importorskip("distributed")

SAMPLES = Path(__file__).parents[2] / "samples"
SOURCE = Path(murmur.__file__).parent.parent
#: What a worker loads as it starts: files of certain names are its end.
HOOK = """
import os, signal, time
import murmur.batch.cluster

sound = murmur.batch.cluster.examine

def examine(item, task, models):
    time.sleep(0.02)
    if "deadly" in item.info.path:
        os.kill(os.getpid(), signal.SIGKILL)
    if "endless" in item.info.path:
        time.sleep(1000)
    return sound(item, task, models)

def dask_setup(worker):
    murmur.batch.cluster.examine = examine
"""


def start(home, *arguments, source=SOURCE):
    environment = os.environ | {
        "PYTHONPATH": str(source),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        "DASK_TEMPORARY_DIRECTORY": str(home),
    }
    with (home / f"{arguments[0]}.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments], cwd=home, env=environment, stdout=log, stderr=log
        )


def end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def start_scheduler(home):
    port = free_port()
    return start(home, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"), f"tcp://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Give the address of a scheduler with two workers of one thread."""
    home = tmp_path_factory.mktemp("cluster")
    (home / "hook.py").write_text(HOOK)
    scheduler, at = start_scheduler(home)
    workers = start(home, "worker", at, "--nworkers", "2", "--nthreads", "1", "--preload", "hook.py", "--no-dashboard")
    try:
        with distributed.Client(at, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield at
    finally:
        end(workers)
        end(scheduler)


@pytest.fixture
def client(address):
    """Give a client of it, with both workers there."""
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return sixty_recordings(tmp_path_factory.mktemp("sixty"))


@pytest.fixture(scope="module")
def local(folder, tmp_path_factory):
    """Give what a run on this machine makes."""
    out = tmp_path_factory.mktemp("local")
    assert run([folder], out, jobs=1).done == 61
    return contents(out)


def tasks_of(client):
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def wait_for(condition, patience_s=20.0):
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


@pytest.mark.parametrize("ordered", [False, True])
def test_a_cluster_makes_the_same_tables(folder, tmp_path, local, client, ordered):
    seen = []
    summary = run(
        [folder],
        tmp_path,
        client=client,
        on_result=(lambda outcome: seen.append((outcome.input.info.path, type(outcome.result)))) if ordered else None,
        keep=ordered,
    )
    assert (summary.total, summary.done, summary.failed) == (61, 61, 1)
    assert contents(tmp_path) == local
    rows = table(tmp_path / "recordings.csv")
    expected = [(row["path"], Failure if row["status"] == "failed" else Analysis) for row in rows]
    assert seen == (expected if ordered else [])
    wait_for(lambda: tasks_of(client) == 0)


def test_paths_and_models_may_be_relative(folder, tmp_path, client, monkeypatch):
    shutil.copytree(SOURCE / "murmur" / "pipeline" / "models", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    home = os.path.relpath(folder / "0")
    seen = {}
    for out, options in (("here", {"jobs": 1}), ("there", {"client": client, "models_dir": "models"})):
        seen[out] = []
        take = seen[out].append
        run([home], out, keep=True, on_result=lambda o, take=take: take((o.input, o.row, o.result.to_json())), **options)
    assert len(seen["here"]) == 21
    assert seen["here"] == seen["there"]
    assert contents(Path("here")) == contents(Path("there"))


def test_a_worker_killed_in_the_middle_costs_nothing(folder, tmp_path, local, client):
    first, _ = client.run(os.getpid).values()
    killed = []

    def progress(step):
        if step.done >= 10 and not killed:
            os.kill(first, signal.SIGKILL)
            killed.append(step.done)

    summary = run([folder], tmp_path, client=client, progress=progress)
    assert killed[0] < 30
    assert (summary.done, summary.failed) == (61, 1)
    with sqlite3.connect(tmp_path / "murmur.sqlite") as database:
        assert database.execute("SELECT count(*), count(DISTINCT key) FROM results").fetchone() == (61, 61)
    assert contents(tmp_path) == local


def test_what_a_worker_does_not_survive_fails_alone(folder, tmp_path, address, client):
    home = tmp_path / "in"
    shutil.copytree(folder / "1", home)
    bad = {"04 deadly.wav": "every worker that took it died", "14 endless.wav": "took longer than 2 s"}
    for name, path in zip([*bad, *(f"{n:02}.wav" for n in range(18))], sorted(home.iterdir()), strict=True):
        path.rename(home / name)
    failed = []
    summary = run(
        [home],
        tmp_path / "out",
        client=address,
        timeout_s=2.0,
        on_failure=lambda outcome: failed.append(Path(outcome.input.info.path).name),
    )
    rows = {Path(row["path"]).name: row for row in table(tmp_path / "out" / "recordings.csv")}
    assert len(rows) == summary.done == 20
    assert sorted(failed) == sorted(bad)
    for name, row in rows.items():
        assert (row["status"] == "failed") == (name in bad)
        assert bad.get(name, "") in row["error"]
        assert (tmp_path / "out" / "segments" / name).with_suffix(".tsv").exists() == (name not in bad)


def test_ctrl_c_leaves_the_cluster_as_it_was(folder, tmp_path, local, client, address):
    def progress(step):
        if step.done == 5:
            signal.raise_signal(signal.SIGINT)

    summary = run([folder], tmp_path, client=client, progress=progress)
    assert summary.stopped
    assert 5 <= summary.done < 61
    assert len(table(tmp_path / "recordings.csv")) == summary.done
    wait_for(lambda: tasks_of(client) == 0)

    def on_result(outcome):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([folder], client=client, on_result=on_result)
    wait_for(lambda: tasks_of(client) == 0)
    # on the command line, where it was
    assert main(["analyze", str(folder), "-o", str(tmp_path), "--dask", address, "-q"]) == 1
    assert contents(tmp_path) == local


def test_workers_must_have_the_same_murmur_and_models(folder, tmp_path, client, monkeypatch):
    shutil.copytree(SOURCE / "murmur" / "pipeline" / "models", tmp_path / "models")
    sound = murmur.pipeline.models.model_hashes
    monkeypatch.setattr("murmur.pipeline.models.model_hashes", lambda name: sound(name) | {"murmur.npz": "0"})
    with pytest.raises(MurmurError, match=r"can't analyze: its models in .*/models are missing, or differ from those here"):
        run([folder / "1"], client=client, models_dir=tmp_path / "models")
    monkeypatch.setattr("murmur.batch.cluster.__version__", "0.0.1")
    with pytest.raises(MurmurError, match=r"has murmur .*, this machine 0\.0\.1: install the same"):
        run([folder / "1"], client=client)
    wait_for(lambda: tasks_of(client) == 0)


def test_a_full_disk_ends_the_run(folder, tmp_path, client, monkeypatch):
    def put(folder, place, packed):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("murmur.batch.worker.put", put)
    with pytest.raises(OutputError, match="segments can't be written: No space left"):
        run([folder], tmp_path, client=client)
    wait_for(lambda: tasks_of(client) == 0)


def test_no_workers_then_none_with_murmur_then_no_scheduler(folder, tmp_path, monkeypatch):
    scheduler, at = start_scheduler(tmp_path)
    (tmp_path / "murmur").mkdir()
    (tmp_path / "murmur" / "__init__.py").touch()
    worker = start(tmp_path, "worker", at, "--nthreads", "1", "--no-nanny", "--no-dashboard", source=tmp_path)
    try:
        with distributed.Client(at, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=30)
            with pytest.raises(MurmurError, match=r"does not have murmur .*: install the same .* \(No module named"):
                run([folder], client=client)
            end(worker)
            wait_for(lambda: not client.nthreads())
            assert run([], client=client).done == 0
            with (
                monkeypatch.context() as patch,
                pytest.raises(MurmurError, match=f"{at} has had no worker for 0.5 s: start"),
            ):
                patch.setattr("murmur.batch.cluster.PATIENCE_S", 0.5)
                run([folder], tmp_path / "out", client=client)
        killer = threading.Timer(0.5, scheduler.kill)
        killer.start()
        with pytest.raises(MurmurError, match=f"{at} is lost, or has cancelled the run"):
            run([folder], tmp_path / "out", client=at)
        killer.join()
    finally:
        end(worker)
        end(scheduler)


def test_no_scheduler(folder, capsys, monkeypatch):
    monkeypatch.setattr("murmur.batch.cluster.CONNECT_S", 0.5)
    at = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ParameterError, match=f"{at}: no Dask scheduler answered within 0.5 s"):
        run([folder], client=at)
    assert main(["analyze", str(folder), "--dask", at]) == 2
    assert f"murmur: {at}: no Dask scheduler answered" in capsys.readouterr().err
    with pytest.raises(ParameterError, match="no Dask scheduler answered"):
        run([folder], client="what://is this")


def test_wrong_arguments(folder, monkeypatch, capsys):
    for options in ({"jobs": 2}, {"memory_mb": 500}):
        with pytest.raises(ParameterError, match="give a client, or jobs and memory_mb, not both"):
            run([folder], client="tcp://127.0.0.1:8786", **options)
    assert main(["analyze", str(folder), "--dask", "tcp://127.0.0.1:8786", "--jobs", "2"]) == 2
    with pytest.raises(ParameterError, match=r"must be a distributed\.Client or a scheduler's address, not 8786"):
        run([folder], client=8786)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match=r"pip install 'murmur-pcg\[cluster\]'"):
        run([folder], client="tcp://127.0.0.1:8786")


def test_dask_is_loaded_for_a_cluster_alone():
    code = "import sys, murmur.batch.runner, murmur.batch.cluster; print({'dask', 'distributed'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_environment_that_is_another_is_no_files_fault():
    for error in (
        ModuleNotFoundError("No module named 'murmur'"),
        RuntimeError("Error during deserialization of the task graph"),
    ):
        assert murmur.batch.cluster._has_no_murmur(error)
    assert not murmur.batch.cluster._has_no_murmur(RuntimeError("can't start new thread"))
