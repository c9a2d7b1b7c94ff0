"""The server's answers: a recording to an analysis, live sound to events, and the page."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from murmur.errors import MurmurError, ParameterError
from murmur.findings.registry import SIGNS
from murmur.io.info import INFO_FIELDS
from murmur.live.analyzer import LiveAnalyzer
from murmur.live.events import Finished
from murmur.live.pcm import PCM_FORMATS
from murmur.pipeline.analysis import analyze
from murmur.pipeline.models import Models
from murmur.serve.guard import LOOPBACK, Guard, Limits, refuse
from murmur.serve.openapi import openapi
from murmur.settings import Settings

PAGE = Path(__file__).parent / "page"
LABELS = INFO_FIELDS[1:]
#: A gap must not cost much more than the sound that a message can hold.
LONGEST_SKIP_S = 10.0
#: Fields of the first message of a stream.
STREAM_FIELDS = {"sample_rate_hz", "format", "history_s", *LABELS}


class _RefusalError(Exception):
    """A request that is refused with a status and a reason."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


def _free(clients: asyncio.Semaphore) -> asyncio.Semaphore:
    """Return what admits clients, unless it would have to wait: then refuse."""
    if clients.locked():
        raise _RefusalError(503, "too many clients: try again later")
    return clients


def make_app(
    settings: Settings | None = None,
    models: Models | None = None,
    *,
    limits: Limits | None = None,
    hosts: Iterable[str] = LOOPBACK,
    origins: Iterable[str] = (),
) -> Starlette:
    """Make the ASGI application.

    Parameters
    ----------
    settings, models : optional
        As of `murmur.analyze`.
    limits : Limits, optional
        What each client may use.
    hosts : iterable of str
        Names, without a port, under which it accepts requests; by default those of the local machine.
    origins : iterable of str
        Origins of other pages that may send requests, such as ``https://clinic.example``.

    Returns
    -------
    starlette.applications.Starlette

    See Also
    --------
    murmur.serve.server.Server : Serves it with uvicorn.

    Examples
    --------
    >>> from murmur.serve.app import make_app
    >>> [route.path for route in make_app().routes]
    ['/', '/openapi.json', '/analyze', '/live', '/page/signs.js', '/page']
    """
    server = _Server(settings or Settings(), models, limits or Limits())
    return Starlette(
        routes=[
            Route("/", _page),
            Route("/openapi.json", _document),
            Route("/analyze", server.analyze, methods=["POST"]),
            WebSocketRoute("/live", server.live),
            Route("/page/signs.js", _signs),
            Mount("/page", StaticFiles(directory=PAGE)),
        ],
        middleware=[Middleware(Guard, hosts=hosts, origins=origins)],
    )


async def _page(request: Request) -> Response:
    return FileResponse(PAGE / "index.html")


async def _signs(request: Request) -> Response:
    return Response(signs_module(), media_type="text/javascript")


async def _document(request: Request) -> Response:
    return JSONResponse(openapi())


def signs_module() -> str:
    """Return the source of a module that exports `SIGNS`: what the signs are called, and which values are pointed out."""
    signs = [
        {
            "name": sign.name,
            "title": sign.title,
            "unit": sign.unit,
            "probability_of": sign.probability_of,
            "phrases": dict(sign.phrases),
            "abnormal": sorted(sign.abnormal),
            "unremarkable": sorted(sign.unremarkable),
            "abnormal_from": sign.abnormal_from,
        }
        for sign in SIGNS
    ]
    return f"export const SIGNS = {json.dumps(signs)};\n"


