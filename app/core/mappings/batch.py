"""A batch of a mapping, and what a function's answer says of its messages."""

import json
from dataclasses import dataclass

from app.core.sqs.message import Attempt, Delivery, Message
from app.core.time import Instant
from app.core.value import Value


class Item(Value):
    """A message of a batch: its delivery, the attempt it counts as, and its rendered record."""

    message: Message
    delivery: Delivery
    attempt: Attempt
    record: bytes

    @property
    def id(self) -> str:
        return self.delivery.content.message_id


class Batch(Value):
    """What one invocation gets. `hidden_until` is when the first of its messages is visible again."""

    request_id: str
    items: tuple[Item, ...]
    reason: str
    hidden_until: Instant

    @property
    def groups(self) -> frozenset[str | None]:
        """The message groups it has messages of."""
        return frozenset(item.delivery.content.group_id for item in self.items)


@dataclass(frozen=True, slots=True)
class ItemFailures:
    """A usable partial response: these ids failed, the others are done."""

    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnusableResponse:
    """A partial response Lambda does not take; the whole batch counts as failed."""

    why: str


NO_FAILURES = frozenset({b"", b"null", b"{}", b'{"batchItemFailures":[]}', b'{"batchItemFailures": []}'})
"""How runtimes mostly write that all succeeded."""


def read_partial_response(payload: bytes, batch_ids: frozenset[str]) -> ItemFailures | UnusableResponse:
    """What a function with ReportBatchItemFailures answered.

    Nothing, `null`, `{}`, a null or empty list are full success; an unknown, empty or null identifier, an entry
    without one, or anything that is not such an object fails the whole batch (DG:services-sqs-errorhandling,
    and recorded).
    """
    if not payload.strip():
        return ItemFailures(frozenset())
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return UnusableResponse("the response is not JSON")
    if answer is None:
        return ItemFailures(frozenset())
    if not isinstance(answer, dict):
        return UnusableResponse(f"the response is {_kind(answer)}, not an object with batchItemFailures")
    failures = answer.get("batchItemFailures")
    if failures is None:
        return ItemFailures(frozenset())
    if not isinstance(failures, list):
        return UnusableResponse(f"batchItemFailures is {_kind(failures)}, not a list")
    ids = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, str) or not identifier:
            return UnusableResponse("an entry of batchItemFailures has no itemIdentifier")
        if identifier not in batch_ids:
            return UnusableResponse(f"itemIdentifier {identifier} is not in the batch")
        ids.add(identifier)
    return ItemFailures(frozenset(ids))


def _kind(value: object) -> str:
    return {list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number", dict: "an object"}[
        type(value)
    ]
