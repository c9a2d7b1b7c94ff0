"""The trained numbers behind the findings, as one file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from murmur.features.murmur import VECTOR_NAMES
from murmur.linear import LinearModel

__all__ = ["NORM_SITES", "FindingModels"]

#: Rows of `FindingModels.s1_norm_db`; the last is for a site that is not known.
NORM_SITES = ("AV", "PV", "TV", "MV", "")


@dataclass(frozen=True, slots=True, eq=False)
class FindingModels:
    """Linear models and norms; made by `murmur.training.findings`.

    Attributes
    ----------
    beat : LinearModel
        A beat's evidence to the probability that it is right.
    murmur : LinearModel
        `murmur_vector` to present, unknown, absent.
    patient_murmur : LinearModel
        A patient's recordings, summed up, to present, unknown, absent.
    pitch : LinearModel
        To low, medium, high.
    grade : LinearModel
        To I/VI, II/VI, III/VI.
    s1_norm_db : ndarray, shape (len(NORM_SITES), 2)
        Mean and standard deviation of S1 against S2 (60 to 100 Hz) without a murmur, for each site.
    """

    beat: LinearModel
    murmur: LinearModel
    patient_murmur: LinearModel
    pitch: LinearModel
    grade: LinearModel
    s1_norm_db: NDArray[np.float64]

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``."""
        arrays: dict[str, NDArray[np.float64]] = {}
        for record in fields(self):
            value = getattr(self, record.name)
            if isinstance(value, LinearModel):
                arrays |= {f"{record.name}.{part.name}": getattr(value, part.name) for part in fields(value)}
            else:
                arrays[record.name] = value
        np.savez_compressed(path, allow_pickle=False, **{k: v.astype(np.float32) for k, v in arrays.items()})

    @classmethod
    def load(cls, path: str | Path) -> FindingModels:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            arrays = {name: value.astype(np.float64) for name, value in stored.items()}
        linear = {
            record.name: LinearModel(**{part.name: arrays[f"{record.name}.{part.name}"] for part in fields(LinearModel)})
            for record in fields(cls)
            if record.name != "s1_norm_db"
        }
        models = cls(**linear, s1_norm_db=arrays["s1_norm_db"])
        if models.murmur.centre.shape != (len(VECTOR_NAMES),):
            raise ValueError(f"the murmur model takes {models.murmur.centre.size} features, not {len(VECTOR_NAMES)}")
        return models

    def s1_norm(self, site: str) -> tuple[float, float]:
        """Mean and standard deviation (dB) of S1 against S2 at a site; wider where the site is not known."""
        row = NORM_SITES.index(site) if site in NORM_SITES else NORM_SITES.index("")
        mean, deviation = self.s1_norm_db[row]
        return float(mean), float(deviation)
