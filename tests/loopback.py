"""A web server on this machine that can do what web servers do to a download."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@dataclass
class Manners:
    """How a server treats those who ask; `times` of a path run out, so that it is good again."""

    ranges: bool = True
    marks: str = "etag"  # or "weak", "date", "none"
    statuses: dict[str, list[int]] = field(default_factory=dict)  # the next answers to a path
    cut_after: dict[str, list[int]] = field(default_factory=dict)  # bytes of the next bodies of a path, then the end
    lies: dict[str, list[bytes]] = field(default_factory=dict)  # what the next answers to a path hold instead
    wrong_range: bool = False  # begins elsewhere than it was asked to
    lengths: bool = True  # whether it announces how much comes
    slowly: threading.Event | None = None  # half a body, then nothing until it is set
    retry_after: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        home, manners = self.server.home, self.server.manners
        path = unquote(self.path.partition("?")[0]).lstrip("/")
        with self.server.lock:
            self.server.asked[path] += 1
            self.server.headers_of.setdefault(path, []).append(dict(self.headers))
            statuses, cuts, lies = (d.get(path, []) for d in (manners.statuses, manners.cut_after, manners.lies))
            status = statuses.pop(0) if statuses else 0
            cut = cuts.pop(0) if cuts else None
            lie = lies.pop(0) if lies else None
        if status or not (home / path).is_file():
            self.send_response(status or 404)
            self.send_header("Content-Length", "0")
            if manners.retry_after:
                self.send_header("Retry-After", manners.retry_after)
            self.end_headers()
            return
        content = (home / path).read_bytes() if lie is None else lie
        mark = hashlib.md5(content).hexdigest()
        marks = {"etag": ("ETag", f'"{mark}"'), "weak": ("ETag", f'W/"{mark}"'), "date": ("Last-Modified", f"day {mark}")}
        start, asked = 0, self.headers.get("Range", "")
        wanted_as = self.headers.get("If-Range")
        if manners.ranges and asked and (wanted_as is None or wanted_as == marks.get(manners.marks, ("", ""))[1]):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start -= manners.wrong_range
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if manners.marks in marks:
            self.send_header(*marks[manners.marks])
        body = content[start:]
        if manners.lengths:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if cut is not None:
            self.wfile.write(body[:cut])
            self.close_connection = True
            return
        if manners.slowly is not None and not manners.slowly.is_set() and path.endswith(".wav"):
            self.wfile.write(body[: len(body) // 2])
            manners.slowly.wait(20)
            body = body[len(body) // 2 :]
        try:
            self.wfile.write(body)
        except OSError:  # nobody waits for it any more
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, home: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.home = home
        self.manners = Manners()
        self.asked: Counter[str] = Counter()
        self.headers_of: dict[str, list[dict[str, str]]] = {}
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error."""


@contextmanager
def serving(home: Path):
    server = Server(home)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def write_sums(home: Path) -> None:
    """As PhysioNet does: one blank between checksum and path."""
    files = sorted(p for p in home.rglob("*") if p.is_file() and p.name != "SHA256SUMS.txt")
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()} {p.relative_to(home).as_posix()}\n" for p in files]
    (home / "SHA256SUMS.txt").write_text("".join(lines))
