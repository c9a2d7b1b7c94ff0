"""The trained numbers behind the findings, as one file."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.learned.forest import Forest
from murmur.learned.linear import LinearModel
from murmur.measure.murmur import VECTOR_NAMES

__all__ = ["NORM_SITES", "FindingModels", "joint_probabilities"]

#: Rows of `FindingModels.s1_norm_db`; the last is for a site that is not known.
NORM_SITES = ("AV", "PV", "TV", "MV", "")


def joint_probabilities(shares: NDArray[np.float64], network_log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of what the trees and the network say of present, unknown and absent, shape (3,).

    A regression on both is no better calibrated and orders recordings worse.
    """
    odds = [math.exp(min(max(log_odds, -50.0), 50.0)) for log_odds in (*network_log_odds.tolist(), 0.0)]
    mean: NDArray[np.float64] = 0.5 * (shares + np.array(odds) / sum(odds))
    return mean


@dataclass(frozen=True, slots=True, eq=False)
class FindingModels:
    """Linear models and norms; made by `murmur.training.findings`.

    Attributes
    ----------
    beat : LinearModel
        A beat's evidence to the probability that it is right.
    murmur : Forest
        `murmur_vector` to shares of present, unknown, absent.
    patient_murmur : LinearModel
        A patient's recordings, summed up, to present, unknown, absent.
    patient_grade : LinearModel
        The same to I/VI, II/VI, III/VI.
    holosystolic : LinearModel
        `murmur.findings.character.extent_vector` to holosystolic against other timings.
    shape : LinearModel
        `murmur.findings.character.shape_vector` to plateau, diamond, decrescendo.
    blowing : LinearModel
        `murmur.findings.character.roughness_vector` to blowing against harsh.
    pitch : LinearModel
        `murmur.findings.character.pitch_vector` to low, medium, high.
    grade : LinearModel
        `murmur.findings.character.loudness_vector` to I/VI, II/VI, III/VI.
    s1_norm_db : ndarray, shape (len(NORM_SITES), 2)
        Mean and standard deviation of S1 against S2 (60 to 100 Hz) without a murmur, for each site.
    """

    beat: LinearModel
    murmur: Forest
    patient_murmur: LinearModel
    patient_grade: LinearModel
    holosystolic: LinearModel
    shape: LinearModel
    blowing: LinearModel
    pitch: LinearModel
    grade: LinearModel
    s1_norm_db: NDArray[np.float64]

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``."""
        arrays: dict[str, NDArray[Any]] = {}
        for record in fields(self):
            value = getattr(self, record.name)
            if isinstance(value, LinearModel | Forest):
                arrays |= {f"{record.name}.{part.name}": getattr(value, part.name) for part in fields(value)}
            else:
                arrays[record.name] = value
        small = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()}
        np.savez_compressed(path, allow_pickle=False, **small)

    @classmethod
    def load(cls, path: str | Path) -> FindingModels:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            arrays = dict(stored.items())
        parts: dict[str, LinearModel | Forest] = {}
        for record in fields(cls):
            if record.name == "murmur":
                parts["murmur"] = Forest(**{part.name: arrays[f"murmur.{part.name}"] for part in fields(Forest)})
            elif record.name != "s1_norm_db":
                values = {part.name: arrays[f"{record.name}.{part.name}"] for part in fields(LinearModel)}
                parts[record.name] = LinearModel(**{name: value.astype(np.float64) for name, value in values.items()})
        models = cls(**parts, s1_norm_db=arrays["s1_norm_db"].astype(np.float64))  # type: ignore[arg-type]
        if models.murmur.features > len(VECTOR_NAMES):
            raise ValueError(f"the murmur model takes {models.murmur.features} features, not {len(VECTOR_NAMES)}")
        return models

    def murmur_probabilities(
        self, vector: NDArray[np.float64], network_log_odds: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probabilities of present, unknown and absent, shape (3,).

        `vector` is a `murmur_vector`, `network_log_odds` what `murmur.measure.listening.murmur_log_odds` gives.
        """
        return joint_probabilities(self.murmur.probabilities(vector), network_log_odds)

    def s1_norm(self, site: str) -> tuple[float, float]:
        """Mean and standard deviation (dB) of S1 against S2 at a site; wider where the site is not known."""
        row = NORM_SITES.index(site) if site in NORM_SITES else NORM_SITES.index("")
        mean, deviation = self.s1_norm_db[row]
        return float(mean), float(deviation)
