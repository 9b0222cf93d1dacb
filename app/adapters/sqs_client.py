"""The four calls to an SQS-compatible broker, over boto3; blocking, and safe to use from several threads."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from app.adapters.sqs_query_model import query_session

T = TypeVar("T")

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 30
"""A long poll takes up to 20 s."""

_CONNECTIONS = 32
_UNSUPPORTED_MEDIA_TYPE = 415


@dataclass(frozen=True, slots=True)
class DeleteFailure:
    """An entry of a batch that was not deleted; `is_final` where another try would fail as well."""

    receipt_handle: str
    reason: str
    is_final: bool


class SqsClient:
    """One queue at one broker. Raises whatever botocore does."""

    def __init__(
        self, queue_name: str, endpoint: str | None, *, queue_url: str | None, region: str, account: str | None
    ) -> None:
        self._queue_name = queue_name
        self._endpoint, self._basic = _without_user(endpoint)
        self._region = region
        self._account = account
        self._url = queue_url
        self._client = self._make(is_query=False)

    def ask(self, work: "Callable[[SqsClient], T]") -> T:
        """What `work` has of this client. A connection that was kept may have been cut where nobody could see it yet,
        which says nothing of the broker: the call is made once more."""
        try:
            return work(self)
        except ConnectionClosedError:
            return work(self)

    def attributes(self) -> dict[str, str]:
        answer = self._client_of_queue().get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        attributes: dict[str, str] = answer.get("Attributes", {})
        return attributes

    def receive(self, max_messages: int, visibility_timeout_s: int | None, wait_s: int) -> list[dict[str, Any]]:
        client = self._client_of_queue()
        timeout = {} if visibility_timeout_s is None else {"VisibilityTimeout": visibility_timeout_s}
        answer = client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=max_messages, WaitTimeSeconds=wait_s,
            # Brokers of before 2023 know the first name only.
            AttributeNames=["All"], MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"], **timeout,
        )  # fmt: skip
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def delete(self, receipt_handles: Sequence[str]) -> list[DeleteFailure]:
        entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(receipt_handles)]
        answer = self._client_of_queue().delete_message_batch(QueueUrl=self._url, Entries=entries)
        return [
            DeleteFailure(
                receipt_handles[int(failure["Id"])],
                f"{failure.get('Code', '')}: {failure.get('Message', '')}".strip(": "),
                bool(failure.get("SenderFault", True)),
            )
            for failure in answer.get("Failed", [])
        ]

    def close(self) -> None:
        self._client.close()

    def _client_of_queue(self) -> Any:
        """The client, once the queue's URL is known and with it the protocol that the broker speaks."""
        if self._url is None:
            owner = {"QueueOwnerAWSAccountId": self._account} if self._account and self._endpoint is None else {}
            try:
                answer = self._client.get_queue_url(QueueName=self._queue_name, **owner)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != _UNSUPPORTED_MEDIA_TYPE:
                    raise
                self._client = self._make(is_query=True)
                answer = self._client.get_queue_url(QueueName=self._queue_name, **owner)
            self._url = answer["QueueUrl"]
        return self._client

    def _make(self, *, is_query: bool) -> Any:
        session = query_session() if is_query else boto3.session.Session()
        config = Config(
            connect_timeout=_CONNECT_TIMEOUT_S, read_timeout=_READ_TIMEOUT_S, max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            # Who uses Triggerfish has AWS_ENDPOINT_URL set to it; a queue at Amazon is not to be looked for there.
            ignore_configured_endpoint_urls=True,
            # Trying again, and telling of it, is the engine's.
            retries={"mode": "standard", "total_max_attempts": 1},
            signature_version=UNSIGNED if self._basic else None,
        )  # fmt: skip
        keys = {}
        if self._endpoint is not None and session.get_credentials() is None:
            keys = {"aws_access_key_id": "triggerfish", "aws_secret_access_key": "triggerfish"}
        client = session.client("sqs", endpoint_url=self._endpoint, region_name=self._region, config=config, **keys)
        if self._basic is not None:
            client.meta.events.register("before-send.sqs", self._authorize)
        if is_query:
            # The classic protocol posts to the queue's URL; older brokers know a queue by nothing else.
            client.meta.events.register("before-call.sqs", _post_to_queue)
        return client

    def _authorize(self, request: Any, **_: Any) -> None:
        request.headers["Authorization"] = self._basic


def _without_user(endpoint: str | None) -> tuple[str | None, str | None]:
    """The endpoint without a user and a password in it, and the header that says who they are. Both a signature and
    they want that header; who writes them into the URL has a proxy before the broker that asks for them."""
    parts = urlsplit(endpoint or "")
    if not parts.username:
        return endpoint, None
    who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, f"Basic {b64encode(who.encode()).decode()}"


def _post_to_queue(params: dict[str, Any], **_: Any) -> None:
    url = params["body"].get("QueueUrl")
    if url:
        params["url"] = params["url"].rstrip("/") + urlsplit(url).path
