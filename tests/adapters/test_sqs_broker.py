"""A broker over real sockets: connections that are cut where nobody could know."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.adapters.sqs_broker import SqsBroker
from app.engine.ports import BrokerError

_ANSWER = b'{"Attributes": {"VisibilityTimeout": "30", "QueueArn": "arn:aws:sqs:us-east-1:000000000000:far"}}'


class Cutting:
    """Answers on a connection as often as its turn says, and cuts it at the next request without a word."""

    def __init__(self, *answers: int) -> None:
        self.requests = 0
        self._answers = answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            for count in self._answers:
                near, _ = self._listening.accept()
                with near:
                    self._answer(near, count)

    def _answer(self, near: socket.socket, count: int) -> None:
        while self._read(near):
            self.requests += 1
            if count == 0:
                return
            count -= 1
            head = (
                f"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {len(_ANSWER)}\r\n\r\n"
            )
            near.sendall(head.encode() + _ANSWER)

    @staticmethod
    def _read(near: socket.socket) -> bool:
        """One request, whole; False when there is none any more."""
        got = b""
        while b"\r\n\r\n" not in got:
            data = near.recv(65_536)
            if not data:
                return False
            got += data
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length:" in line)
        while len(body) < length:
            body += near.recv(65_536)
        return True


@pytest.fixture
def cutting(request: pytest.FixtureRequest) -> Iterator[Cutting]:
    server = Cutting(*request.param)
    yield server
    server.close()


def broker_at(server: Cutting) -> SqsBroker:
    return SqsBroker("far", server.url, queue_url=f"{server.url}/000000000000/far")


@pytest.mark.parametrize("cutting", [(1, 1)], indirect=True)
async def test_a_kept_connection_that_was_cut_is_no_failure_of_the_broker(cutting: Cutting) -> None:
    broker = broker_at(cutting)

    first = await broker.attributes()
    second = await broker.attributes()
    await broker.close()

    assert first == second
    assert cutting.requests == 3


@pytest.mark.parametrize("cutting", [(0, 0, 0)], indirect=True)
async def test_a_broker_that_cuts_again_has_failed(cutting: Cutting) -> None:
    broker = broker_at(cutting)

    with pytest.raises(BrokerError, match="closed"):
        await broker.attributes()
    await broker.close()

    assert cutting.requests == 2


# Where it is, and what it refuses --------------------------------------------------------------------


class Telling(BaseHTTPRequestHandler):
    """Answers what its server is told to, and notes the paths."""

    protocol_version = "HTTP/1.1"
    server: "TellingServer"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing to the test's output."""


class TellingServer(ThreadingHTTPServer):
    status = 200
    answer = _ANSWER
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Telling)
        self.paths: list[str] = []
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def telling() -> Iterator[TellingServer]:
    server = TellingServer()
    yield server
    server.shutdown()
    server.server_close()


async def test_an_endpoint_may_have_a_path(telling: TellingServer) -> None:
    url = f"http://127.0.0.1:{telling.server_port}/behind/a/proxy"
    broker = SqsBroker("far", url, queue_url=f"{url}/000000000000/far")

    await broker.attributes()
    await broker.close()

    assert telling.paths == ["/behind/a/proxy"]


async def test_a_refusal_is_told_in_the_brokers_words(telling: TellingServer) -> None:
    telling.status = 400
    telling.answer = b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}'
    url = f"http://127.0.0.1:{telling.server_port}"
    broker = SqsBroker("far", url, queue_url=f"{url}/000000000000/far")

    with pytest.raises(BrokerError) as refused:
        await broker.attributes()
    await broker.close()

    assert str(refused.value) == "QueueDoesNotExist: The specified queue does not exist."


async def test_a_certificate_of_ones_own_is_believed_where_aws_clients_are_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = own_certificate(tmp_path)
    server = TellingServer(server_context(certificate))
    url = f"https://127.0.0.1:{server.server_port}"

    doubting = SqsBroker("far", url, queue_url=f"{url}/000000000000/far")
    with pytest.raises(BrokerError, match="self-signed certificate"):
        await doubting.attributes()
    await doubting.close()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    believing = SqsBroker("far", url, queue_url=f"{url}/000000000000/far")
    told = await believing.attributes()
    await believing.close()
    server.shutdown()
    server.server_close()

    assert told.visibility_timeout_s == 30


def own_certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that it signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "broker.pem"
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(written + made.public_bytes(Encoding.PEM))
    return file


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
