"""What a sign is concluded from: the features of a recording, and their context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.models import FindingModels
from murmur.measure.heart_sounds import HeartSounds
from murmur.measure.murmur import MurmurFeatures
from murmur.measure.rhythm import Rhythm
from murmur.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Everything that was measured of a recording's trusted cycles.

    Attributes
    ----------
    murmur : MurmurFeatures
        The sound of systole and diastole.
    heart_sounds : HeartSounds
        S1, S2 and the sounds beside them.
    rhythm : Rhythm
        Rate and intervals.
    murmur_vector : ndarray, shape (len(murmur.measure.murmur.VECTOR_NAMES),)
        What the trees of the murmur model take.
    network_log_odds : ndarray, shape (2,)
        The murmur network's log odds of present and of unknown, each against absent.
    """

    murmur: MurmurFeatures
    heart_sounds: HeartSounds
    rhythm: Rhythm
    murmur_vector: NDArray[np.float64]
    network_log_odds: NDArray[np.float64]


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
