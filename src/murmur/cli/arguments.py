"""Arguments that several commands share, and what they mean to the library."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from typing import Any, TypeVar

from murmur.errors import ParameterError
from murmur.settings import Settings

_N = TypeVar("_N", int, float)

# --- kinds ------------------------------------------------------------------------------


def whole_number(least: int, most: float = math.inf) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number in a range."""
    allowed = f"{least} or more" if most == math.inf else f"{least} to {most}"
    return _number(int, lambda value: least <= value <= most, f"a whole number, {allowed}")


def number(unit: str = "", *, or_zero: bool = False) -> Callable[[str], float]:
    """Return the type of an argument that is a number above 0, or also 0."""
    wanted = f"a number {f'of {unit} ' if unit else ''}above 0{' or 0' if or_zero else ''}"
    return _number(float, lambda value: 0.0 < value < math.inf or (or_zero and value == 0.0), wanted)


def _number(kind: Callable[[str], _N], is_allowed: Callable[[_N], bool], wanted: str) -> Callable[[str], _N]:
    def parse(text: str) -> _N:
        with suppress(ValueError):
            if is_allowed(value := kind(text)):
                return value
        raise argparse.ArgumentTypeError(f"must be {wanted}, not {text!r}")

    return parse


# --- arguments --------------------------------------------------------------------------

_MANIFEST = "table with columns path, patient, site, visit, position and others; names the inputs if no PATH does"
_RESUME = "keep earlier results of files that have not changed (default), or start over"
_SET = "change one of murmur.Settings, such as least_cycles=5; may be repeated"
#: Arguments by name: their flags, and what argparse needs to know.
_SHARED: dict[str, tuple[str, dict[str, Any]]] = {
    "run": ("folder", {"metavar": "OUT", "help": "output folder of the run"}),
    "manifest": ("--manifest", {"metavar": "FILE.csv", "help": _MANIFEST}),
    "tables": ("-o --output", {"metavar": "FOLDER", "help": "output folder, created if it does not exist (OUT)"}),
    "format": (
        "--format",
        {"choices": ("csv", "jsonl", "parquet"), "default": "csv", "help": "format of tables (csv); parquet needs pyarrow"},
    ),
    "jobs": ("--jobs", {"type": whole_number(1), "metavar": "N", "help": "worker processes (as many as there are cores)"}),
    "patient": ("--patient", {"metavar": "ID", "help": "patient, whatever file names and headers say"}),
    "patients": ("--patient", {"action": "append", "metavar": "ID", "help": "only this patient; may be repeated"}),
    "site": ("--site", {"help": "auscultation site: AV, PV, TV, MV (apex), Erb, Ax (axilla) or other"}),
    "quiet": ("-q --quiet", {"action": "store_true", "help": "print nothing on stderr but errors"}),
    "resume": ("--resume", {"action": argparse.BooleanOptionalAction, "default": True, "help": _RESUME}),
    "channel": ("--channel", {"type": whole_number(0), "metavar": "N", "help": "channel to analyze, from 0 (the first)"}),
    "models": ("--models", {"metavar": "DIR", "help": "folder of models to use instead of those that ship"}),
    "settings": ("--set", {"action": "append", "default": [], "metavar": "NAME=VALUE", "dest": "changes", "help": _SET}),
}
#: What decides how a recording is analyzed; `engine_of` returns it.
ENGINE = ("channel", "models", "settings")


def add_shared(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add arguments that several commands have, in this order."""
    for name in names:
        flags, details = _SHARED[name]
        parser.add_argument(*flags.split(), **details)


# --- what they mean ---------------------------------------------------------------------


def settings_of(options: argparse.Namespace) -> Settings:
    """Return `Settings` with the changes of ``--set``."""
    names = [field.name for field in fields(Settings)]
    values: dict[str, Any] = {}
    for change in options.changes:
        name, equals, text = change.partition("=")
        name = name.strip()
        if not equals or name not in names:
            raise ParameterError(f"--set {change}: must be NAME=VALUE with NAME one of {', '.join(names)}")
        kind = type(getattr(Settings(), name))
        try:
            values[name] = kind(text)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise ParameterError(f"--set {change}: {name} must be {what}, not {text!r}") from None
    return Settings(**values)


def engine_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `murmur.analyze` and its like that `ENGINE` stands for."""
    from murmur.pipeline.models import load_models

    return {"channel": options.channel, "settings": settings_of(options), "models": load_models(options.models)}
