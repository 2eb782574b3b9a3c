"""Serves a run's pages on the loopback interface, to whoever knows the token: the one module that speaks HTTP.

The token stands in the path of every address rather than in a cookie, which browsers show to every port of a host.
Pages are read-only, load nothing and run nothing; the ``Host`` of a request has to be this server's, so that no name
that someone points at 127.0.0.1 reaches it.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from stagelens.errors import InputError
from stagelens.view.routes import Answer, answer, problem
from stagelens.view.run import Run

HOST: Final = "127.0.0.1"
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Viewer(ThreadingHTTPServer):
    """A server for one run. Pages are made one at a time; connections that say nothing hold up nobody.

    Args:
        run: what it shows.
        port: where it listens; 0 takes one that is free.

    Raises:
        InputError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, run: Run, port: int = 0) -> None:
        self.run = run
        self.token = secrets.token_urlsafe(24)
        self.making = threading.Lock()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise InputError(f"Port {port} cannot be had ({error}): name another with --port, or none.") from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """The first page, token included."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    def answer(self, host: str | None, target: str) -> Answer:
        """What a request for ``target`` gets that names this ``host``."""
        if host not in (f"{HOST}:{self.port}", f"localhost:{self.port}"):
            return problem(HTTPStatus.FORBIDDEN, "Not here", f"This server is {HOST}:{self.port} and nothing else.")
        address = urlsplit(target)
        token, _, path = address.path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return problem(
                HTTPStatus.FORBIDDEN, "Not here", "Open the address that stagelens view has printed: it has a token."
            )
        with self.making:
            return answer(self.run, path, address.query)


class _Handler(BaseHTTPRequestHandler):
    server: Viewer
    timeout = 30
    server_version, sys_version = "stagelens", ""

    def do_GET(self) -> None:
        """Answer with a page."""
        try:
            found = self.server.answer(self.headers.get("Host"), self.path)
        except Exception:
            self._send(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "A fault of StageLens", "The terminal says more."))
            raise
        self._send(found)

    def _send(self, found: Answer) -> None:
        self.send_response(found.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: addresses hold the token."""


def serve(viewer: Viewer) -> None:
    """Answer requests until interrupted, as by Ctrl-C."""
    # Reading logs takes Inspect, whose import takes seconds: it is done while the first page is being read.
    threading.Thread(target=_warm, args=(viewer.run,), daemon=True).start()
    try:
        viewer.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        viewer.server_close()


def _warm(run: Run) -> None:
    if run.has_logs:
        with suppress(ImportError):  # the pages say what is missing
            import inspect_ai.log  # noqa: F401
