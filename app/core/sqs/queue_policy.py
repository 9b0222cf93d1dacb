"""A queue's access policy, as AddPermission and RemovePermission write it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import InvalidAttributeValue, InvalidParameterValue, MissingParameter, OverLimit
from app.core.names import Arn
from app.core.sqs.redrive import read_json_object

# SQSDG:quotas-policies.
_ACTIONS_MOST = 7
_STATEMENTS_MOST = 20
_PRINCIPALS_MOST = 50
_CONDITIONS_MOST = 10
_POLICY_BYTES_MOST = 8_192
_VERSIONS = ("2008-10-17", "2012-10-17")
_MEMBERS = {"Version", "Id", "Statement"}
_STATEMENT_MEMBERS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ACTIONS = {
    "*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
    "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "ListQueueTags",
}  # fmt: skip
_OWNERS_ACTIONS = {
    "AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues",
    "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
}  # fmt: skip


def check_policy(text: str) -> None:
    """Raises InvalidAttributeValue unless `text` is "" or a policy of IAM's grammar, OverLimit for one beyond SQS's
    quotas."""
    if not text:
        return
    policy = read_json_object("Policy", text)
    statements = policy.get("Statement")
    listed: list[Any] = statements if isinstance(statements, list) else [statements]
    has_form = not set(policy) - _MEMBERS and policy.get("Version", _VERSIONS[0]) in _VERSIONS
    if not has_form or not listed or not all(map(_is_statement, listed)):
        raise InvalidAttributeValue("Invalid value for the parameter Policy.")
    if len(text.encode()) > _POLICY_BYTES_MOST:
        raise OverLimit("Submitted policy is over max allowed size.")
    for statement in listed:
        actions = len(_listed(statement.get("Action", [])))
        if actions > _ACTIONS_MOST:
            raise OverLimit(
                f"{actions} actions were found in a statement from the submitted policy, max allowed is {_ACTIONS_MOST}"
            )
    # The words of the last two are made after that of the first: users have not told them.
    for found, most, things in (
        (len(listed), _STATEMENTS_MOST, "statements"),
        (sum(map(_principals, listed)), _PRINCIPALS_MOST, "principals"),
        (sum(map(_conditions, listed)), _CONDITIONS_MOST, "conditions"),
    ):
        if found > most:
            raise OverLimit(f"{found} {things} were found in the submitted policy, max allowed is {most}")


def _is_statement(statement: object) -> bool:
    return (
        isinstance(statement, dict)
        and not set(statement) - _STATEMENT_MEMBERS
        and statement.get("Effect") in ("Allow", "Deny")
        and ("Action" in statement) != ("NotAction" in statement)
    )


def _principals(statement: Mapping[str, Any]) -> int:
    principal = statement.get("Principal", statement.get("NotPrincipal", []))
    if not isinstance(principal, Mapping):
        return len(_listed(principal))
    return sum(len(_listed(named)) for named in principal.values())


def _conditions(statement: Mapping[str, Any]) -> int:
    condition = statement.get("Condition", {})
    return sum(len(keys) for keys in condition.values() if isinstance(keys, Mapping)) if condition else 0


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def with_permission(
    policy: str | None, *, queue: Arn, label: str, accounts: Sequence[str], actions: Sequence[str]
) -> str:
    """The policy with a statement more. Raises InvalidParameterValue, MissingParameter or OverLimit."""
    for name, given in (("Label", label), ("ActionName", actions), ("AWSAccountIds", accounts)):
        if not given:
            raise MissingParameter(f"The request must contain the parameter {name}.")
    for action in actions:
        if action not in _ACTIONS:
            raise InvalidParameterValue(
                f"Value SQS:{action} for parameter ActionName is invalid. Reason: "
                + (
                    "Only the queue owner is allowed to invoke this action."
                    if action in _OWNERS_ACTIONS
                    else "Please refer to the appropriate WSDL for a list of valid actions."
                )
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
            f"{len(document['Statement']) + 1} Statements were found, maximum allowed is {_STATEMENTS_MOST}."
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
        where = " on existing policy" if policy else ""
        raise InvalidParameterValue(f"Value {label} for parameter Label is invalid. Reason: can't find label{where}.")
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
