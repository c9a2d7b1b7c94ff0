"""Train what ships, and the same on each fold's other children.

    python -m murmur.training all --data DIR --out DIR

DIR is CirCor DigiScope as published (or a set in its form). For every fold k, ``segmentation_fold{k}.npz``,
``murmur_fold{k}.npz`` and ``findings_fold{k}.npz`` never saw fold k's children; those without a fold saw all.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable, Sequence
from pathlib import Path

try:
    import sklearn  # noqa: F401
    import torch
except ModuleNotFoundError as error:
    raise SystemExit(f'training needs {error.name}: pip install "murmur-pcg[train]"') from None

from murmur.measure.murmur_network import load_murmur_network
from murmur.segmentation.model import SegmentationModel
from murmur.training.data import N_FOLDS, CircorSet, read_circor
from murmur.training.findings import fit_findings, measure_all, measure_noise
from murmur.training.murmur_network import Heard, hear, train_murmur_network
from murmur.training.networks import export
from murmur.training.segmentation import Prepared, durations_of, prepare, train_network

#: Disturbed versions of each recording, and ones in noise that the murmur network hears, too.
VARIANTS, NOISY = 8, 5
SEED = 20
EVERYONE = -1


def model_name(kind: str, fold: int) -> str:
    """File of what was trained without a fold's children, or on everyone."""
    return f"{kind}.npz" if fold == EVERYONE else f"{kind}_fold{fold}.npz"


class _Task:
    """Networks to train; set before the workers fork, so that they share the prepared recordings."""

    data: CircorSet
    prepared: Prepared
    heard: Sequence[Heard]
    out: Path
    steps: int

    @classmethod
    def _log(cls, name: str) -> Path:
        torch.set_num_threads(1)
        log = (cls.out / name).with_suffix(".log")
        log.unlink(missing_ok=True)
        return log

    @classmethod
    def segmentation(cls, fold: int) -> str:
        name = model_name("segmentation", fold)
        log = cls._log(name)
        chosen = [i for i, r in enumerate(cls.data.recordings) if r.fold != fold]
        network = train_network([cls.prepared[i] for i in chosen], steps=cls.steps, seed=SEED + fold, log=log)
        durations = durations_of([cls.data.recordings[i] for i in chosen])
        SegmentationModel.of(export(network), durations).save(cls.out / name)
        return name

    @classmethod
    def murmur(cls, fold: int) -> str:
        name = model_name("murmur", fold)
        log = cls._log(name)
        labels = [cls.data.patients[r.info.patient].murmur_at(r.info.site) for r in cls.data.recordings]
        chosen = [(cls.heard[i], label) for i, label in enumerate(labels) if label and cls.data.recordings[i].fold != fold]
        heard, known = zip(*chosen, strict=True)
        export(train_murmur_network(heard, known, SEED + fold, cls.steps, log)).save(cls.out / name)
        return name


def _train(task: Callable[[int], str], folds: Sequence[int], jobs: int) -> None:
    """Run a task for every fold, `jobs` at a time."""
    began = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for name in pool.imap_unordered(task, folds):
            print(f"trained {name} after {time.perf_counter() - began:.0f} s", flush=True)


def train_segmentation(data: CircorSet, prepared: Prepared, out: Path, steps: int, folds: Sequence[int], jobs: int) -> None:
    """Train the segmentation networks and fit the durations."""
    labelled = [versions[: VARIANTS + 1] for versions in prepared]
    _Task.data, _Task.prepared, _Task.out, _Task.steps = data, labelled, out, steps
    _train(_Task.segmentation, folds, jobs)


def train_murmur(data: CircorSet, prepared: Prepared, out: Path, steps: int, folds: Sequence[int], jobs: int) -> None:
    """Train the murmur networks, on posteriors of networks that never saw the child."""
    models = {k: SegmentationModel.load(out / model_name("segmentation", k)) for k in range(N_FOLDS)}
    heard = [hear(versions, models[r.fold]) for versions, r in zip(prepared, data.recordings, strict=True)]
    _Task.data, _Task.heard, _Task.out, _Task.steps = data, heard, out, steps
    _train(_Task.murmur, folds, jobs)


def train_findings(data: CircorSet, out: Path, jobs: int) -> None:
    """Fit the findings on segmentations that never saw the child."""
    began = time.perf_counter()
    folds = range(N_FOLDS)
    models = {k: SegmentationModel.load(out / model_name("segmentation", k)) for k in folds}
    networks = {k: load_murmur_network(out / model_name("murmur", k)) for k in folds}
    rows = measure_all(data, models, networks, jobs)
    noise = {k: measure_noise(models[k], networks[k]) for k in folds}
    print(f"measured {len(rows)} versions of recordings in {time.perf_counter() - began:.0f} s", flush=True)
    for fold in [*folds, EVERYONE]:
        others = [k for k in folds if k != fold]
        heard = [r for r in rows if r.recording.fold != fold]
        fit_findings(heard, [m for k in others for m in noise[k]], others).save(out / model_name("findings", fold))
    print(f"fitted the findings after {time.perf_counter() - began:.0f} s", flush=True)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        prog="python -m murmur.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=["segmentation", "murmur", "findings", "all"])
    parser.add_argument("--data", required=True, type=Path, help="CirCor's folder as published")
    parser.add_argument("--out", required=True, type=Path, help="where the models go")
    parser.add_argument("--steps", type=int, default=5000, help="training steps for each segmentation network")
    parser.add_argument("--murmur-steps", type=int, default=1500, help="the same for each murmur network")
    parser.add_argument("--jobs", type=int, default=2, help="networks trained at a time, one core each")
    parser.add_argument("--folds", type=int, nargs="*", default=[*range(N_FOLDS), EVERYONE], help="-1: on everyone")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = read_circor(arguments.data)
    if arguments.stage != "findings":
        began = time.perf_counter()
        prepared = prepare(data.recordings, VARIANTS, NOISY, SEED, arguments.jobs)
        print(f"prepared {len(data.recordings)} recordings in {time.perf_counter() - began:.0f} s", flush=True)
    if arguments.stage in ("segmentation", "all"):
        train_segmentation(data, prepared, arguments.out, arguments.steps, arguments.folds, arguments.jobs)
    if arguments.stage in ("murmur", "all"):
        train_murmur(data, prepared, arguments.out, arguments.murmur_steps, arguments.folds, arguments.jobs)
    if arguments.stage in ("findings", "all"):
        train_findings(data, arguments.out, arguments.jobs)


if __name__ == "__main__":
    main()
