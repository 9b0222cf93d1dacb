"""KMS keys of environment variables: what the key store says of each, and what Lambda says to that.

A key that the store has never had is taken for granted: a configuration that was copied from an account names keys of
that account. Lambda asks for a key when an environment starts; here it is asked for each invocation, so that what comes
of it does not hang on which environment is warm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.access.permissions import read_policy
from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.invocation import Throttled, Unreachable
from app.core.awslambda.invoke_refusals import refusal
from app.core.commands import DescribeKeys, KeyState
from app.core.names import Arn, Scope
from app.core.time import Instant


@dataclass(slots=True)
class Keys:
    """Keys by ARN, and by those of their aliases. `changed` is called when the store has told of them."""

    changed: Callable[[], None] = lambda: None
    _scopes: set[Scope] = field(default_factory=set)
    _keys: dict[Arn, KeyState] = field(default_factory=dict)

    def get(self, arn: Arn) -> KeyState | None:
        """What is known of the key with this ARN, or this alias's; None for one that the store has never had."""
        return self._keys.get(arn)

    def is_store_used(self, scope: Scope) -> bool:
        """Whether anybody has ever asked something of the key store there."""
        return scope in self._scopes

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {DescribeKeys: self.describe}

    def describe(self, command: DescribeKeys, now: Instant) -> None:
        """These are the keys of the account and region from now on; one that is not among them any more is deleted."""
        for arn, state in self._keys.items():
            if arn not in command.keys and _is_of(arn, command):
                self._keys[arn] = replace(state, deleted_at=now)
        self._keys |= command.keys
        self._scopes.add(command.scope)
        self.changed()

    def refusal(self, spec: FunctionSpec, now: Instant) -> Throttled | Unreachable | None:
        """What an invocation is refused with because of the function's key; None if it runs."""
        deployment = spec.deployment
        if deployment is None or not deployment.variables:
            return None
        key = self._keys.get(deployment.others.get("KMSKeyArn", ""))
        code = None if key is None else _code(key, deployment.role, now)
        return None if code is None else refusal(code)


def _code(key: KeyState, role: Arn, now: Instant) -> str | None:
    if key.deleted_at is not None and key.deleted_at <= now:
        return "KMSNotFoundException"
    if key.state == "Disabled":
        return "KMSDisabledException"
    if key.state != "Enabled":
        return "KMSInvalidStateException"
    statements = read_policy(key.policy).statements
    no_context: Mapping[str, str] = {}
    is_denied = any(not each.allows and each.covers(role, "kms:Decrypt", no_context) for each in statements)
    return "KMSAccessDeniedException" if is_denied else None


def _is_of(arn: Arn, command: DescribeKeys) -> bool:
    return arn.split(":")[3:5] == [command.scope.region, command.scope.account]
