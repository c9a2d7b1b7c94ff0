"""Pictures of what murmur hears, for matplotlib (extra ``plot``): each takes Axes, or makes them, and returns them.

>>> import murmur, murmur.plot
>>> recording = murmur.load("13918_MV.wav")
>>> analysis = murmur.analyze(recording)
>>> ax = murmur.plot.phonocardiogram(recording, analysis, end_s=4.0)
>>> murmur.plot.beat(analysis).figure.savefig("beat.svg")
"""

from murmur.plot.beats import beat, levels, tachogram
from murmur.plot.chest import chest_map
from murmur.plot.overview import overview
from murmur.plot.sound import phonocardiogram, spectrogram
from murmur.plot.visits import course, trend

__all__ = ["beat", "chest_map", "course", "levels", "overview", "phonocardiogram", "spectrogram", "tachogram", "trend"]
