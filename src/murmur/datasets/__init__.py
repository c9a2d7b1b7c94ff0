"""Public data sets of heart sounds: descriptions, downloads and readers.

``murmur.datasets.open("circor", folder)`` returns recordings with site, patient and labels; sound and labels are read on
request. Only `get` (``murmur datasets get circor DIR``) downloads anything. Names are loaded when they are first used.

Examples
--------
>>> import murmur
>>> circor = murmur.datasets.open("circor", "data/circor")  # doctest: +SKIP
>>> for recording in circor:  # doctest: +SKIP
...     print(recording.info.site, recording.record.murmur, murmur.analyze(recording.load()).findings.murmur.value)
>>> murmur.batch.run(circor.inputs(), "out")  # doctest: +SKIP
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
