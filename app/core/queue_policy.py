"""A queue's access policy, as AddPermission and RemovePermission write it."""

import json
import re
from collections.abc import Sequence
from typing import Any

from app.core.errors import InvalidAttributeValue, InvalidParameterValue, MissingParameter, OverLimit
from app.core.names import Arn
from app.core.redrive import read_json_object

# SQSDG:quotas-policies.
_ACTIONS_MOST = 7
_STATEMENTS_MOST = 20
_POLICY_BYTES_MOST = 8_192
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ACTIONS = {
    "*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
    "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "ListQueueTags",
}  # fmt: skip


def check_policy(text: str) -> None:
    """Raises InvalidAttributeValue unless `text` is "" or a policy: a JSON object whose statements are objects."""
    if not text:
        return
    statements = read_json_object("Policy", text).get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    if len(text.encode()) > _POLICY_BYTES_MOST or not all(isinstance(statement, dict) for statement in listed):
        raise InvalidAttributeValue("Invalid value for the parameter Policy.")


def with_permission(
    policy: str | None, *, queue: Arn, label: str, accounts: Sequence[str], actions: Sequence[str]
) -> str:
    """The policy with a statement more. Raises InvalidParameterValue, MissingParameter or OverLimit."""
    for name, given in (("AWSAccountIds", accounts), ("Actions", actions)):
        if not given:
            raise MissingParameter(f"The request must contain the parameter {name}.")
    unknown = [action for action in actions if action not in _ACTIONS]
    if unknown:
        raise InvalidParameterValue(
            f"Value SQS:{unknown[0]} for parameter ActionName is invalid. Reason: Only the queue owner is allowed to "
            "invoke this action."
        )
    if len(actions) > _ACTIONS_MOST:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {_ACTIONS_MOST}.")
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            # As users saw it (aws-sdk-core-ruby #138).
            raise InvalidParameterValue(
                f"Value [{account}] for parameter PrincipalId is invalid. Reason: Unable to verify."
            )
    if not _LABEL.fullmatch(label):
        raise InvalidParameterValue(
            f"Value {label} for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, "
            "or underscores. 1 to 80 in length."
        )
    document = _read(policy, queue)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise InvalidParameterValue(f"Value {label} for parameter Label is invalid. Reason: Already exists.")
    if len(document["Statement"]) >= _STATEMENTS_MOST:
        raise OverLimit(
            f"{len(document['Statement']) + 1} statements were found, maximum allowed is {_STATEMENTS_MOST}."
        )
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    document["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_many(principals)},
            "Action": _one_or_many([f"SQS:{action}" for action in actions]),
            "Resource": queue,
        }
    )
    return json.dumps(document, separators=(",", ":"))


def without_permission(policy: str | None, *, queue: Arn, label: str) -> str:
    """The policy without the statement of that label, or "" when it was the last. Raises InvalidParameterValue."""
    document = _read(policy, queue)
    kept = [statement for statement in document["Statement"] if statement.get("Sid") != label]
    if len(kept) == len(document["Statement"]):
        raise InvalidParameterValue(f"Value {label} for parameter Label is invalid. Reason: can't find label.")
    document["Statement"] = kept
    return json.dumps(document, separators=(",", ":")) if kept else ""


def _read(policy: str | None, queue: Arn) -> dict[str, Any]:
    if not policy:
        return {"Version": "2008-10-17", "Id": f"{queue}/SQSDefaultPolicy", "Statement": []}
    document: dict[str, Any] = json.loads(policy)
    statements = document.get("Statement", [])
    document["Statement"] = statements if isinstance(statements, list) else [statements]
    return document


def _one_or_many(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
