"""Steps of who may do what: users and roles come and go, and callers of every kind ask something of queues."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.commands import (
    Admit,
    Command,
    DescribeIdentities,
    ReceiveMessage,
    RefuseQueueCalls,
    SetQueueAttributes,
    TagQueue,
)
from app.core.commands.access import Caller, Identity, KeyOwner
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_ANN = "arn:aws:iam::000000000000:user/ann"
_ROLE = "arn:aws:iam::000000000000:role/service/work"
_KEYS = (None, "test", "AKIAANN", "ASIAWORK")


def _policy(effect: str, action: str, **more: str) -> str:
    return json.dumps({"Statement": {"Effect": effect, "Action": action, "Resource": "*", **more}})


def _describe_identities(_play: Play, a: int, b: int) -> Command:
    """Nobody, or a user and a role who may something or nothing."""
    if a % 5 == 0:
        return DescribeIdentities({}, {})
    policies = (_policy("Allow", "sqs:*"), _policy("Deny", "sqs:Tag*"), "no policy at all")[: b % 4]
    identities = {arn: Identity(arn, policies, _policy("Allow", "*") if b % 2 else None) for arn in (_ANN, _ROLE)}
    session = "arn:aws:sts::000000000000:assumed-role/work/s"
    return DescribeIdentities(identities, {"AKIAANN": KeyOwner(_ANN, _ANN), "ASIAWORK": KeyOwner(_ROLE, session)})


def _admit(_play: Play, a: int, b: int) -> Command:
    """Somebody reads, tags or receives, of a queue that is there or not."""
    queue = SCOPE.queue_arn(("orders", "line.fifo", "nothing")[a % 3])
    caller = Caller(("000000000000", "111111111111")[b % 2], _KEYS[b % 4], is_secure=a % 2 == 0)
    operation, command = (
        ("GetQueueAttributes", None),
        ("TagQueue", TagQueue(queue, {"a": "b"})),
        ("ReceiveMessage", ReceiveMessage(queue, wait_time_s=b % 3)),
    )[(a + b) % 3]
    return Admit(queue, operation, caller, command)


def _set_policy(_play: Play, a: int, b: int) -> Command:
    policy = _policy(("Allow", "Deny")[a % 2], "sqs:ReceiveMessage", Principal="*") if b % 3 else ""
    return SetQueueAttributes(SCOPE.queue_arn("orders"), {"Policy": policy})


def _set_key(_play: Play, a: int, b: int) -> Command:
    return SetQueueAttributes(SCOPE.queue_arn("orders"), {"KmsMasterKeyId": ("", "0", "1", "alias/aws/sqs")[a % 4]})


def _refuse(_play: Play, a: int, b: int) -> Command:
    """Sometimes by a name that SQS does not have, sometimes no more."""
    queue = SCOPE.queue_arn(("orders", "line.fifo", "nothing")[a % 3])
    code = ("KmsThrottled", "RequestThrottled", "InternalFailure", "NoSuchThing")[b % 4]
    operation = (None, "SendMessage", "ReceiveMessage", "DeleteMessage")[a % 4]
    return RefuseQueueCalls(queue, code, (0, 1, 2, 5)[(a + b) % 4], operation)


VERBS: dict[str, Callable[[Play, int, int], Command | None]] = {
    "describe identities": _describe_identities,
    "admit": _admit,
    "set policy": _set_policy,
    "set key": _set_key,
    "refuse queue calls": _refuse,
}
