"""The segmentation model as one file: network weights and state durations."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from murmur.kernels.semi_markov import DurationTables
from murmur.learned.network import NetworkWeights
from murmur.segmentation.durations import DurationModel, tabulate
from murmur.segmentation.emissions import N_BANDS, N_STATES


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationModel:
    """Everything trained that segmentation needs."""

    network: NetworkWeights
    durations: DurationModel
    tables: DurationTables

    @classmethod
    def of(cls, network: NetworkWeights, durations: DurationModel) -> SegmentationModel:
        """Combine a network with durations, which are tabulated."""
        return cls(network, durations, tabulate(durations))

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``."""
        arrays = {f"network.{name}": value for name, value in self.network.arrays().items()}
        arrays |= {f"durations.{field.name}": getattr(self.durations, field.name) for field in fields(self.durations)}
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> SegmentationModel:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            arrays = dict(stored.items())
        network = NetworkWeights.of_arrays({name.removeprefix("network."): array for name, array in arrays.items()})
        network.require(N_BANDS, N_STATES)
        durations = {f.name: arrays[f"durations.{f.name}"] for f in fields(DurationModel)}
        durations["diastole_deviation"] = float(durations["diastole_deviation"])
        return cls.of(network, DurationModel(**durations))
