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

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
