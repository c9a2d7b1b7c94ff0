"""What else a user could run on the same samples; each is left out with a word where it is not installed.

Extra packages: ``pip install pyPCG-toolbox biosppy peakutils cython git+https://github.com/jvkersch/hsmmlearn``. pyPCG's
segmenter decodes with hsmmlearn, which is not on PyPI; without it, what comes before the decoding is timed, so the ratio
is a lower bound.
"""

from __future__ import annotations

import contextlib
import io
import sys
import types
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["alternatives"]

Samples = NDArray[np.float32]
Run = Callable[[Samples, int], object]


def _floor(samples: Samples, sample_rate_hz: int) -> object:
    """The least anybody could do: one filter and one spectrogram."""
    from scipy.signal import butter, sosfilt, stft

    filtered = sosfilt(butter(4, [25, 400], "band", fs=sample_rate_hz, output="sos"), samples)
    return stft(filtered, sample_rate_hz, nperseg=256, noverlap=216)


def _at_1_khz(samples: Samples, sample_rate_hz: int) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    return resample_poly(samples.astype(np.float64), 1000, sample_rate_hz)  # type: ignore[no-any-return]


def _pypcg() -> tuple[str, Run]:
    whole = True
    try:
        import hsmmlearn  # noqa: F401
    except ImportError:
        whole = False
        for name, attributes in (
            ("hsmmlearn", ()),
            ("hsmmlearn.emissions", ("AbstractEmissions",)),
            ("hsmmlearn.hsmm", ("HSMMModel",)),
        ):
            module = types.ModuleType(name)
            for attribute in attributes:
                setattr(module, attribute, type(attribute, (), {}))
            sys.modules[name] = module
    from pyPCG import lr_hsmm

    if whole:
        from murmur.synthesis import Phantom, synthesize

        model = lr_hsmm.LR_HSMM()
        sound = synthesize(Phantom(), duration_s=20.0)
        train = _at_1_khz(sound.samples, sound.sample_rate_hz)
        s1, s2 = ([a for a, _, s in sound.intervals if s == state] for state in (1, 3))
        with contextlib.redirect_stdout(io.StringIO()):
            model.train_model([train], [s1], [s2])

        def run(samples: Samples, sample_rate_hz: int) -> object:
            return model.segment_single(_at_1_khz(samples, sample_rate_hz), recalc_timing=True)

        return "pyPCG-toolbox HSMM (segmentation only)", run

    def features(samples: Samples, sample_rate_hz: int) -> object:
        signal = _at_1_khz(samples, sample_rate_hz)
        lr_hsmm._get_hr_sys(signal, 1000)
        return lr_hsmm._generate_features(signal, 1000, 50)

    return "pyPCG-toolbox HSMM (segmentation only, WITHOUT its decoding: hsmmlearn is missing)", features


def _biosppy() -> tuple[str, Run]:
    from biosppy.signals import pcg

    def run(samples: Samples, sample_rate_hz: int) -> object:
        return pcg.pcg(signal=samples.astype(float), sampling_rate=float(sample_rate_hz), show=False)

    return "BioSPPy pcg (segmentation only)", run


def alternatives() -> tuple[dict[str, Run], list[str]]:
    """Return what can be run, by name, and a word on what can't."""
    found: dict[str, Run] = {"floor: one order-4 sosfilt and one stft": _floor}
    missing = []
    for name, make in (("pyPCG-toolbox", _pypcg), ("BioSPPy", _biosppy)):
        try:
            title, run = make()
            found[title] = run
        except ImportError as error:
            missing.append(f"{name}: not timed ({error})")
    return found, missing
