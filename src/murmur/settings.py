"""The settings: every number that a user may change, with its unit and source."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache

from murmur.errors import ParameterError

#: Sample rate of every measurement: heart sounds and murmurs lie below 800 Hz.
ANALYSIS_RATE_HZ = 2000
#: Samples from frame to frame: frame k is centred k·10 ms after the first sample.
HOP = 20
FRAME_RATE_HZ = ANALYSIS_RATE_HZ // HOP


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may change; the shipped models were trained and scored with the defaults.

    Parameters
    ----------
    murmur_cost_present, murmur_cost_unknown, murmur_cost_absent : float
        Cost of missing a murmur that is present, unknown or absent. A recording is given the class whose miss would have the
        largest expected cost. The PhysioNet Challenge 2022 weighs the classes by 5, 3 and 1 (Reyna et al. 2023).
    least_confidence : float
        A cycle that is correct with a lower probability than this is not trusted.
    least_cycles : int
        A recording with fewer trusted cycles than this is unreadable.
    least_quality : float
        A recording with a lower quality index than this is unreadable.
    spike_factor : float
        A peak this many times as high as the median of the peaks before it is a friction spike (Schmidt et al. 2010: 3).

    Raises
    ------
    ParameterError
        If a value is outside its range.

    See Also
    --------
    murmur.analyze : Takes the settings.

    Examples
    --------
    >>> import murmur
    >>> murmur.Settings(least_cycles=1).least_cycles
    1
    """

    murmur_cost_present: float = 5.0
    murmur_cost_unknown: float = 3.0
    murmur_cost_absent: float = 1.0
    least_confidence: float = 0.5
    least_cycles: int = 3
    least_quality: float = 0.15
    spike_factor: float = 3.0

    def __post_init__(self) -> None:
        for name in ("murmur_cost_present", "murmur_cost_unknown", "murmur_cost_absent"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be above 0, not {getattr(self, name)!r}")
        if not 0 <= self.least_confidence < 1:
            raise ParameterError(f"least_confidence must lie in [0, 1), not {self.least_confidence!r}")
        if not 0 <= self.least_quality < 1:
            raise ParameterError(f"least_quality must lie in [0, 1), not {self.least_quality!r}")
        if self.least_cycles < 1:
            raise ParameterError(f"least_cycles must be 1 or more, not {self.least_cycles!r}")
        if not self.spike_factor > 1:
            raise ParameterError(f"spike_factor must be above 1, not {self.spike_factor!r}")

    def fingerprint(self) -> str:
        """Return twelve hexadecimal digits that change with any setting."""
        return _fingerprint(self)


@lru_cache(maxsize=64)
def _fingerprint(settings: Settings) -> str:
    text = json.dumps(asdict(settings), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