class _Server:
    """What requests share: settings, and limits of what runs at once. Sound is kept in memory only."""

    def __init__(self, settings: Settings, models: Models | None, limits: Limits) -> None:
        self._settings, self._models, self._limits = settings, models, limits
        self._uploads, self._streams = asyncio.Semaphore(limits.clients), asyncio.Semaphore(limits.clients)
        self._cores = CapacityLimiter(os.cpu_count() or 1)

    # --- recordings ---------------------------------------------------------------------

    async def analyze(self, request: Request) -> Response:
        """Answer ``POST /analyze``."""
        try:
            async with _free(self._uploads):
                options = _options(request)
                async with asyncio.timeout(self._limits.upload_s):
                    body = await self._body(request)
                call = partial(analyze, body, settings=self._settings, models=self._models, **options)
                analysis = await to_thread.run_sync(call, limiter=self._cores)
        except _RefusalError as refusal:
            return JSONResponse({"error": refusal.error}, refusal.status, {"connection": "close"})
        except TimeoutError:
            error = f"the upload took more than {self._limits.upload_s:g} s"
            return JSONResponse({"error": error}, 408, {"connection": "close"})
        except MurmurError as error:
            return JSONResponse({"error": str(error)}, 400)
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(analysis.to_json(), media_type="application/json")

    async def _body(self, request: Request) -> bytes:
        largest = self._limits.upload_mb * 2**20
        too_large = _RefusalError(413, f"more than {self._limits.upload_mb} MB: analyze it with `murmur analyze` instead")
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > largest:
            raise too_large
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > largest:
                raise too_large
        return bytes(body)

    # --- live ---------------------------------------------------------------------------

    async def live(self, socket: WebSocket) -> None:
        """Answer the WebSocket ``/live``."""
        try:
            async with _free(self._streams):
                await socket.accept()
                try:
                    await self._follow(socket)
                except MurmurError as error:
                    await _end(socket, str(error))
                except TimeoutError:
                    await _end(socket, f"nothing was received, or read, for {self._limits.idle_s:g} s")
        except _RefusalError as refusal:
            await refuse(socket.scope, socket.receive, socket.send, refusal.status, refusal.error)
        except WebSocketDisconnect:
            pass

    async def _follow(self, socket: WebSocket) -> None:
        words = _words(await self._receive(socket))
        live, kind = self._stream(words)
        rate, rest = float(words["sample_rate_hz"]), b""
        while True:
            message = await self._receive(socket)
            if isinstance(message, bytes):
                piece = rest + message
                whole = len(piece) - len(piece) % kind.itemsize
                rest = piece[whole:]
                call = partial(live.push, np.frombuffer(piece[:whole], dtype=kind))
            else:
                words = _words(message)
                if words == {"finish": True}:
                    break
                if words.keys() != {"skip"} or not isinstance(words["skip"], int) or isinstance(words["skip"], bool):
                    raise ParameterError(
                        f'message {message!r:.80}: must be sound, {{"skip": samples}}, or {{"finish": true}}'
                    )
                if words["skip"] > LONGEST_SKIP_S * rate:
                    raise ParameterError(f"a gap of more than {LONGEST_SKIP_S:g} s: start another stream")
                call = partial(live.skip, words["skip"])
            for event in await to_thread.run_sync(call, limiter=self._cores):
                await self._send(socket, event.to_json())
        analysis = await to_thread.run_sync(live.finish, limiter=self._cores)
        await self._send(socket, Finished(time_s=live.time_s, analysis=analysis).to_json())
        await socket.close()

    def _stream(self, words: dict[str, Any]) -> tuple[LiveAnalyzer, np.dtype[Any]]:
        if unknown := words.keys() - STREAM_FIELDS:
            raise ParameterError(
                f"the stream: unknown field {', '.join(sorted(unknown))}; known fields: {', '.join(sorted(STREAM_FIELDS))}"
            )
        form = words.get("format", "s16le")
        if form not in PCM_FORMATS:
            raise ParameterError(f"the stream: format must be one of {', '.join(PCM_FORMATS)}, not {form!r:.40}")
        history_s = words.get("history_s", 300.0)
        if isinstance(history_s, bool) or not isinstance(history_s, int | float) or not history_s <= 3600.0:
            raise ParameterError(f"the stream: history_s must be a number up to 3600, not {history_s!r:.40}")
        if "sample_rate_hz" not in words:
            raise ParameterError("the stream: sample_rate_hz is missing; raw PCM does not state it")
        labels = {name: words.get(name, "") for name in LABELS}
        live = LiveAnalyzer(words["sample_rate_hz"], self._settings, **labels, history_s=history_s, models=self._models)
        return live, np.dtype(PCM_FORMATS[form])

    async def _receive(self, socket: WebSocket) -> bytes | str:
        async with asyncio.timeout(self._limits.idle_s):
            message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        content: bytes | str = message["bytes"] if text is None else text
        if len(content) > self._limits.message_kb * 1024:
            raise ParameterError(f"a message of more than {self._limits.message_kb} kB: send shorter messages")
        return content

    async def _send(self, socket: WebSocket, text: str) -> None:
        async with asyncio.timeout(self._limits.idle_s):
            await socket.send_text(text)


async def _end(socket: WebSocket, error: str) -> None:
    """Report what was wrong, if the client still listens, and close."""
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(1.0):
            await socket.send_text(json.dumps({"event": "error", "message": error}))
            await socket.close(1008)


def _words(message: bytes | str) -> dict[str, Any]:
    """Parse a message as a JSON object."""
    try:
        words = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict):
        what = f"message {message:.80}" if isinstance(message, str) else "the first message"
        raise ParameterError(f'{what}: must be a JSON object, such as {{"sample_rate_hz": 4000}}')
    return words


def _options(request: Request) -> dict[str, Any]:
    """The options in the query."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not kind.startswith("audio/") and kind != "application/octet-stream":
        raise _RefusalError(415, f"content type {kind!r}: send a recording as audio/wav, or as application/octet-stream")
    options: dict[str, Any] = {name: request.query_params[name] for name in LABELS if name in request.query_params}
    if "channel" in request.query_params:
        text = request.query_params["channel"]
        if not text.isascii() or not text.isdigit() or len(text) > 4:
            raise _RefusalError(400, f"channel must be a whole number, 0 or more, not {text!r:.40}")
        options["channel"] = int(text)
    return options
