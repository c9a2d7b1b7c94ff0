"""What else a user could run on the same WAV file; each is left out with a word where it is not installed.

Extra packages: ``pip install pyPCG-toolbox biosppy peakutils cython git+https://github.com/jvkersch/hsmmlearn``. pyPCG's
segmenter decodes with hsmmlearn, which is not on PyPI; without it, what comes before the decoding is timed, so the ratio
is a lower bound.
"""

from __future__ import annotations

import contextlib
import io
import sys
import types
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR", "alternatives"]

Run = Callable[[Path], object]

FLOOR = "floor: the WAV read as int16, one order-4 sosfilt, one stft"


def _read(path: Path) -> tuple[int, NDArray[np.int16]]:
    from scipy.io import wavfile

    return wavfile.read(path)  # type: ignore[no-any-return]


def _floor(path: Path) -> object:
    """The least anybody could do: read the file, one filter and one spectrogram."""
    from scipy.signal import butter, sosfilt, stft

    sample_rate_hz, samples = _read(path)
    filtered = sosfilt(butter(4, 25, "highpass", fs=sample_rate_hz, output="sos"), samples)
    return stft(filtered, sample_rate_hz, nperseg=256, noverlap=216)


def _plain() -> tuple[str, Run]:
    """Segmentation and a murmur's features as one writes them at first, with SciPy and librosa."""
    import librosa
    from scipy.signal import butter, find_peaks, hilbert, sosfiltfilt

    def run(path: Path) -> object:
        samples, rate = librosa.load(path, sr=2000)
        filtered = sosfiltfilt(butter(4, [25, 400], "band", fs=rate, output="sos"), samples)
        envelope = sosfiltfilt(butter(2, 10, fs=rate, output="sos"), np.abs(hilbert(filtered)))
        peaks, _ = find_peaks(envelope, distance=int(0.15 * rate), prominence=0.1 * envelope.max())
        spectrogram = librosa.feature.melspectrogram(y=filtered, sr=rate, n_fft=256, hop_length=20, n_mels=32)
        return (
            peaks,
            librosa.power_to_db(spectrogram),
            librosa.feature.spectral_centroid(y=filtered, sr=rate, n_fft=256, hop_length=20),
            librosa.feature.spectral_bandwidth(y=filtered, sr=rate, n_fft=256, hop_length=20),
            librosa.feature.zero_crossing_rate(filtered, hop_length=20),
        )

    return "SciPy and librosa, written the obvious way", run


def _at_1_khz(path: Path) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    sample_rate_hz, samples = _read(path)
    return resample_poly(samples / 32768.0, 1000, sample_rate_hz)  # type: ignore[no-any-return]


@cache
def _stand_in_for_hsmmlearn() -> bool:
    """Let pyPCG be imported without the decoder it asks for; return whether the decoder is there."""
    try:
        import hsmmlearn  # noqa: F401
    except ImportError:
        for name, attributes in (
            ("hsmmlearn", ()),
            ("hsmmlearn.emissions", ("AbstractEmissions",)),
            ("hsmmlearn.hsmm", ("HSMMModel",)),
        ):
            module = types.ModuleType(name)
            for attribute in attributes:
                setattr(module, attribute, type(attribute, (), {}))
            sys.modules[name] = module
        return False
    return True


def _pypcg() -> tuple[str, Run]:
    whole = _stand_in_for_hsmmlearn()
    from pyPCG import lr_hsmm

    if whole:
        from murmur.synthesis import Phantom, synthesize

        model = lr_hsmm.LR_HSMM()
        sound = synthesize(Phantom(), duration_s=20.0, sample_rate_hz=2000)
        s1, s2 = ([a for a, _, s in sound.intervals if s == state] for state in (1, 3))
        with contextlib.redirect_stdout(io.StringIO()):
            model.train_model([sound.samples[::2].astype(np.float64)], [s1], [s2])
        return (
            "pyPCG-toolbox HSMM (segmentation only)",
            lambda path: model.segment_single(_at_1_khz(path), recalc_timing=True),
        )

    def features(path: Path) -> object:
        signal = _at_1_khz(path)
        lr_hsmm._get_hr_sys(signal, 1000)
        return lr_hsmm._generate_features(signal, 1000, 50)

    return "pyPCG-toolbox HSMM (segmentation only, WITHOUT its decoding: hsmmlearn is missing)", features


def _pypcg_peaks() -> tuple[str, Run]:
    _stand_in_for_hsmmlearn()
    from pyPCG import pcg_signal, preprocessing, segment

    def run(path: Path) -> object:
        sample_rate_hz, samples = _read(path)
        envelope = preprocessing.homomorphic(pcg_signal(samples / 32768.0, sample_rate_hz))
        return segment.peak_sort_diff(segment.adv_peak(envelope)[1])

    return "pyPCG-toolbox peak picking (segmentation only)", run


def _biosppy() -> tuple[str, Run]:
    from biosppy.signals import pcg

    def run(path: Path) -> object:
        sample_rate_hz, samples = _read(path)
        return pcg.pcg(signal=samples / 32768.0, sampling_rate=float(sample_rate_hz), show=False)

    return "BioSPPy pcg (segmentation only)", run


def alternatives() -> tuple[dict[str, Run], list[str]]:
    """Return what can be run on a WAV file, by name, and a word on what can't."""
    warnings.simplefilter("ignore")  # the alternatives' own
    found: dict[str, Run] = {FLOOR: _floor}
    missing = []
    for name, make in (
        ("pyPCG-toolbox", _pypcg_peaks),
        ("pyPCG-toolbox", _pypcg),
        ("BioSPPy", _biosppy),
        ("librosa", _plain),
    ):
        try:
            title, run = make()
            found[title] = run
        except ImportError as error:
            missing.append(f"{name}: not timed ({error})")
    return found, missing
