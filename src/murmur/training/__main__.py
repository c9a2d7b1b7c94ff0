"""Train what ships, and the same on each fold's other children.

    python -m murmur.training all --data DIR --out DIR

DIR is CirCor DigiScope as published (or a set in its form). For every fold k, ``segmentation_fold{k}.npz`` and
``findings_fold{k}.npz`` never saw fold k's children; ``segmentation.npz`` and ``findings.npz`` saw all.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path

try:
    import sklearn  # noqa: F401
    import torch
except ModuleNotFoundError as error:
    raise SystemExit(f'training needs {error.name}: pip install "murmur-pcg[train]"') from None

from murmur.segmentation.model import SegmentationModel
from murmur.training.data import N_FOLDS, CircorSet, read_circor
from murmur.training.findings import fit_findings, measure_all, measure_noise
from murmur.training.segmentation import Prepared, durations_of, export, prepare, train_network

VARIANTS = 8
SEED = 20
EVERYONE = -1


def model_name(kind: str, fold: int) -> str:
    """File of what was trained without a fold's children, or on everyone."""
    return f"{kind}.npz" if fold == EVERYONE else f"{kind}_fold{fold}.npz"


class _Task:
    """One network to train; set before the workers fork, so that they share the prepared recordings."""

    data: CircorSet
    prepared: Prepared
    out: Path
    steps: int

    @classmethod
    def run(cls, fold: int) -> str:
        torch.set_num_threads(1)
        name = model_name("segmentation", fold)
        chosen = [i for i, r in enumerate(cls.data.recordings) if r.fold != fold]
        log = (cls.out / name).with_suffix(".log")
        log.unlink(missing_ok=True)
        network = train_network([cls.prepared[i] for i in chosen], steps=cls.steps, seed=SEED + fold, log=log)
        durations = durations_of([cls.data.recordings[i] for i in chosen])
        SegmentationModel.of(export(network), durations).save(cls.out / name)
        return name


def train_segmentation(data: CircorSet, out: Path, steps: int, folds: Sequence[int], jobs: int) -> None:
    """Train the networks and fit the durations, `jobs` folds at a time."""
    began = time.perf_counter()
    _Task.data, _Task.out, _Task.steps = data, out, steps
    _Task.prepared = prepare(data.recordings, VARIANTS, SEED, jobs)
    print(f"prepared {len(data.recordings)} recordings after {time.perf_counter() - began:.0f} s", flush=True)
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for name in pool.imap_unordered(_Task.run, folds):
            print(f"trained {name} after {time.perf_counter() - began:.0f} s", flush=True)


def train_findings(data: CircorSet, out: Path) -> None:
    """Fit the findings on segmentations that never saw the child."""
    began = time.perf_counter()
    folds = range(N_FOLDS)
    models = {k: SegmentationModel.load(out / f"segmentation_fold{k}.npz") for k in folds}
    rows = measure_all(data, models)
    noise = {k: measure_noise(m) for k, m in models.items()}
    print(f"measured {len(rows)} recordings in {time.perf_counter() - began:.0f} s", flush=True)
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
    parser.add_argument("stage", choices=["segmentation", "findings", "all"])
    parser.add_argument("--data", required=True, type=Path, help="CirCor's folder as published")
    parser.add_argument("--out", required=True, type=Path, help="where the models go")
    parser.add_argument("--steps", type=int, default=5000, help="training steps for each network")
    parser.add_argument("--jobs", type=int, default=2, help="networks trained at a time, one core each")
    parser.add_argument("--folds", type=int, nargs="*", default=[*range(N_FOLDS), EVERYONE], help="-1: on everyone")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = read_circor(arguments.data)
    if arguments.stage in ("segmentation", "all"):
        train_segmentation(data, arguments.out, arguments.steps, arguments.folds, arguments.jobs)
    if arguments.stage in ("findings", "all"):
        train_findings(data, arguments.out)


if __name__ == "__main__":
    main()
