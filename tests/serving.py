"""The whole service on a free port of the loopback, set up from settings as text."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from queue import Queue
from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from botocore.session import Session as BotocoreSession

from app.main import create_app, server_config
from app.settings import loads
from app.web.at_once import AtOnceProtocol

ANY_SECRET = "test"
"""On the loopback any secret will do."""

NOON = "2026-11-21T12:00:00.000Z"

ORDERS = """
clock: {frozen: 2026-11-21T12:00:00Z}
functions:
  worker: {script: {fail_after: 1s, error_type: ValueError, message: poison}, Timeout: 10}
  thumbnail: {script: {succeed_after: 2s}, Timeout: 10}
queues:
  orders:
    VisibilityTimeout: 30
    RedrivePolicy: {dead_letter_queue: orders-dlq, maxReceiveCount: 2}
  orders-dlq: {}
  spare: {}
buckets:
  photos:
    notifications:
      - {Id: incoming, Events: ["s3:ObjectCreated:*"], prefix: in/, function: thumbnail}
mappings:
  - {queue: orders, function: worker}
"""
"""A queue whose messages fail twice and are then dead letters; a bucket with one notification; noon, frozen."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and message."""
        told = self.json["error"]
        return self.status, told["code"], told["message"]


@dataclass(frozen=True, slots=True)
class Serving:
    """A service that runs, and how to speak to its control API."""

    port: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """What it answers; `body` is bytes, or is sent as JSON; a path that is not absolute is one of the API."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        target = path if path.startswith("/") else f"/_triggerfish/api/{path}"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, content, {**self.headers, **(headers or {})})
            response = connection.getresponse()
            got = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, got, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The JSON at a path, which must be there."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.content
        return answer.json

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON that a post leads to, which must succeed."""
        answer = self.ask("POST", path, body)
        assert answer.status < 300, answer.content
        return answer.json

    def client(self, service: str, *, key: str = "test", secret: str = ANY_SECRET, **config: Any) -> Any:
        return client_at(self.url, service, key=key, secret=secret, **config)


def client_at(
    url: str,
    service: str,
    *,
    key: str = "test",
    secret: str = ANY_SECRET,
    session: BotocoreSession | None = None,
    **config: Any,
) -> Any:
    """A boto3 client of an AWS service at this address, without retries so that a test sees every answer."""
    # One session for all who bring none: a refusal of one client is then caught by the class of another.
    maker: Any = boto3 if session is None else boto3.Session(botocore_session=session)
    return maker.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}, **config),
    )


def _decline(*_: Any) -> None:
    """Let a request go by ASGI."""


@contextmanager
def serving(
    settings: str = ORDERS, *, port: int = 0, environ: Mapping[str, str] | None = None, at_once: bool = True
) -> Iterator[Serving]:
    """Serve on a thread of its own until the block ends; on a free port unless one is given. Without `at_once`, all
    goes by ASGI, also what need not."""
    with socket(AF_INET, SOCK_STREAM) as listening:
        # A port that was just served at may be served at again.
        listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        port = listening.getsockname()[1]
        ready: Queue[None] = Queue()
        app, protocol = create_app(
            loads(settings, environ or {}, folder=Path.cwd()), port=port, on_ready=lambda _: ready.put(None)
        )
        http = protocol if at_once else partial(AtOnceProtocol, _decline, _decline)
        server = uvicorn.Server(server_config(app, http, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            ready.get(timeout=20)
            yield Serving(port)
        finally:
            server.should_exit = True
            thread.join(20)
