"""Plots of recordings and analyses (extra ``plot``). Each takes matplotlib Axes, or makes them, and returns them.

>>> import murmur
>>> recording = murmur.load("13918_MV.wav")
>>> analysis = murmur.analyze(recording)
>>> ax = murmur.plot.phonocardiogram(recording, analysis, end_s=4.0)
>>> murmur.plot.cycle(analysis).figure.savefig("cycle.svg")
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
