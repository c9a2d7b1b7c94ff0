"""``python -m murmur.training STAGE --data DIR --out DIR``: train what ships, and the same on each fold's other children."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from murmur.segmentation.durations import DurationTables
from murmur.segmentation.model import SegmentationModel
from murmur.training.data import N_FOLDS, CircorSet, read_circor
from murmur.training.segmentation import durations_of, export, prepare, train_network

VARIANTS = 4
SEED = 20


def train_segmentation(data: CircorSet, out: Path, steps: int, only: list[int]) -> None:
    """Write ``segmentation_fold{k}.npz``, each blind to fold k, and ``segmentation.npz`` from everyone (fold −1)."""
    log = out / "segmentation.log"
    began = time.perf_counter()
    prepared = prepare(data.recordings, VARIANTS, SEED)
    with log.open("a") as f:
        f.write(f"prepared {len(prepared)} recordings in {time.perf_counter() - began:.0f} s\n")
    for fold in only:
        chosen = [i for i, r in enumerate(data.recordings) if r.fold != fold]
        network = train_network([prepared[i] for i in chosen], steps=steps, seed=SEED + fold, say=log)
        durations = durations_of([data.recordings[i] for i in chosen])
        model = SegmentationModel(export(network), durations, DurationTables.build(durations))
        name = "segmentation.npz" if fold < 0 else f"segmentation_fold{fold}.npz"
        model.save(out / name)
        with log.open("a") as f:
            f.write(f"wrote {name} after {time.perf_counter() - began:.0f} s\n")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="python -m murmur.training", description=__doc__)
    parser.add_argument("stage", choices=["segmentation"])
    parser.add_argument("--data", required=True, type=Path, help="CirCor's folder as published")
    parser.add_argument("--out", required=True, type=Path, help="where the models go")
    parser.add_argument("--steps", type=int, default=3000, help="training steps for each network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folds", type=int, nargs="*", default=[*range(N_FOLDS), -1], help="-1: train on everyone")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = read_circor(arguments.data)
    train_segmentation(data, arguments.out, arguments.steps, arguments.folds)


if __name__ == "__main__":
    main()
