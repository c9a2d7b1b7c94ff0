"""Files with several signals: which one is the heart sound, and how it is scaled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.io.limits import choose_channel

_HEART_SOUND = re.compile(r"pcg|phono|heart[ _-]?sound|auscult|stethoscope|(?<![a-z])hs(?![a-z])", re.IGNORECASE)
_MOST_NAMES = 8


def is_heart_sound(description: str) -> bool:
    """Whether the name or description of a signal says that it is a heart sound."""
    return _HEART_SOUND.search(description) is not None


def choose_signal(channel: int | None, descriptions: Sequence[str], label: str) -> tuple[int, tuple[str, ...]]:
    """Return the signal to take, and notes: the one requested, or the first described as a heart sound, or the first."""
    if channel is not None or len(descriptions) == 1:
        return choose_channel(channel, len(descriptions), label)
    sounds = [index for index, description in enumerate(descriptions) if is_heart_sound(description)]
    index = sounds[0] if sounds else 0
    why = "described as a heart sound" if sounds else "none is described as a heart sound"
    return index, (f"{len(descriptions)} signals ({spelled(descriptions)}): took channel {index}, {why}",)


def spelled(descriptions: Sequence[str]) -> str:
    """Join the names of signals for a message."""
    more = ", …" if len(descriptions) > _MOST_NAMES else ""
    return ", ".join(name.strip() or "no name" for name in descriptions[:_MOST_NAMES]) + more


def scaled(digital: npt.NDArray[Any], zero: float, full_scale: float) -> npt.NDArray[np.float32]:
    """Return digital values with digital full scale at ±1."""
    floats = digital.astype(np.float64)
    floats -= zero
    floats /= full_scale
    return floats.astype(np.float32)


def regrouped(pieces: Iterable[npt.NDArray[Any]], n_block: int) -> Iterator[npt.NDArray[Any]]:
    """Yield the same values in new arrays of length `n_block`, the last one shorter."""
    held: list[npt.NDArray[Any]] = []
    n_held = 0
    for piece in pieces:
        rest = piece
        while n_held + len(rest) >= n_block:
            head, rest = rest[: n_block - n_held], rest[n_block - n_held :]
            yield np.concatenate([*held, head])
            held, n_held = [], 0
        if len(rest):
            held.append(rest)
            n_held += len(rest)
    if held:
        yield np.concatenate(held)


def known_id(text: object) -> str:
    """Return a patient's id as a header states it; "" if it states none, which EDF writes as "X"."""
    words = " ".join(str(text or "").split())
    return "" if words.upper() == "X" or not words.isprintable() else words[:64]
