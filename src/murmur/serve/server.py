"""uvicorn with the limits of the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette

from murmur.serve.guard import Limits


class Server(uvicorn.Server):
    """Serves an application until stopped, and reports its port once it accepts requests.

    Parameters
    ----------
    app : Starlette
        From `murmur.serve.app.make_app`.
    host, port : str, int
        Where to listen; port 0 selects any free port.
    limits : Limits
        Those of the application.
    on_start : callable
        Called with the port.
    """

    def __init__(self, app: Starlette, host: str, port: int, limits: Limits, on_start: Callable[[int], None]) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,  # logging is the host's
            log_level="warning",
            lifespan="off",
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=limits.message_kb * 1024,
            ws_per_message_deflate=False,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: Any = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        if self.started:
            self._on_start(self.servers[0].sockets[0].getsockname()[1])
