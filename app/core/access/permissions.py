"""Policies: who may do what with a function, a layer or a queue, as values that can be asked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.access.conditions import expanded, holds, matches
from app.core.errors import InvalidParameterValue, PolicyTooLong, ResourceConflict, ResourceNotFound
from app.core.names import Arn

# Lambda quotas, gettingstarted-limits: a function's resource-based policy is at most 20 KB.
POLICY_BYTES_MOST = 20_480

_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazon(aws)?\.com(\.cn)?")
_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d{12}:.+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `principals` are services, accounts or ARNs, or `*`; `conditions` are (operator, key, values).

    Where there are `other_than_principals`, `…_actions` or `…_resources` it says `NotPrincipal`, `NotAction` or
    `NotResource`, and speaks of all but them. Without any resource it speaks of that which it is attached to.
    """

    sid: str
    allows: bool
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    document: str = field(default="", compare=False)
    other_than_principals: tuple[str, ...] = ()
    other_than_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    other_than_resources: tuple[str, ...] = ()

    def covers(
        self, principal: str | Sequence[str], action: str, context: Mapping[str, str], resource: Arn | None = None
    ) -> bool:
        """Whether it speaks of this principal doing this; `context` has condition keys in lower case. A principal with
        several names (a session, its role, its account) is meant by each of them."""
        names = (principal,) if isinstance(principal, str) else principal
        return self._is_about(names) and self.covers_doing(action, context, resource)

    def covers_doing(self, action: str, context: Mapping[str, str], resource: Arn | None = None) -> bool:
        """The same where the policy is the principal's own. Without a resource none is asked about."""
        return (
            self._names_action(action.lower())
            and (resource is None or self._names_resource(resource, context))
            and all(holds(operator, values, key, context) for operator, key, values in self.conditions)
        )

    def _is_about(self, names: Sequence[str]) -> bool:
        if self.other_than_principals:
            # Who is to be left out has to be named in all its forms, its account's included
            # (reference_policies_elements_notprincipal).
            left_out = {_as_arn(name) for name in self.other_than_principals}
            return "*" not in left_out and not left_out.issuperset(names)
        return any(_is_principal(named, name) for named in self.principals for name in names)

    def _names_action(self, action: str) -> bool:
        if self.other_than_actions:
            return not any(matches(pattern.lower(), action) for pattern in self.other_than_actions)
        return any(matches(pattern.lower(), action) for pattern in self.actions)

    def _names_resource(self, resource: Arn, context: Mapping[str, str]) -> bool:
        if self.other_than_resources:
            return not any(matches(expanded(pattern, context), resource) for pattern in self.other_than_resources)
        return not self.resources or any(matches(expanded(pattern, context), resource) for pattern in self.resources)


@dataclass(frozen=True, slots=True)
class Policy:
    """A resource policy; empty, it allows nobody anything."""

    statements: tuple[Statement, ...] = ()

    @property
    def document(self) -> str:
        """As GetPolicy tells it."""
        inner = ",".join(statement.document for statement in self.statements)
        return f'{{"Version":"2012-10-17","Id":"default","Statement":[{inner}]}}'

    def with_statement(self, statement: Statement) -> "Policy":
        """Raises ResourceConflict for an id that is there, PolicyTooLong."""
        if any(other.sid == statement.sid for other in self.statements):
            raise ResourceConflict(
                f"The statement id ({statement.sid}) provided already exists. Please provide a new statement id, or "
                "remove the existing statement."
            )
        policy = Policy((*self.statements, statement))
        size = len(policy.document.encode())
        if size > POLICY_BYTES_MOST:
            raise PolicyTooLong(f"The final policy size ({size}) is bigger than the limit ({POLICY_BYTES_MOST}).")
        return policy

    def without_statement(self, sid: str) -> "Policy":
        """Raises ResourceNotFound when there is no policy, or no such statement in it."""
        if not self.statements:
            raise ResourceNotFound("No policy is associated with the given resource.")
        kept = tuple(statement for statement in self.statements if statement.sid != sid)
        if len(kept) == len(self.statements):
            raise ResourceNotFound(f"Statement {sid} is not found in resource policy.")
        return Policy(kept)


