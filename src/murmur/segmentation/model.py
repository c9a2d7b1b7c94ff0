"""The segmentation model as one file: network weights and state durations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from murmur.segmentation.durations import DurationModel, DurationTables
from murmur.segmentation.emissions import NetworkWeights

__all__ = ["SegmentationModel"]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationModel:
    """Everything trained that segmentation needs; several networks speak with one voice, the mean of their logits."""

    networks: tuple[NetworkWeights, ...]
    durations: DurationModel
    tables: DurationTables

    @classmethod
    def of(cls, networks: Sequence[NetworkWeights], durations: DurationModel) -> SegmentationModel:
        """Put together, with the durations tabulated."""
        return cls(tuple(networks), durations, DurationTables.build(durations))

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``; weights as float16, which changes no figure."""
        arrays = {}
        parts: dict[str, NetworkWeights | DurationModel] = {f"network{i}": n for i, n in enumerate(self.networks)}
        for part, record in {**parts, "durations": self.durations}.items():
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
        networks: list[NetworkWeights] = []
        while f"network{len(networks)}.lookahead" in values:
            part = {f.name: values[f"network{len(networks)}.{f.name}"] for f in fields(NetworkWeights)}
            networks.append(NetworkWeights(**{**part, "lookahead": int(part["lookahead"])}))
        if not networks:
            raise ValueError("no network in it")
        durations = {f.name: values[f"durations.{f.name}"] for f in fields(DurationModel)}
        durations["diastole_deviation"] = float(durations["diastole_deviation"])
        return cls.of(networks, DurationModel(**durations))
