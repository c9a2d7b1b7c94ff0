"""Who may send requests: only pages of this server, under its own names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Names of the local machine, which no other can use.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: A page loads nothing from elsewhere and can't be framed.
HEADERS = {
    "content-security-policy": "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What each client may use.

    Attributes
    ----------
    upload_mb : int
        Largest recording that `POST /analyze` accepts.
    upload_s : float
        Longest duration of an upload.
    message_kb : int
        Largest message of live sound.
    clients : int
        Simultaneous live streams, and simultaneous uploads.
    idle_s : float
        A stream that receives nothing for so long, or whose client reads nothing, is closed.
    """

    upload_mb: int = 64
    upload_s: float = 60.0
    message_kb: int = 256
    clients: int = 32
    idle_s: float = 30.0


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, error: str) -> None:
    """Refuse a request, or the opening of a WebSocket, with a status and a reason."""
    if scope["type"] == "websocket":
        await receive()  # the client's request to connect
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await JSONResponse({"error": error}, status)(scope, receive, send)
    else:  # the server can only answer 403
        await send({"type": "websocket.close", "code": 1008, "reason": error})


class Guard:
    """Refuses requests of other pages, by the browser's Origin, and under other names (DNS rebinding).

    Programs other than browsers send no Origin and are not restricted.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], origins: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts, self._origins = frozenset(hosts), frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed, and add the security headers to the answer."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if _name(host) not in self._hosts:
            await refuse(scope, receive, send, 421, f"this server is not {host!r}: see --allow-host")
            return
        if origin is not None and urlsplit(origin).netloc != host and origin not in self._origins:
            await refuse(scope, receive, send, 403, f"pages of {origin!r} may not ask this server: see --allow-origin")
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)


def _name(host: str) -> str:
    """A host without its port; IPv6 keeps its brackets."""
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
