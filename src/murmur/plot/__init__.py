"""Pictures of what murmur hears, for matplotlib (extra ``plot``): each takes Axes, or makes them, and returns them.

>>> import murmur
>>> recording = murmur.load("13918_MV.wav")
>>> analysis = murmur.analyze(recording)
>>> ax = murmur.plot.phonocardiogram(recording, analysis, end_s=4.0)
>>> murmur.plot.beat(analysis).figure.savefig("beat.svg")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.lazy import lazily

if TYPE_CHECKING:
    from murmur.plot.beats import beat as beat
    from murmur.plot.beats import levels as levels
    from murmur.plot.beats import tachogram as tachogram
    from murmur.plot.chest import chest_map as chest_map
    from murmur.plot.sheet import overview as overview
    from murmur.plot.sound import phonocardiogram as phonocardiogram
    from murmur.plot.sound import spectrogram as spectrogram
    from murmur.plot.visits import course as course
    from murmur.plot.visits import trend as trend

_HOME = {
    "beat": "beats",
    "chest_map": "chest",
    "course": "visits",
    "levels": "beats",
    "overview": "sheet",
    "phonocardiogram": "sound",
    "spectrogram": "sound",
    "tachogram": "beats",
    "trend": "visits",
}

__all__ = ["beat", "chest_map", "course", "levels", "overview", "phonocardiogram", "spectrogram", "tachogram", "trend"]

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
