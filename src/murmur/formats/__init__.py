"""File formats of others, read and written as their owners define them; names are loaded when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.lazy import lazily

if TYPE_CHECKING:
    from murmur.formats.conversion import convert as convert
    from murmur.formats.registry import FORMATS as FORMATS
    from murmur.formats.registry import Format as Format
    from murmur.formats.registry import format_of as format_of
    from murmur.formats.registry import read_labels as read_labels
    from murmur.formats.registry import write_labels as write_labels
    from murmur.formats.registry import write_report as write_report
    from murmur.formats.registry import write_sound as write_sound

_HOME = {
    "convert": "conversion",
    "FORMATS": "registry",
    "Format": "registry",
    "format_of": "registry",
    "read_labels": "registry",
    "write_labels": "registry",
    "write_report": "registry",
    "write_sound": "registry",
}

__all__ = ["FORMATS", "Format", "convert", "format_of", "read_labels", "write_labels", "write_report", "write_sound"]


__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
