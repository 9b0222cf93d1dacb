"""A broker over real sockets: connections that are cut where nobody could know."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

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
