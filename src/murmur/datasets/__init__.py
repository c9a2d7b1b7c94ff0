"""Public data sets of heart sounds, as published: what they are, where they are, and readers for their folders.

``murmur.datasets.open("circor", folder)`` gives recordings with site, patient and labels; nothing is read before it is
asked for, and nothing is downloaded but by `get` (``murmur datasets get circor DIR``). Names are loaded when they are
first used.

Examples
--------
>>> import murmur
>>> circor = murmur.datasets.open("circor", "data/circor")  # doctest: +SKIP
>>> for recording in circor:  # doctest: +SKIP
...     print(recording.site, recording.record.murmur, murmur.analyze(recording.load()).findings.murmur.value)
>>> murmur.batch.run(circor.inputs(), "out")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.lazy import lazily

if TYPE_CHECKING:
    from murmur.datasets.bmdhs import BmdHs as BmdHs
    from murmur.datasets.bmdhs import BmdHsRecording as BmdHsRecording
    from murmur.datasets.catalogue import About as About
    from murmur.datasets.catalogue import about as about
    from murmur.datasets.catalogue import names as names
    from murmur.datasets.catalogue import open as open
    from murmur.datasets.cinc2016 import Cinc2016 as Cinc2016
    from murmur.datasets.cinc2016 import Cinc2016Recording as Cinc2016Recording
    from murmur.datasets.circor import Circor as Circor
    from murmur.datasets.circor import CircorRecording as CircorRecording
    from murmur.datasets.dataset import Dataset as Dataset
    from murmur.datasets.dataset import PublishedRecording as PublishedRecording
    from murmur.datasets.download import Fetched as Fetched
    from murmur.datasets.download import get as get

_HOME = {
    "About": "catalogue",
    "BmdHs": "bmdhs",
    "BmdHsRecording": "bmdhs",
    "Cinc2016": "cinc2016",
    "Cinc2016Recording": "cinc2016",
    "Circor": "circor",
    "CircorRecording": "circor",
    "Dataset": "dataset",
    "Fetched": "download",
    "PublishedRecording": "dataset",
    "about": "catalogue",
    "get": "download",
    "names": "catalogue",
    "open": "catalogue",
}

__all__ = [
    "About",
    "BmdHs",
    "BmdHsRecording",
    "Cinc2016",
    "Cinc2016Recording",
    "Circor",
    "CircorRecording",
    "Dataset",
    "Fetched",
    "PublishedRecording",
    "about",
    "get",
    "names",
    "open",
]


__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
