"""A topic's access policy: the one it is made with, and what AddPermission and RemovePermission make of it."""

import json
from collections.abc import Sequence
from typing import Any

from app.core.errors import InvalidParameter
from app.core.names import Arn, parse_arn
from app.core.topics.refusals import Refuse

_DEFAULT_ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip
_ACTIONS = {*_DEFAULT_ACTIONS, "GetDataProtectionPolicy", "PutDataProtectionPolicy", "ListTagsForResource", "Receive"}
_OUT_OF_SCOPE = "Policy statement action out of service scope!"


def default_policy(topic: Arn) -> str:
    """The policy of a new topic, for its owner (recorded)."""
    document = {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in _DEFAULT_ACTIONS],
                "Resource": topic,
                "Condition": {"StringEquals": {"AWS:SourceOwner": parse_arn(topic).account}},
            }
        ],
    }
    return json.dumps(document, separators=(",", ":"))


def check_policy(text: str, refuse: Refuse) -> None:
    """Raises InvalidParameter unless `text` is a policy whose actions are a topic's own.

    `SNS:*` is refused too, as users found; the text for what is no policy is as some saw it (UNCONFIRMED).
    """
    document = _loads(text)
    if not isinstance(document, dict):
        raise refuse("Policy Error: null")
    listed = _many(document.get("Statement", []))
    if not listed or not all(isinstance(statement, dict) for statement in listed):
        raise refuse("Policy Error: null")
    for statement in listed:
        for action in _many(statement.get("Action", [])):
            service, _, name = str(action).partition(":")
            if service.lower() != "sns" or name.lower() not in {known.lower() for known in _ACTIONS}:
                raise refuse(_OUT_OF_SCOPE)


def with_permission(policy: str, *, topic: Arn, label: str, accounts: Sequence[str], actions: Sequence[str]) -> str:
    """The policy with a statement more. Raises InvalidParameter."""
    document = _read(policy)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise InvalidParameter("Invalid parameter: Statement already exists")
    if any(action not in _ACTIONS for action in actions):
        raise InvalidParameter(f"Invalid parameter: {_OUT_OF_SCOPE}")
    document["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_many([f"arn:aws:iam::{account}:root" for account in accounts])},
            "Action": _one_or_many([f"SNS:{action}" for action in actions]),
            "Resource": topic,
        }
    )
    return json.dumps(document, separators=(",", ":"))


def without_permission(policy: str, *, label: str) -> str:
    """The policy without the statements of that label; a label that is not there changes nothing."""
    document = _read(policy)
    document["Statement"] = [statement for statement in document["Statement"] if statement.get("Sid") != label]
    return json.dumps(document, separators=(",", ":"))


def _read(policy: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(policy)
    document["Statement"] = _many(document.get("Statement", []))
    return document


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _one_or_many(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
