"""Heart-sound analysis for research and education, not a medical device.

``murmur.analyze("recording.wav")`` finds every S1, systole, S2 and diastole of a phonocardiogram, and measures what a
cardiologist listens for. Names are loaded when they are first used (PEP 562), so that importing murmur costs next to
nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
