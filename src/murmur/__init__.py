"""Heart-sound analysis for research and education, not a medical device.

``murmur.analyze("recording.wav")`` finds every S1, systole, S2 and diastole of a phonocardiogram, and measures what a
cardiologist listens for. Names are loaded when they are first used (PEP 562), so that importing murmur costs next to
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.lazy import lazily
from murmur.version import __version__

if TYPE_CHECKING:
    from murmur import datasets as datasets
    from murmur.analysis import Analysis as Analysis
    from murmur.analysis import analyze as analyze
    from murmur.analysis import segment as segment
    from murmur.errors import MurmurError as MurmurError
    from murmur.live.analyzer import LiveAnalyzer as LiveAnalyzer
    from murmur.models import Models as Models
    from murmur.patient import PatientAnalysis as PatientAnalysis
    from murmur.patient import join_patient as join_patient
    from murmur.recording import Recording as Recording
    from murmur.recording import load as load
    from murmur.segmentation.result import Segmentation as Segmentation
    from murmur.segmentation.result import State as State
    from murmur.settings import Settings as Settings
    from murmur.visits import compare_visits as compare_visits
    from murmur.warmup import warm_up as warm_up

_HOME = {
    "Analysis": "analysis",
    "analyze": "analysis",
    "segment": "analysis",
    "LiveAnalyzer": "live.analyzer",
    "MurmurError": "errors",
    "Models": "models",
    "PatientAnalysis": "patient",
    "join_patient": "patient",
    "Recording": "recording",
    "load": "recording",
    "Segmentation": "segmentation.result",
    "State": "segmentation.result",
    "Settings": "settings",
    "compare_visits": "visits",
    "warm_up": "warmup",
}

#: Parts that are used by their own name, such as `murmur.plot.beat`.
_PACKAGES = ("batch", "datasets", "formats", "plot", "report", "synthesis")

__all__ = [
    "Analysis",
    "LiveAnalyzer",
    "Models",
    "MurmurError",
    "PatientAnalysis",
    "Recording",
    "Segmentation",
    "Settings",
    "State",
    "__version__",
    "analyze",
    "compare_visits",
    "join_patient",
    "load",
    "segment",
    "warm_up",
]


__getattr__ = lazily(__name__, _HOME, _PACKAGES)


def __dir__() -> list[str]:
    return sorted([*__all__, *_PACKAGES])
