"""What stands around the service in these tests: brokers that are real programs, the way to them, a function."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.adapters.sqs_client import SqsClient
from tests.live import ROOT, until
from tests.machine import free_port
from tests.tools import without

ENVIRON = {"AWS_EC2_METADATA_DISABLED": "true"}
"""No credentials and nowhere to look for any: a broker that is not Amazon's needs none."""

_MOTO = "import sys; from moto.server import main; main(['-H', '127.0.0.1', '-p', sys.argv[1]])"


# Brokers --------------------------------------------------------------------------------------------


@dataclass
class Broker:
    """A broker in a process of its own. Both keep what they have in memory: a new start is empty."""

    command: Callable[[int, Path], list[str]]
    speaks_query: bool
    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Any:
        """A boto3 client in the protocol that the broker speaks."""
        maker = SqsClient("far", self.url, queue_url=None, region="us-east-1", account=None)
        return maker._make(is_query=self.speaks_query)

    def start(self) -> None:
        with (self.folder / "broker.log").open("ab") as log:
            command = self.command(self.port, self.folder)
            environ = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environ)
        until(self._answers, within_s=30)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def create(self, name: str, visibility_timeout_s: int) -> "Queue":
        attributes = {"VisibilityTimeout": str(visibility_timeout_s)}
        client = self.client
        return Queue(client, client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        assert self.process is not None and self.process.poll() is None, (self.folder / "broker.log").read_text()
        return False


@dataclass
class Queue:
    """A queue there, as a client of its own sees it."""

    client: Any
    url: str

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self, within_s: int) -> list[str]:
        """What comes out of it in this time; longer than the visibility timeout, it is all that is in it.

        Its counts do not tell: ElasticMQ of 2013 counts what was deleted for as long as it would have been hidden.
        """
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=within_s)
        return [message["Body"] for message in answer.get("Messages", [])]


def moto_server(folder: Path) -> Broker:
    if find_spec("flask") is None:
        without("no moto server: moto's `server` extra is not installed")
    return Broker(lambda port, _: [sys.executable, "-W", "ignore", "-c", _MOTO, str(port)], False, folder)


def elasticmq(folder: Path) -> Broker:
    jar = next((ROOT / ".tools/elasticmq/node_modules/elasticmq").glob("*.jar"), None)
    if jar is None or shutil.which("java") is None:
        without("no ElasticMQ, or no Java to run it: run make tools")

    def command(port: int, folder: Path) -> list[str]:
        settings = folder / "elasticmq.conf"
        settings.write_text(
            f'include classpath("application.conf")\nnode-address.port = {port}\n'
            f'rest-sqs {{ bind-port = {port}, bind-hostname = "127.0.0.1" }}\n'
        )
        # It is of 2013, and looks into java.util.regex, which Java keeps shut since.
        opened = "java.base/java.util.regex=ALL-UNNAMED"
        return ["java", "--add-opens", opened, "-Xmx128m", f"-Dconfig.file={settings}", "-jar", str(jar)]

    return Broker(command, True, folder)


# The way there --------------------------------------------------------------------------------------


class Way:
    """A port that leads to the broker while it is open; closing it cuts every connection."""

    def __init__(self, to_port: int) -> None:
        self.port = free_port()
        self._to_port = to_port
        self._listening: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._begin(self._accept, self._listening)

    def close(self) -> None:
        # Nobody new may come in while the others are cut. A thread that waits keeps its socket alive until that is
        # shut down, and one that was just let in cuts itself.
        listening, self._listening = self._listening, None
        for end in [*([listening] if listening else []), *self._connections]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()
        self._connections.clear()

    def _accept(self, listening: socket.socket) -> None:
        with listening, suppress(OSError):
            while True:
                near, _ = listening.accept()
                self._begin(self._connect, near)

    def _connect(self, near: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self._to_port)) as far:
            self._connections += [near, far]
            if self._listening is None:
                return
            back = self._begin(self._pass_on, far, near)
            self._pass_on(near, far)
            back.join()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _begin(self, work: Callable[..., None], *arguments: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread


# The function ---------------------------------------------------------------------------------------


@dataclass
class Function:
    """An HTTP server that takes events. Paths tell who invokes; `holding` has those whose calls are kept waiting."""

    url: str = ""
    entered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    handled: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    holding: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def bodies(self, by: str | None = None) -> list[str]:
        """Of the messages handled to the end."""
        with self.changed:
            return [record["body"] for path, record in self.handled if by in (None, path)]

    def in_hand(self, by: str) -> list[str]:
        with self.changed:
            done = [record["messageId"] for path, record in self.handled if path == by]
            return [record["body"] for path, record in self.entered if path == by and record["messageId"] not in done]

    def hold(self, path: str) -> None:
        with self.changed:
            self.holding.add(path)

    def let_go(self, path: str) -> None:
        with self.changed:
            self.holding.discard(path)
            self.changed.notify_all()

    def handle(self, path: str, event: dict[str, Any]) -> dict[str, Any]:
        """Reports as failed, once, each message whose body is in `failing`."""
        records = [(path, record) for record in event["Records"]]
        with self.changed:
            self.entered += records
            self.changed.wait_for(lambda: path not in self.holding, timeout=60)
            failed = [record["messageId"] for _, record in records if record["body"] in self.failing]
            self.failing -= {record["body"] for _, record in records}
            self.handled += records
            return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@contextmanager
def function() -> Iterator[Function]:
    made = Function()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(made.handle(self.path, event)).encode()
            # Who was killed meanwhile does not hear it.
            with suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing to the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        for path in list(made.holding):
            made.let_go(path)
        server.shutdown()
