"""The segmentation model as one file: network weights and state durations."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from murmur.segmentation.durations import DurationModel, DurationTables
from murmur.segmentation.emissions import NetworkWeights

__all__ = ["SegmentationModel"]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationModel:
    """Everything trained that segmentation needs."""

    network: NetworkWeights
    durations: DurationModel
    tables: DurationTables

    @classmethod
    def of(cls, network: NetworkWeights, durations: DurationModel) -> SegmentationModel:
        """Put together, with the durations tabulated."""
        return cls(network, durations, DurationTables.build(durations))

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``; weights as float16, which changes no figure."""
        arrays = {}
        for part in ("network", "durations"):
            record = getattr(self, part)
            for field in fields(record):
                value = np.asarray(getattr(record, field.name))
                arrays[f"{part}.{field.name}"] = value.astype(np.float16) if value.dtype == np.float32 else value
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> SegmentationModel:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            values = {
                name: value.astype(np.float32) if value.dtype == np.float16 else value for name, value in stored.items()
            }
        network = {f.name: values[f"network.{f.name}"] for f in fields(NetworkWeights)}
        durations = {f.name: values[f"durations.{f.name}"] for f in fields(DurationModel)}
        network["lookahead"] = int(network["lookahead"])
        durations["diastole_deviation"] = float(durations["diastole_deviation"])
        return cls.of(NetworkWeights(**network), DurationModel(**durations))
