"""A Lambda that does as it is told: it takes Invoke, keeps the event, and answers what a case wants of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any


@dataclass(slots=True)
class StubLambda:
    """`results` are by function: what it returns, or `{"$error": {…}}` for a function error, or `{"$hang": true}`;
    a list gives one after another. `events` are what each got."""

    url: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    events: dict[str, list[Any]] = field(default_factory=dict)
    ended: Event = field(default_factory=Event)
    came: Condition = field(default_factory=Condition)

    def prepare(self, **results: Any) -> None:
        """Whoever hangs from before is let go."""
        self.ended.set()
        self.ended = Event()
        self.results = results
        self.events = {}

    def wait_for(self, function: str, count: int) -> list[Any]:
        """All that the function got, once it is so much."""
        with self.came:
            self.came.wait_for(lambda: len(self.events.get(function, [])) >= count, timeout=10)
            return list(self.events.get(function, []))

    def answer(self, function: str, event: Any) -> tuple[dict[str, str], Any]:
        with self.came:
            self.events.setdefault(function, []).append(event)
            self.came.notify_all()
        ended = self.ended
        result = self.results.get(function)
        if isinstance(result, dict) and "$each" in result:
            result = result["$each"][min(len(self.events[function]), len(result["$each"])) - 1]
        if isinstance(result, dict) and "$hang" in result:
            ended.wait(20)
        if isinstance(result, dict) and "$error" in result:
            return {"X-Amz-Function-Error": "Unhandled"}, result["$error"]
        return {}, result


@contextmanager
def stub_lambda() -> Iterator[StubLambda]:
    stub = StubLambda()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece: in two the second would wait for an acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            function = self.path.split("/functions/")[1].split("/")[0].rpartition("function%3A")[2].rpartition(":")[2]
            headers, result = stub.answer(function, json.loads(body or b"null"))
            content = json.dumps(result).encode()
            self.send_response(200)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing is to be told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        stub.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
