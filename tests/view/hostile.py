"""What a model under test may write to take over the page that shows it, and a server that notices if it did."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Canary:
    """A server on the loopback interface that nobody has a reason to ask; ``heard`` are the paths of who did."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Its address, while it listens."""
        handler = type("Handler", (_Handler,), {"heard": self.heard})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(204)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


HUGE = 5_000_000


def attacks(canary: str) -> dict[str, str]:
    """By name, texts that run, load, hide or overwhelm where a page lets them; those that load ask the ``canary``."""
    call = f"document.title='owned';fetch('{canary}/fetch')"
    return {
        "script": f"<script>{call}</script><script src='{canary}/script.js'></script>",
        "handler": f'<img src=\'{canary}/img.png\' onerror="{call}"><svg onload="{call}"><body onload="{call}">',
        "closing": f"</div></section></main></style></title></textarea><script>{call}</script><!-- ",
        "style": f"</style><style>@import url('{canary}/css');body{{background:url('{canary}/background')}}</style>",
        "link": f'<a href="javascript:{call}" autofocus onfocus="{call}">press</a> javascript:{call}',
        "frame": f"<iframe src='{canary}/frame'></iframe><object data='{canary}/obj'></object><base href='{canary}'>",
        "refresh": f"<meta http-equiv=refresh content='0;url={canary}/refresh'><form action='{canary}/form'><input>",
        "template": "{{ 7*7 }}{% include '/etc/passwd' %}${7*7}#{7*7}",
        "terminal": "\x1b[31mred\x1b[0m\x1b]0;owned\x07\x1b[2J\x08\x08\x7f",
        "bidi": "access \u202egranted\u202c \u2066denied\u2069 \u200b\u2060\ufeff \U000e0041",
        "path": "../../../../etc/passwd\\..\\..\\windows\\system32 file:///etc/passwd",
    }


def huge() -> str:
    """More than anybody reads, on one line and on very many."""
    return "<b>overwhelming</b> " * (HUGE // 20) + "\n" * 100_000 + "the end"
