"""Train what ships, and the same on each fold's other children.

    python -m murmur.training all --data DIR --out DIR

DIR is CirCor DigiScope as published, or a data set in the same form. The models in ``segmentation_fold{k}.npz``,
``murmur_fold{k}.npz`` and ``findings_fold{k}.npz`` never saw the children of fold k; those without a fold saw all children.
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
from murmur.training.murmur_network import Inputs, network_inputs, train_murmur_network
from murmur.training.networks import export
from murmur.training.segmentation import Prepared, durations_of, prepare, train_network

#: Disturbed versions of each recording, and versions in noise for the murmur network alone.
VARIANTS, NOISY = 8, 5
SEED = 20
EVERYONE = -1


def model_name(kind: str, fold: int) -> str:
    """Return the file name of what was trained without a fold's children, or on everyone."""
    return f"{kind}.npz" if fold == EVERYONE else f"{kind}_fold{fold}.npz"


class _Task:
    """What the workers train on; set before they fork, so that they share the prepared recordings."""

    data: CircorSet
    prepared: Prepared
    inputs: Sequence[Inputs]
    out: Path
    steps: int

    @classmethod
    def segmentation(cls, fold: int) -> str:
        path = cls.out / model_name("segmentation", fold)
        pairs = zip(cls.data.recordings, cls.prepared, strict=True)
        recordings, prepared = zip(*[pair for pair in pairs if pair[0].fold != fold], strict=True)
        network = train_network(prepared, cls.steps, SEED + fold, path.with_suffix(".log"))
        SegmentationModel.of(export(network), durations_of(recordings)).save(path)
        return path.name

    @classmethod
    def murmur(cls, fold: int) -> str:
        path = cls.out / model_name("murmur", fold)
        seen = [(inputs, r.info) for inputs, r in zip(cls.inputs, cls.data.recordings, strict=True) if r.fold != fold]
        labelled = [(inputs, cls.data.patients[info.patient].murmur_at(info.site)) for inputs, info in seen]
        inputs, labels = zip(*[pair for pair in labelled if pair[1]], strict=True)
        export(train_murmur_network(inputs, labels, SEED + fold, cls.steps, path.with_suffix(".log"))).save(path)
        return path.name


def _train(task: Callable[[int], str], folds: Sequence[int], jobs: int) -> None:
    """Run a task for every fold, `jobs` at the same time."""
    began = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(jobs, torch.set_num_threads, (1,)) as pool:
        for name in pool.imap_unordered(task, folds):
            print(f"trained {name} after {time.perf_counter() - began:.0f} s", flush=True)


def _segmentation_models(out: Path) -> dict[int, SegmentationModel]:
    return {fold: SegmentationModel.load(out / model_name("segmentation", fold)) for fold in range(N_FOLDS)}


def train_networks(arguments: argparse.Namespace, data: CircorSet) -> None:
    """Train the segmentation networks and fit the durations, then train the murmur networks.

    A murmur network takes posteriors of a segmentation network that never saw the child.
    """
    began = time.perf_counter()
    prepared = prepare(data.recordings, VARIANTS, NOISY, SEED, arguments.jobs)
    print(f"prepared {len(data.recordings)} recordings in {time.perf_counter() - began:.0f} s", flush=True)
    _Task.data, _Task.out = data, arguments.out
    if arguments.stage in ("segmentation", "all"):
        _Task.prepared, _Task.steps = [versions[: VARIANTS + 1] for versions in prepared], arguments.steps
        _train(_Task.segmentation, arguments.folds, arguments.jobs)
    if arguments.stage in ("murmur", "all"):
        models = _segmentation_models(arguments.out)
        pairs = zip(prepared, data.recordings, strict=True)
        _Task.inputs, _Task.steps = [network_inputs(v, models[r.fold]) for v, r in pairs], arguments.murmur_steps
        _train(_Task.murmur, arguments.folds, arguments.jobs)


def train_findings(data: CircorSet, out: Path, jobs: int) -> None:
    """Fit the findings on segmentations that never saw the child."""
    began, folds = time.perf_counter(), range(N_FOLDS)
    models = _segmentation_models(out)
    networks = {fold: load_murmur_network(out / model_name("murmur", fold)) for fold in folds}
    rows = measure_all(data, models, networks, jobs)
    noise = {fold: measure_noise(models[fold], networks[fold]) for fold in folds}
    print(f"measured {len(rows)} versions of recordings in {time.perf_counter() - began:.0f} s", flush=True)
    for fold in [*folds, EVERYONE]:
        others = [k for k in folds if k != fold]
        seen = [row for row in rows if row.recording.fold != fold]
        fit_findings(seen, [m for k in others for m in noise[k]], others).save(out / model_name("findings", fold))
    print(f"fitted the findings after {time.perf_counter() - began:.0f} s", flush=True)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        prog="python -m murmur.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=["segmentation", "murmur", "findings", "all"])
    parser.add_argument("--data", required=True, type=Path, help="folder of CirCor as published")
    parser.add_argument("--out", required=True, type=Path, help="output folder of the models")
    parser.add_argument("--steps", type=int, default=5000, help="training steps of each segmentation network")
    parser.add_argument("--murmur-steps", type=int, default=1500, help="training steps of each murmur network")
    parser.add_argument("--jobs", type=int, default=2, help="networks trained at the same time, one core each")
    folds = [*range(N_FOLDS), EVERYONE]
    parser.add_argument("--folds", type=int, nargs="*", default=folds, help="folds to train without; -1: train on everyone")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = read_circor(arguments.data)
    if arguments.stage != "findings":
        train_networks(arguments, data)
    if arguments.stage in ("findings", "all"):
        train_findings(data, arguments.out, arguments.jobs)


if __name__ == "__main__":
    main()
