"""What SQS refuses beside what the caller did: for the queue's key, or because somebody wants to see what callers do
then.

Words of what cannot happen here by itself are those of the service model's documentation, and UNCONFIRMED.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core import errors
from app.core.commands import RefuseQueueCalls
from app.core.errors import InvalidParameterValue, KeyRefused, Refused
from app.core.facts import Effect, QueueCallsRefused, QueueKeyUnknown
from app.core.names import Arn
from app.core.sqs.queue import Queue
from app.core.sqs.queue_keys import QueueKeys, own_key_of, refused_key
from app.core.time import Instant

OPERATIONS = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
"""What can be refused so; their batches are meant too, as a whole."""

REFUSALS: Mapping[str, str] = {
    "AccessDenied": "Access to the resource is denied.",
    "InternalFailure": "The request processing has failed because of an unknown error, exception or failure.",
    "InvalidAddress": "The address is not valid for this endpoint.",
    "InvalidIdFormat": "The specified receipt handle isn't valid for the current version.",
    "InvalidMessageContents": "Invalid characters found in the message body.",
    "InvalidSecurity": "The request was not made over HTTPS or did not use SigV4 for signing.",
    "KmsAccessDenied": (
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are "
        "not allowed to access."
    ),
    "KmsDisabled": "The specified KMS key is not enabled.",
    "KmsInvalidKeyUsage": "The KeyUsage value of the KMS key is incompatible with the API operation.",
    "KmsInvalidState": "The state of the specified resource is not valid for this request.",
    "KmsNotFound": "The specified entity or resource could not be found.",
    "KmsOptInRequired": "The AWS Access Key Id needs a subscription for the service",
    "KmsThrottled": (
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
    ),
    "MessageNotInflight": errors.MessageNotInflight.message,
    "OverLimit": "Too many messages in flight",
    "QueueDoesNotExist": errors.QueueDoesNotExist.message,
    "ReceiptHandleIsInvalid": "The specified receipt handle isn't valid.",
    "RequestThrottled": errors.RequestThrottled.message,
    "ServiceUnavailable": "The request has failed due to a temporary failure of the server.",
    "UnsupportedOperation": "Error code 400. Unsupported operation.",
}  # fmt: skip
"""What each says, by its name in the service model (or among the errors that all of AWS's services have)."""


@dataclass(slots=True)
class Rehearsal:
    """A queue refuses so: `left` more calls, or until it is told otherwise (None); one operation, or all (None)."""

    code: str
    left: int | None
    operation: str | None
    message: str | None

    def refusal(self, queue: Arn, now: Instant) -> Refused:
        kind: type[Refused] = getattr(errors, self.code)
        words = self.message or REFUSALS[self.code]
        if issubclass(kind, KeyRefused) and self.message is None:
            return refused_key(kind, words, queue, now)
        return kind(words)


@dataclass(slots=True)
class QueueRefusals:
    """Asks for each operation on messages whether something keeps the queue from it; effects go to `outbox`.

    `troubled` are the queues of which anything has to be asked at all. `find` gives a queue or raises
    QueueDoesNotExist; `changed` is called with a queue that refuses otherwise now.
    """

    keys: QueueKeys
    outbox: list[Effect]
    find: Callable[[Arn], Queue]
    changed: Callable[[Queue, Instant], None]
    troubled: set[Arn] = field(default_factory=set)
    _rehearsals: dict[Arn, Rehearsal] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {RefuseQueueCalls: self.rehearse}

    def rehearsal_of(self, queue: Arn) -> Rehearsal | None:
        return self._rehearsals.get(queue)

    def note(self, queue: Queue) -> None:
        """The queue was made, or has other attributes."""
        if self.keys.is_unknown(queue) and not self.keys.is_enforced:
            self.outbox.append(QueueKeyUnknown(queue.arn, own_key_of(queue) or ""))
        if own_key_of(queue) is not None or queue.arn in self._rehearsals:
            self.troubled.add(queue.arn)
        else:
            self.troubled.discard(queue.arn)

    def forget(self, queue: Queue) -> None:
        """The queue is gone."""
        self._rehearsals.pop(queue.arn, None)
        self.troubled.discard(queue.arn)

    def rehearse(self, command: RefuseQueueCalls, now: Instant) -> None:
        """Raises QueueDoesNotExist, InvalidParameterValue for a name that SQS does not refuse with."""
        queue = self.find(command.queue)
        if command.code not in REFUSALS:
            raise InvalidParameterValue(
                f"SQS does not refuse with '{command.code}'. It may with {', '.join(REFUSALS)}."
            )
        if command.operation not in (None, *OPERATIONS):
            raise InvalidParameterValue(f"'{command.operation}' cannot be refused; {', '.join(OPERATIONS)} can.")
        if command.times is not None and command.times < 0:
            raise InvalidParameterValue("A queue refuses so and so many times, or for ever.")
        if command.times == 0:
            self._rehearsals.pop(queue.arn, None)
        else:
            rehearsal = Rehearsal(command.code, command.times, command.operation, command.message)
            self._rehearsals[queue.arn] = rehearsal
        self.note(queue)
        self.outbox.append(QueueCallsRefused(queue.arn, command.code, command.times, command.operation))
        self.changed(queue, now)

    def standing(self, queue: Queue, operation: str, now: Instant) -> Refused | None:
        """What the next such operation would be refused with; it is not counted."""
        if queue.arn not in self.troubled:
            return None
        rehearsal = self._rehearsals.get(queue.arn)
        if rehearsal is not None and rehearsal.operation in (None, operation):
            return rehearsal.refusal(queue.arn, now)
        return self.keys.refusal(queue, operation, now)

    def take(self, queue: Queue, operation: str, now: Instant) -> Refused | None:
        """What this operation is refused with; None if it is done."""
        if queue.arn not in self.troubled:
            return None
        refusal = self.standing(queue, operation, now)
        rehearsal = self._rehearsals.get(queue.arn)
        if refusal is not None and rehearsal is not None and rehearsal.operation in (None, operation):
            if rehearsal.left is not None:
                rehearsal.left -= 1
            if rehearsal.left == 0:
                del self._rehearsals[queue.arn]
                self.note(queue)
        return refusal

    def check(self, queue: Queue, operation: str, now: Instant) -> None:
        """Raises what the operation is refused with."""
        # Asked for every message, so that it costs one look into a set.
        if queue.arn in self.troubled and (refusal := self.take(queue, operation, now)) is not None:
            raise refusal


def code_of(refusal: Refused) -> str:
    """What Lambda and move tasks call it: its name in the query protocol."""
    if isinstance(refusal, KeyRefused):
        return refusal.code
    return _OLD_CODES.get(type(refusal), type(refusal).__name__)


_OLD_CODES: Mapping[type[Refused], str] = {
    errors.QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
    errors.MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
    errors.UnsupportedOperation: "AWS.SimpleQueueService.UnsupportedOperation",
}
