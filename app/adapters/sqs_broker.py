"""A queue at a broker that speaks SQS, through boto3: Amazon SQS, ElasticMQ, LocalStack, moto. Loaded on first use."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from app.core.commands import RemoteAttributes
from app.core.names import DEFAULT_REGION
from app.core.sqs.message import Delivery
from app.core.urls import without_password
from app.engine.ports import BrokerError
from app.wire.sqs.arrivals import read_attributes, read_delivery

if TYPE_CHECKING:
    from app.adapters.sqs_client import SqsClient

T = TypeVar("T")

LONG_POLL_S = 20
"""How long a receive waits for a message: the longest that SQS allows, as Lambda's pollers do."""

_DELETE_TRIES = 3


class SqsBroker:
    """A `Broker`. Each call runs on a thread of its own that nobody waits for at the end of the process: a long poll
    cannot be taken back.

    Credentials are those of the service's own environment (variables, profile, container or instance role). A broker
    that is not Amazon's and that no credentials are known for gets made-up ones: most do not look at them.
    """

    def __init__(
        self,
        queue_name: str,
        endpoint: str | None,
        *,
        queue_url: str | None = None,
        region: str = DEFAULT_REGION,
        account: str | None = None,
        long_poll_s: int = LONG_POLL_S,
    ) -> None:
        """`endpoint` None is Amazon SQS. `account` is the queue's owner, told where the broker looks up its URL."""
        self._queue_name = queue_name
        self._endpoint = endpoint
        self._region = region
        self._account = account
        self._queue_url = queue_url
        self._long_poll_s = long_poll_s
        self._client: SqsClient | None = None
        self._making = threading.Lock()

    async def attributes(self) -> RemoteAttributes:
        return read_attributes(await self._on_thread(lambda client: client.attributes()))

    async def receive(self, max_messages: int, visibility_timeout_s: int | None) -> tuple[Delivery, ...]:
        messages = await self._on_thread(
            lambda client: client.receive(max_messages, visibility_timeout_s, self._long_poll_s)
        )
        now = time.time_ns() // 1_000_000
        return tuple(read_delivery(message, now=now) for message in messages)

    async def delete(self, receipt_handles: Sequence[str]) -> dict[str, str]:
        return await self._on_thread(lambda client: _delete(client, receipt_handles))

    async def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def describe(self) -> str:
        return f"Amazon SQS {self._region}" if self._endpoint is None else without_password(self._endpoint)

    async def _on_thread(self, work: "Callable[[SqsClient], T]") -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(settling: Callable[[], None]) -> None:
            if not future.done():
                settling()

        def run() -> None:
            try:
                result = self._made().ask(work)
            except Exception as error:  # whatever a client fails with, the broker could not be used
                told = BrokerError(_in_words(error))
                settling = lambda: future.set_exception(told)  # noqa: E731 one of two ends of the future
            else:
                settling = lambda: future.set_result(result)  # noqa: E731
            # The loop may be gone when a long poll ends; then nobody wants to know.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, settling)

        threading.Thread(target=run, name=f"broker of {self._queue_name}", daemon=True).start()
        return await future

    def _made(self) -> "SqsClient":
        with self._making:
            if self._client is None:
                # boto3 takes half a second and 30 MB (1.40, 2026-11-21): only who has such a queue pays.
                from app.adapters.sqs_client import SqsClient

                self._client = SqsClient(
                    self._queue_name, self._endpoint, queue_url=self._queue_url, region=self._region,
                    account=self._account,
                )  # fmt: skip
            return self._client


def _delete(client: "SqsClient", receipt_handles: Sequence[str]) -> dict[str, str]:
    """What fails by no fault of ours is tried again; the rest is the answer."""
    refused: dict[str, str] = {}
    left = list(receipt_handles)
    for attempt in range(1, _DELETE_TRIES + 1):
        failures = client.delete(left)
        refused |= {failure.receipt_handle: failure.reason for failure in failures if failure.is_final}
        left = [failure.receipt_handle for failure in failures if not failure.is_final]
        if not left:
            break
        if attempt == _DELETE_TRIES:
            refused |= {failure.receipt_handle: failure.reason for failure in failures if not failure.is_final}
    return refused


def _in_words(error: Exception) -> str:
    """In one line, a refusal as the broker has it: its code and message, without what botocore says around them."""
    response = getattr(error, "response", None)
    refusal = response.get("Error", {}) if isinstance(response, dict) else {}
    if refusal.get("Code") and refusal.get("Message"):
        return _in_one_line(f"{refusal['Code']}: {refusal['Message']}")
    return _in_one_line(error)


def _in_one_line(error: object) -> str:
    text = without_password(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]}…"


_LONGEST_ERROR = 300
