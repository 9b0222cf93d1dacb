"""A server of somebody else's: an issuer of tokens, and an echo of whatever it is asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.core.gateway.test_jwt import key_set


@dataclass
class Elsewhere:
    """`keys` is what it tells of its keys; it answers `status`, and holds back what is asked at `/never`."""

    url: str
    asked: list[str] = field(default_factory=list)
    keys: Any = field(default_factory=key_set)
    ending: threading.Event = field(default_factory=threading.Event)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            there.asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path.startswith("/never"):
                there.ending.wait(10)
            told: Any = {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode(errors="replace"),
            }
            if self.path.endswith("/openid-configuration"):
                told = {"jwks_uri": f"{there.url}/keys"}
            elif self.path == "/keys":
                told = there.keys
            content = json.dumps(told).encode()
            asked_status = self.headers.get("x-answer", "200")
            self.send_response(int(asked_status))
            for name, value in (("content-type", "application/json"), ("x-there", "1"), ("x-there", "2"),
                                ("set-cookie", "a=1"), ("set-cookie", "b=2"),
                                ("content-length", str(len(content)))):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that its base class looks for

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Elsewhere(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    yield there
    there.ending.set()
    server.shutdown()
    server.server_close()
