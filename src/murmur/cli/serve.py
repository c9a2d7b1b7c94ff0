"""``murmur serve``: the server until Ctrl-C."""

from __future__ import annotations

import argparse
import sys

from murmur.errors import ParameterError
from murmur.settings import Settings

__all__ = ["serve"]


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serve until a signal comes; return the exit code."""
    try:
        from murmur.serve.app import make_app
        from murmur.serve.guard import LOOPBACK, Limits
        from murmur.serve.server import Server
    except ImportError as error:
        raise ParameterError(
            f'serving needs Starlette and uvicorn ({error.name}): pip install "murmur-pcg[serve]"'
        ) from error
    from murmur.live.warmup import warm_up
    from murmur.pipeline.models import load_models

    for origin in options.allow_origin:
        if not origin.startswith(("http://", "https://")):
            raise ParameterError(f"--allow-origin {origin}: must begin with http:// or https://")
    for name in options.allow_host:
        if "/" in name or (":" in name and not name.startswith("[")):
            raise ParameterError(f"--allow-host {name}: must be a name or an address alone, without scheme or port")
    limits = Limits(upload_mb=options.upload_mb, clients=options.clients, idle_s=options.idle)
    hosts = LOOPBACK | {options.host} | set(options.allow_host)
    app = make_app(settings, load_models(options.models), limits=limits, hosts=hosts, origins=options.allow_origin)
    warm_up()

    def tell(port: int) -> None:
        name = f"[{options.host}]" if ":" in options.host else options.host
        print(f"murmur: serving at http://{name}:{port}/ (Ctrl-C ends it)", file=sys.stderr, flush=True)

    server = Server(app, options.host, options.port, limits, tell)
    try:
        server.run()
    except SystemExit:  # it has said why
        print(f"murmur: can't serve at {options.host}, port {options.port}: see --host and --port", file=sys.stderr)
        return 1
    return 0
