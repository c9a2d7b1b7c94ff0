"""The interface of the server, as an OpenAPI document."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from murmur import __version__
from murmur.io.naming import POSITIONS, SITES
from murmur.pipeline.analysis import Analysis
from murmur.records import json_schema

DESCRIPTION = (
    "For research and education, not a medical device. "
    "Live sound is sent over a WebSocket, `/live`, which OpenAPI can't describe. The client first sends one JSON message, "
    '`{"sample_rate_hz": 4000, "format": "s16le", "site": "MV"}` (formats: u8, s16le, s32le, f32le; patient, site, '
    "position, visit and history_s are optional), then binary messages of mono PCM, of at most 256 kB. The server sends a "
    'JSON message for each event, as described by `murmur schema live`. `{"skip": 400}` stands for lost samples; '
    '`{"finish": true}` is answered with the event `finished`, which holds the whole analysis. Errors are reported as '
    '`{"event": "error", "message": …}` before the connection is closed.'
)
#: Why a request is refused, by status.
REFUSALS = {
    "400": "the recording can't be analyzed, with the reason",
    "403": "the request came from another page",
    "408": "the upload took too long",
    "413": "the recording is too large",
    "415": "the content is not sound",
    "421": "the request used another name of the server",
    "503": "too many clients",
}


@lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the server."""
    answer = _answer("this document", {"type": "object"})
    document = {"summary": "This document", "operationId": "openapi", "responses": {"200": answer}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "murmur",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "paths": {"/analyze": {"post": _analyze()}, "/openapi.json": {"get": document}},
        "components": {"schemas": _schemas()},
    }


def _analyze() -> dict[str, Any]:
    audio = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
    text = {"type": "string", "maxLength": 200}
    analysis, error = ({"$ref": f"#/components/schemas/{name}"} for name in ("Analysis", "Error"))
    return {
        "summary": "Analyze one recording: WAV, FLAC or another format that libsndfile reads",
        "operationId": "analyze",
        "parameters": [
            _parameter("patient", "id of the patient", text),
            _parameter("site", "auscultation site", {"enum": list(SITES)}),
            _parameter("position", "position of the patient", {"enum": list(POSITIONS)}),
            _parameter("visit", "date, number or name of the visit", text),
            _parameter("channel", "channel to analyze", {"type": "integer", "minimum": 0, "maximum": 1023}),
        ],
        "requestBody": {"required": True, "content": {"audio/*": audio, "application/octet-stream": audio}},
        "responses": {
            "200": _answer("the whole analysis", analysis),
            **{status: _answer(reason, error) for status, reason in REFUSALS.items()},
        },
    }


def _schemas() -> dict[str, Any]:
    definitions = json.dumps(json_schema(Analysis)["$defs"]).replace("#/$defs/", "#/components/schemas/")
    schemas: dict[str, Any] = json.loads(definitions)
    schemas["Error"] = {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
        "additionalProperties": False,
    }
    return schemas


def _answer(what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": what, "schema": schema}
