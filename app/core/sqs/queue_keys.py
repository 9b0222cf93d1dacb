"""KMS keys of queues: what SQS says when it asks for the queue's key and does not get what it needs.

`alias/aws/sqs` and keys that SQS manages always work. A key that the store has never had is taken for granted, because
a local setup has none: with enforced permissions it is KmsNotFound. What is disabled, deleted or of another kind is
refused always: somebody has made it so here.
"""

from dataclasses import dataclass

from app.core.access.keys import Keys
from app.core.awslambda.deployment import revision_id
from app.core.commands import KeyState
from app.core.errors import (
    KeyRefused,
    KmsAccessDenied,
    KmsDisabled,
    KmsInvalidKeyUsage,
    KmsInvalidState,
    KmsNotFound,
    KmsOptInRequired,
    KmsThrottled,
)
from app.core.names import Arn, Scope, parse_arn
from app.core.sqs.queue import Queue
from app.core.time import Instant

KEY_ACTIONS = {"SendMessage": "kms:GenerateDataKey", "ReceiveMessage": "kms:Decrypt"}
"""What the caller needs of the key (SQSDG:sqs-key-management). That an empty queue is not received from either is
UNCONFIRMED. Nor does SQS use a data key again here, as it may for KmsDataKeyReusePeriodSeconds: what KMS says holds at
once."""

_CODES: dict[type[KeyRefused], str] = {
    KmsAccessDenied: "AccessDeniedException",
    KmsDisabled: "DisabledException",
    KmsInvalidKeyUsage: "InvalidKeyUsageException",
    KmsInvalidState: "KMSInvalidStateException",
    KmsNotFound: "NotFoundException",
    KmsOptInRequired: "OptInRequired",
    KmsThrottled: "ThrottlingException",
}
"""KMS's own names."""


@dataclass(slots=True)
class QueueKeys:
    """Asks of a queue's key what its state is."""

    keys: Keys
    is_enforced: bool

    def refusal(self, queue: Queue, operation: str, now: Instant) -> KeyRefused | None:
        """What sending to the queue, or receiving from it, is refused with for the state of its key."""
        arn, action = own_key_of(queue), KEY_ACTIONS.get(operation)
        if arn is None or action is None:
            return None
        key = self.keys.get(arn)
        if key is None:
            return refused_key(KmsNotFound, _missing(arn), queue.arn, now) if self.is_enforced else None
        shown = key.arn or arn
        if key.deleted_at is not None and key.deleted_at <= now:
            return refused_key(KmsNotFound, _missing(arn), queue.arn, now)
        if key.state == "Disabled":
            return refused_key(KmsDisabled, f"{shown} is disabled.", queue.arn, now)
        if key.state != "Enabled":
            return refused_key(KmsInvalidState, f"{shown} is {_in_words(key.state)}.", queue.arn, now)
        if key.usage != "ENCRYPT_DECRYPT":
            operation = action.removeprefix("kms:")
            words = f"{shown} key usage is {key.usage} which is not valid for {operation}."
            return refused_key(KmsInvalidKeyUsage, words, queue.arn, now)
        if key.spec != "SYMMETRIC_DEFAULT":
            words = f"{shown} is an asymmetric key, which data keys are not made with."
            return refused_key(KmsInvalidKeyUsage, words, queue.arn, now)
        return None

    def is_unknown(self, queue: Queue) -> bool:
        """Whether the queue has a key that the store of its account and region, which somebody uses, has never had."""
        arn = own_key_of(queue)
        return arn is not None and self.keys.get(arn) is None and self.keys.is_store_used(parse_arn(queue.arn).scope)

    def policy_of(self, queue: Queue) -> KeyState | None:
        """The key whose policy is to be asked; None where there is none, or the store does not know it."""
        arn = own_key_of(queue)
        return None if arn is None else self.keys.get(arn)


def own_key_of(queue: Queue) -> Arn | None:
    """The ARN of the key that is not SQS's own, or of its alias; None for a queue without one."""
    named = queue.settings.texts.get("KmsMasterKeyId") or ""
    if not named or named.endswith("alias/aws/sqs"):
        return None
    if named.startswith("arn:"):
        return named
    scope: Scope = parse_arn(queue.arn).scope
    resource = named if named.startswith("alias/") else f"key/{named}"
    return f"arn:aws:kms:{scope.region}:{scope.account}:{resource}"


def refused_key(kind: type[KeyRefused], words: str, queue: Arn, now: Instant) -> KeyRefused:
    """The refusal as SQS hands it on: KMS's words, and what its SDK for Java adds to them (as users quote it,
    opensearch-project/data-prepper#2422). Each kind's own words are KMS's; in SQS they are UNCONFIRMED."""
    status = 403 if kind is KmsOptInRequired else 400
    request_id = revision_id("kms", queue, now)
    return kind(
        f"{words} (Service: AWSKMS; Status Code: {status}; Error Code: {_CODES[kind]}; Request ID: {request_id}; "
        "Proxy: null)"
    )


def _missing(arn: Arn) -> str:
    return f"Alias {arn} is not found." if ":alias/" in arn else f"Key '{arn}' does not exist"


def _in_words(state: str) -> str:
    """`PendingDeletion`: pending deletion."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in state).strip()
