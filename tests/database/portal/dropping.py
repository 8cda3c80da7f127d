"""A proxy on loopback that loses what it is told to lose: the request before the intake sees it, or the answer after."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Dropping:
    """A running proxy; `requests` and `answers` hold the Idempotency-Keys whose request or answer is lost."""

    address: str
    requests: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    is_cut: bool = False


@contextmanager
def dropping_proxy(port: int, intake_port: int) -> Iterator[Dropping]:
    """Listens on `port` and passes everything on to `intake_port` but for what is lost."""
    proxy = Dropping(f"http://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            key = self.headers.get("Idempotency-Key", "")
            self.close_connection = True
            if proxy.is_cut or key in proxy.requests:
                return
            upstream = http.client.HTTPConnection("127.0.0.1", intake_port, timeout=60)
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if key in proxy.answers:
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"connection", "transfer-encoding"}:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
