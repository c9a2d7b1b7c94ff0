"""How results become dictionaries, JSON and a JSON Schema: one mechanism for every frozen record."""

from __future__ import annotations

import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np


class Record:
    """Base of the frozen result dataclasses: `to_dict` and `to_json`."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers, strings and None; what is not finite is None."""
        return typing.cast("dict[str, Any]", _plain(self))

    def to_json(self, indent: int | None = None) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _rounded(float(value)) if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: _plain(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _rounded(value: float) -> float:
    """Seven significant digits, of large numbers four decimals: more than any figure, or time of a day, here holds."""
    return round(value, 4) if abs(value) >= 1000.0 else float(f"{value:.7g}")


def json_schema(kind: type) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `Record.to_dict` gives for a record class, from its field types."""
    definitions: dict[str, Any] = {}
    root = _schema(kind, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": definitions}


def json_schema_of_any(title: str, *kinds: type) -> dict[str, Any]:
    """JSON Schema of what is one of several records."""
    definitions: dict[str, Any] = {}
    schemas = [json_schema(kind) for kind in kinds]
    for schema in schemas:
        definitions |= schema["$defs"]
    choices = [{"$ref": schema["$ref"]} for schema in schemas]
    return {"$schema": schemas[0]["$schema"], "title": title, "anyOf": choices, "$defs": definitions}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    simple = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
    if kind in simple:
        return {"type": simple[kind]}
    if kind is float:
        return {"type": ["number", "null"]}  # what is not finite is null
    if kind is Any:
        return {}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(a, definitions) for a in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if origin is np.ndarray:
        return {"type": "array"}
    if origin in (list, tuple, Sequence) or kind in (list, tuple):
        return {"type": "array", "items": _schema(arguments[0], definitions) if arguments else {}}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "_fields")):
        name = kind.__name__
        if name not in definitions:
            definitions[name] = {}
            hints = typing.get_type_hints(kind)
            names = [f.name for f in fields(kind)] if is_dataclass(kind) else list(kind._fields)
            definitions[name] = {
                "type": "object",
                "properties": {n: _schema(hints[n], definitions) for n in names},
                "required": names,
                "additionalProperties": False,
            }
        return {"$ref": f"#/$defs/{name}"}
    raise TypeError(f"no JSON Schema for {kind!r}")
