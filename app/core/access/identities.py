"""Users and roles: what their policies let them do, as far as an identity store has told of them.

Somebody whom the store does not know is the root of an account, who may do everything in it: a local setup has no
users, and a key like `test` is nobody's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from app.core.access.permissions import Policy, read_policy
from app.core.awslambda.functions import Functions
from app.core.commands.access import Caller, DescribeIdentities, Identity
from app.core.names import Arn, parse_arn
from app.core.time import Instant


class Verdict(Enum):
    """What policies of one kind say of an action."""

    ALLOWED = "allowed"
    UNMENTIONED = "unmentioned"
    DENIED = "denied"


IDENTITY = "identity-based policy"
BOUNDARY = "permissions boundary"
RESOURCE = "resource-based policy"


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict, the kind of policy that it is of, in AWS's words, and the id of a statement that denies."""

    verdict: Verdict
    by: str
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks, under the name that refusals use and all `names` that a policy may have for them.

    `direct_names` are those that stand for nobody else: a statement for them needs no identity policy beside it.
    """

    arn: Arn
    account: str
    identity: Identity | None = None
    direct_names: tuple[Arn, ...] = ()

    @property
    def names(self) -> tuple[Arn, ...]:
        return (*self.direct_names, root_of(self.account))

    @property
    def context(self) -> dict[str, str]:
        """Condition keys about the principal (reference_policies_condition-keys, Properties of the principal)."""
        # A session's `aws:PrincipalArn` is its role's.
        arn = self.identity.arn if self.identity is not None else self.arn
        kind = "Account" if self.identity is None else "AssumedRole" if ":assumed-role/" in self.arn else "User"
        known = {"aws:principalarn": arn, "aws:principalaccount": self.account, "aws:principaltype": kind}
        return known | ({"aws:username": self.arn.rsplit("/", 1)[1]} if kind == "User" else {})

    def verdict(self, action: str, resource: Arn, context: Mapping[str, str]) -> "Said":
        """What the identity policies say, the boundary among them; the root of an account has none and needs none."""
        if self.identity is None:
            return Said(Verdict.ALLOWED, IDENTITY)
        said = [_said(text, action, resource, context) for text in self.identity.policies]
        boundary = Verdict.ALLOWED
        if self.identity.boundary is not None:
            boundary = _said(self.identity.boundary, action, resource, context)
        if Verdict.DENIED in said:
            return Said(Verdict.DENIED, IDENTITY)
        if boundary is Verdict.DENIED:
            return Said(Verdict.DENIED, BOUNDARY)
        if Verdict.ALLOWED not in said:
            return Said(Verdict.UNMENTIONED, IDENTITY)
        return Said(boundary, IDENTITY if boundary is Verdict.ALLOWED else BOUNDARY)


def root_of(account: str) -> Arn:
    return f"arn:aws:iam::{account}:root"


@dataclass(slots=True)
class Identities:
    """Who is behind an access key. `changed` is called when what the store tells is new."""

    functions: Functions
    changed: Callable[[], None]
    _told: DescribeIdentities = field(default_factory=lambda: DescribeIdentities({}, {}))

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {DescribeIdentities: self.describe}

    def describe(self, command: DescribeIdentities, now: Instant) -> None:
        """These are all there are from now on."""
        if command != self._told:
            self._told = command
            self.changed()

    @property
    def are_known(self) -> bool:
        """Whether there is any user or role."""
        return bool(self._told.identities)

    def caller(self, caller: Caller) -> Principal:
        """The user or role whose key the caller has, else the root of the account that was stated."""
        key = caller.access_key_id
        if key is not None and self.are_known:
            owner = self._told.keys.get(key)
            if owner is not None and (identity := self._told.identities.get(owner.identity)) is not None:
                return _principal(identity, owner.shown_as)
            found = self.functions.caller_with_key(key)
            if found is not None:
                function = found[0].spec
                role = function.deployment.role if function.deployment is not None else ""
                principal = self.role(role, function.name)
                if principal is not None:
                    return principal
        return Principal(root_of(caller.account), caller.account)

    def role(self, arn: Arn, session: str) -> Principal | None:
        """A role at work in a session of this name; None for a role that the store does not have."""
        identity = self._told.identities.get(arn)
        return None if identity is None else _principal(identity, session_of(arn, session))


def session_of(role: Arn, session: str) -> Arn:
    """The ARN of an assumed role, which has no path in it."""
    return f"arn:aws:sts::{parse_arn(role).account}:assumed-role/{role.rsplit('/', 1)[1]}/{session}"


def policy_says(policy: Policy, principal: Principal, action: str, resource: Arn, context: Mapping[str, str]) -> Said:
    """What the policy of a resource says."""
    found = [
        statement for statement in policy.statements if statement.covers(principal.names, action, context, resource)
    ]
    for statement in found:
        if not statement.allows:
            return Said(Verdict.DENIED, RESOURCE, statement.sid)
    return Said(Verdict.ALLOWED if found else Verdict.UNMENTIONED, RESOURCE)


def is_named_itself(
    policy: Policy, principal: Principal, action: str, resource: Arn, context: Mapping[str, str]
) -> bool:
    """Whether a statement allows it to this very user or session, or to everybody. One for the whole account leaves it
    to identity policies who in it may (reference_policies_evaluation-logic)."""
    names = {"*", *principal.direct_names}
    return any(
        statement.allows
        and not names.isdisjoint(statement.principals)
        and statement.covers_doing(action, context, resource)
        for statement in policy.statements
    )


def _principal(identity: Identity, shown_as: Arn) -> Principal:
    names = (identity.arn,) if shown_as == identity.arn else (shown_as, identity.arn)
    return Principal(shown_as, parse_arn(identity.arn).account, identity, names)


def _said(text: str, action: str, resource: Arn, context: Mapping[str, str]) -> Verdict:
    found = {
        statement.allows for statement in _read(text).statements if statement.covers_doing(action, context, resource)
    }
    if False in found:
        return Verdict.DENIED
    return Verdict.ALLOWED if found else Verdict.UNMENTIONED


_read = lru_cache(maxsize=1024)(read_policy)
