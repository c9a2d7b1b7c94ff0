"""What S3, S4 and the click have in common: a sound beside S1 and S2 that recurs in every cycle."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, presence
from murmur.findings.sign import Sign, sign_of_presence
from murmur.learned.linear import sigmoid
from murmur.measure.heart_sounds import ExtraSound


class ExtraSoundRule(NamedTuple):
    """How often, how loud and how prominent an extra sound must be, all together.

    The thresholds were chosen on phantoms, and on the false alarms among CirCor's children without a murmur.

    Attributes
    ----------
    share : float
        Share of the cycles that must hold it.
    level_db : float
        Its level, against S1 (S3, S4) or S2 (click).
    prominence_db : float
        Its prominence over its surroundings.
    share_slope, level_slope_db, prominence_slope_db : float
        Change of each for each unit of log odds.
    level_limits, prominence_limits : tuple of float
        Limits of the log odds by level and by prominence: neither makes up for a sound that recurs only now and then.
    fewest_cycles : int
        In fewer cycles a chance sound may recur at the same place, too.
    """

    share: float
    level_db: float
    prominence_db: float
    share_slope: float = 0.04
    level_slope_db: float = 2.0
    prominence_slope_db: float = 2.0
    level_limits: tuple[float, float] = (-8.0, 3.5)
    prominence_limits: tuple[float, float] = (-6.0, 2.5)
    fewest_cycles: int = 6

    def probability(self, sound: ExtraSound) -> float:
        """Return the probability that a sound is one of the heart's."""
        if sound.level_db is None or sound.prominence_db is None:
            return 0.0
        often = (sound.share - self.share) / self.share_slope
        loud = _within((sound.level_db - self.level_db) / self.level_slope_db, self.level_limits)
        clear = _within((sound.prominence_db - self.prominence_db) / self.prominence_slope_db, self.prominence_limits)
        return sigmoid(often + loud + clear)

    def conclude(self, sound: ExtraSound, cycles: int) -> Finding:
        """Conclude on a sound that was looked for in so many cycles."""
        if cycles < self.fewest_cycles:
            return Finding(None, reason=f"fewer than {self.fewest_cycles} cycles were measured")
        evidence = {
            "share_of_cycles": sound.share,
            "level_db": sound.level_db,
            "prominence_db": sound.prominence_db,
            "place": sound.place,
        }
        return presence(self.probability(sound), evidence)

    def sign(self, name: str, title: str, meaning: str, full_title: str) -> Sign:
        """Make the sign of the sound that `HeartSounds` holds under this name."""

        def conclude(features: Features, context: Context) -> Finding:
            return self.conclude(getattr(features.heart_sounds, name), features.heart_sounds.cycles)

        return sign_of_presence(name=name, title=title, full_title=full_title, meaning=meaning, conclude=conclude)


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])
