"""``murmur serve``: the server until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from murmur.errors import ParameterError
from murmur.settings import Settings

__all__ = ["serve"]


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serve until a signal comes; return the exit code."""
    try:
        import uvicorn

        from murmur.serve.app import make_app
        from murmur.serve.guard import LOOPBACK, Limits
    except ImportError as error:
        raise ParameterError(
            f'serving needs Starlette and uvicorn ({error.name}): pip install "murmur-pcg[serve]"'
        ) from error
    from murmur.batch.worker import load_models
    from murmur.warmup import warm_up

    limits = Limits(upload_mb=options.upload_mb, clients=options.clients, idle_s=options.idle)
    hosts = LOOPBACK | {options.host} | set(options.allow_host)
    app = make_app(settings, load_models(options.models), limits=limits, hosts=hosts, origins=options.allow_origin)
    warm_up()

    class Server(uvicorn.Server):
        """Says where it is as soon as it can be asked."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                port = self.servers[0].sockets[0].getsockname()[1]
                name = f"[{options.host}]" if ":" in options.host else options.host
                print(f"murmur: serving at http://{name}:{port}/ (Ctrl-C ends it)", file=sys.stderr, flush=True)

    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        lifespan="off",
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=limits.message_kb * 1024,
        ws_per_message_deflate=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    try:
        server.run()
    except SystemExit:  # it could not begin, and has said why
        return 1
    return 0