def allows(
    policy: Policy,
    principal: str,
    action: str,
    source_arn: Arn | None = None,
    source_account: str | None = None,
    context: Mapping[str, str] | None = None,
    resource: Arn | None = None,
) -> bool:
    """Whether the policy lets `principal` do `action` for that source; a statement that denies it wins. Statements
    about another resource than the one given do not count.

    `context` has further condition keys: `lambda:FunctionUrlAuthType`, `lambda:EventSourceToken`, ….
    """
    known = {key.lower(): value for key, value in (context or {}).items()}
    if source_arn is not None:
        known["aws:sourcearn"] = source_arn
    if source_account is not None:
        known["aws:sourceaccount"] = source_account
    found = [
        statement.allows for statement in policy.statements if statement.covers(principal, action, known, resource)
    ]
    return bool(found) and all(found)


def read_policy(text: str | None) -> Policy:
    """A policy document as a value: a queue's, a topic's. What is no policy allows nobody anything."""
    try:
        document = json.loads(text or "{}")
        given = document.get("Statement", [])
        return Policy(tuple(_read(statement) for statement in (given if isinstance(given, list) else [given])))
    except (ValueError, AttributeError):
        return Policy()


def permission(given: Mapping[str, Any], *, resource: Arn, partition: str = "aws") -> Statement:
    """The statement that AddPermission's parameters make. Raises InvalidParameterValue for its principal."""
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in _CONDITIONS:
        value = given.get(member)
        if value is not None:
            conditions.setdefault(operator, {})[key] = "true" if value is True else value
    document: dict[str, Any] = {
        "Sid": given["StatementId"],
        "Effect": "Allow",
        "Principal": _principal_of(given["Principal"], partition),
        "Action": given["Action"],
        "Resource": resource,
    }
    if conditions:
        document["Condition"] = conditions
    return _read(document)


_CONDITIONS = (
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("OrganizationId", "StringEquals", "aws:PrincipalOrgID"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)
"""Which parameter becomes which condition, as recorded in GetPolicy."""


def _principal_of(text: str, partition: str) -> Any:
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:{partition}:iam::{text}:root"}
    if _PRINCIPAL_ARN.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise InvalidParameterValue("The provided principal was invalid. Please check the principal and try again.")


def _read(document: Mapping[str, Any]) -> Statement:
    conditions = tuple(
        (operator, key, tuple(str(value) for value in _listed(values)))
        for operator, keys in (document.get("Condition") or {}).items()
        for key, values in keys.items()
    )
    return Statement(
        str(document.get("Sid", "")), document.get("Effect") == "Allow", _principals_in(document.get("Principal")),
        _texts_in(document.get("Action")), conditions, json.dumps(document, separators=(",", ":")),
        _principals_in(document.get("NotPrincipal")), _texts_in(document.get("NotAction")),
        _texts_in(document.get("Resource")), _texts_in(document.get("NotResource")),
    )  # fmt: skip


def _principals_in(given: Any) -> tuple[str, ...]:
    if given == "*":
        return ("*",)
    return tuple(str(name) for value in (given or {}).values() for name in _listed(value))


def _texts_in(given: Any) -> tuple[str, ...]:
    return () if given is None else tuple(str(text) for text in _listed(given))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _as_arn(named: str) -> str:
    """An account is its root."""
    return f"arn:aws:iam::{named}:root" if _ACCOUNT.fullmatch(named) else named


def _is_principal(named: str, principal: str) -> bool:
    """An account, or its root, stands for everybody in it."""
    if named in ("*", principal):
        return True
    account = named.split(":")[-2] if named.startswith("arn:") and named.endswith(":root") else named
    return bool(_ACCOUNT.fullmatch(account)) and (principal == account or f"::{account}:" in principal)
