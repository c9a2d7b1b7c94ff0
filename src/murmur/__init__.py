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
    from murmur.errors import MurmurError as MurmurError
    from murmur.io.recording import Recording as Recording
    from murmur.io.recording import load as load
    from murmur.live.analyzer import LiveAnalyzer as LiveAnalyzer
    from murmur.live.warmup import warm_up as warm_up
    from murmur.patients.patient import PatientAnalysis as PatientAnalysis
    from murmur.patients.patient import join_patient as join_patient
    from murmur.patients.visits import compare_visits as compare_visits
    from murmur.pipeline.analysis import Analysis as Analysis
    from murmur.pipeline.analysis import analyze as analyze
    from murmur.pipeline.analysis import segment as segment
    from murmur.pipeline.models import Models as Models
    from murmur.segmentation.result import Segmentation as Segmentation
    from murmur.segmentation.result import State as State
    from murmur.settings import Settings as Settings

_HOME = {
    "Analysis": "pipeline.analysis",
    "analyze": "pipeline.analysis",
    "segment": "pipeline.analysis",
    "LiveAnalyzer": "live.analyzer",
    "MurmurError": "errors",
    "Models": "pipeline.models",
    "PatientAnalysis": "patients.patient",
    "join_patient": "patients.patient",
    "Recording": "io.recording",
    "load": "io.recording",
    "Segmentation": "segmentation.result",
    "State": "segmentation.result",
    "Settings": "settings",
    "compare_visits": "patients.visits",
    "warm_up": "live.warmup",
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
