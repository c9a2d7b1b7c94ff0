"""The trained models behind the findings, as one file."""

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

#: Rows of `FindingModels.s1_norm_db`; the last is for an unknown site.
NORM_SITES = ("AV", "PV", "TV", "MV", "")


def joint_probabilities(shares: NDArray[np.float64], network_log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the probabilities by the trees and by the network, shape (3,).

    A regression on both is no better calibrated, and ranks recordings worse (benchmarks/README.md).

    Parameters
    ----------
    shares : ndarray, shape (3,)
        The trees' probabilities of present, unknown and absent.
    network_log_odds : ndarray, shape (2,)
        The network's log odds of present and unknown against absent.
    """
    odds = [math.exp(min(max(log_odds, -50.0), 50.0)) for log_odds in (*network_log_odds.tolist(), 0.0)]
    mean: NDArray[np.float64] = 0.5 * (shares + np.array(odds) / sum(odds))
    return mean


@dataclass(frozen=True, slots=True, eq=False)
class FindingModels:
    """Trees, regressions and norms, made by `murmur.training.findings`.

    Attributes
    ----------
    beat : LinearModel
        The evidence for a cycle to the probability that it is correct: `murmur.measure.quality.cycle_evidence`.
    murmur : Forest
        `murmur.measure.murmur.murmur_vector` to shares of present, unknown, absent.
    patient_murmur : LinearModel
        `murmur.patients.patient.patient_vector` to present, unknown, absent.
    patient_grade : LinearModel
        `murmur.patients.patient.grade_vector` to I/VI, II/VI, III/VI.
    holosystolic : LinearModel
        `murmur.findings.systolic_timing.vector` to holosystolic against other timings.
    shape : LinearModel
        `murmur.findings.systolic_shape.vector` to plateau, diamond, decrescendo.
    blowing : LinearModel
        `murmur.findings.systolic_quality.vector` to blowing against harsh.
    pitch : LinearModel
        `murmur.findings.systolic_pitch.vector` to low, medium, high.
    grade : LinearModel
        `murmur.findings.grade.vector` to I/VI, II/VI, III/VI.
    s1_norm_db : ndarray, shape (len(NORM_SITES), 2)
        Median and standard deviation of S1 against S2 (60 to 100 Hz) without a murmur, for each site.
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
        arrays: dict[str, NDArray[Any]] = {"s1_norm_db": self.s1_norm_db}
        for model in fields(self)[:-1]:
            value = getattr(self, model.name)
            arrays |= {f"{model.name}.{part.name}": getattr(value, part.name) for part in fields(value)}
        small = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()}
        np.savez_compressed(path, allow_pickle=False, **small)

    @classmethod
    def load(cls, path: str | Path) -> FindingModels:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            arrays = {k: v if k.startswith("murmur.") else v.astype(np.float64) for k, v in stored.items()}

        def part(name: str, kind: type[Any]) -> Any:
            return kind(**{field.name: arrays[f"{name}.{field.name}"] for field in fields(kind)})

        linear = {model.name: part(model.name, LinearModel) for model in fields(cls) if model.type == "LinearModel"}
        models = cls(**linear, murmur=part("murmur", Forest), s1_norm_db=arrays["s1_norm_db"])
        if models.murmur.features > len(VECTOR_NAMES):
            raise ValueError(f"the murmur model takes {models.murmur.features} features, not {len(VECTOR_NAMES)}")
        return models

    def s1_norm(self, site: str) -> tuple[float, float]:
        """Return the median and the standard deviation (dB) of S1 against S2 at a site; wider for an unknown site."""
        row = NORM_SITES.index(site) if site in NORM_SITES else NORM_SITES.index("")
        mean, deviation = self.s1_norm_db[row]
        return float(mean), float(deviation)
