"""What a sign depends on beside the features of the recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.models import FindingModels
from murmur.settings import Settings

__all__ = ["Context"]


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Where a recording was made, what judges it, and what has been concluded of it so far.

    Attributes
    ----------
    site : str
        Auscultation site; empty where not known.
    models : FindingModels
        The trained models.
    settings : Settings
        The settings.
    systolic : ndarray, shape (3,)
        Probabilities that a systolic murmur is present, unknown, absent: `murmur.findings.murmur.systolic_probabilities`.
    concluded : dict of str to Finding
        The signs before this one, by name.
    """

    site: str
    models: FindingModels
    settings: Settings
    systolic: NDArray[np.float64]
    concluded: Mapping[str, Finding | MurmurFinding] = field(default_factory=dict)

    def probability(self, name: str) -> float:
        """Return the probability of a sign before this one; 0 where nothing could be concluded."""
        return self.concluded[name].probability or 0.0
