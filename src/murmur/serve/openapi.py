"""What the server understands, as an OpenAPI document."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from murmur import __version__
from murmur.io.naming import POSITIONS, SITES
from murmur.pipeline.analysis import Analysis
from murmur.records import json_schema

__all__ = ["openapi"]

DISCLAIMER = "For research and education, not a medical device."
LIVE = (
    "Live sound goes over a WebSocket, `/live`, which OpenAPI can't describe. The client first sends one JSON message, "
    '`{"sample_rate_hz": 4000, "format": "s16le", "site": "MV"}` (formats u8, s16le, s32le, f32le; patient, site, position, '
    "visit and history_s may be left out), then binary messages of mono PCM, of 256 kB at most. The server sends a JSON "
    'message for each event, as `murmur schema live` describes them. `{"skip": 400}` stands for lost samples; after '
    '`{"finish": true}` comes the event `finished` with the whole analysis. What is wrong is told as '
    '`{"event": "error", "message": …}` before the connection is closed.'
)


def _answer(what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": what, "schema": schema}


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """OpenAPI 3.1 document of the server."""
    analysis = json_schema(Analysis)
    schemas = json.loads(json.dumps(analysis["$defs"]).replace("#/$defs/", "#/components/schemas/"))
    error = {"$ref": "#/components/schemas/Error"}
    schemas["Error"] = {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
        "additionalProperties": False,
    }
    audio = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
    text = {"type": "string", "maxLength": 200}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "murmur",
            "version": __version__,
            "description": f"{DISCLAIMER} {LIVE}",
            "license": {"name": "MIT"},
        },
        "paths": {
            "/analyze": {
                "post": {
                    "summary": "Analyze one recording: WAV, FLAC or what else libsndfile reads",
                    "operationId": "analyze",
                    "parameters": [
                        _parameter("patient", "whose heart it is", text),
                        _parameter("site", "where the chest piece was", {"enum": list(SITES)}),
                        _parameter("position", "how the patient lay or sat", {"enum": list(POSITIONS)}),
                        _parameter("visit", "which visit it was", text),
                        _parameter("channel", "channel to take", {"type": "integer", "minimum": 0, "maximum": 1023}),
                    ],
                    "requestBody": {"required": True, "content": {"audio/*": audio, "application/octet-stream": audio}},
                    "responses": {
                        "200": _answer("all that is to be said of it", {"$ref": "#/components/schemas/Analysis"}),
                        "400": _answer("it can't be analyzed, and why", error),
                        "403": _answer("a foreign page asked", error),
                        "408": _answer("it took too long to come", error),
                        "413": _answer("it is too large", error),
                        "415": _answer("it is no sound", error),
                        "421": _answer("asked under a foreign name", error),
                        "503": _answer("too many at once", error),
                    },
                }
            },
            "/openapi.json": {
                "get": {
                    "summary": "This document",
                    "operationId": "openapi",
                    "responses": {"200": _answer("this document", {"type": "object"})},
                }
            },
        },
        "components": {"schemas": schemas},
    }
