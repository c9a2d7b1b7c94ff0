"""``murmur serve``: a local server until Ctrl-C."""

from __future__ import annotations

import argparse
import sys

from murmur.cli.arguments import add_shared, number, settings_of, whole_number
from murmur.cli.codes import DONE, SOME_FAILED
from murmur.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Run a local server: POST /analyze takes a recording, the WebSocket /live takes sound as it comes in, and the page "
        "at / shows a microphone or a file. /openapi.json describes it. Sound is kept in memory only."
    )
    add, count = parser.add_argument, whole_number(1)
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: only this machine)")
    add("--port", type=whole_number(0, 65535), default=8765, metavar="N", help="port (8765); 0: any that is free")
    add("--allow-host", action="append", default=[], metavar="NAME", help="further name of this host; may be repeated")
    origin = "other origin whose pages may connect, such as https://clinic.example; may be repeated"
    add("--allow-origin", action="append", default=[], metavar="URL", help=origin)
    add("--clients", type=count, default=32, metavar="N", help="live streams, and uploads, at a time (32)")
    add("--upload-mb", type=count, default=64, metavar="MB", help="size limit of an uploaded recording (64)")
    add("--idle", type=number("seconds"), default=30.0, metavar="S", help="close a stream that is idle this long (30)")
    add_shared(parser, "models", "settings")


def run(options: argparse.Namespace) -> int:
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

    settings = settings_of(options)
    _check_names(options)
    limits = Limits(upload_mb=options.upload_mb, clients=options.clients, idle_s=options.idle)
    hosts = LOOPBACK | {options.host} | set(options.allow_host)
    app = make_app(settings, load_models(options.models), limits=limits, hosts=hosts, origins=options.allow_origin)
    warm_up()

    def announce(port: int) -> None:
        name = f"[{options.host}]" if ":" in options.host else options.host
        print(f"murmur: serving at http://{name}:{port}/ (Ctrl-C stops it)", file=sys.stderr, flush=True)

    server = Server(app, options.host, options.port, limits, announce)  # which stops on SIGINT and SIGTERM by itself
    try:
        server.run()
    except SystemExit:  # it has printed the reason
        print(f"murmur: can't serve at {options.host}, port {options.port}: see --host and --port", file=sys.stderr)
        return SOME_FAILED
    return DONE


def _check_names(options: argparse.Namespace) -> None:
    for origin in options.allow_origin:
        if not origin.startswith(("http://", "https://")):
            raise ParameterError(f"--allow-origin {origin}: must begin with http:// or https://")
    for name in options.allow_host:
        if "/" in name or (":" in name and not name.startswith("[")):
            raise ParameterError(f"--allow-host {name}: must be a host name or an address, without scheme or port")
