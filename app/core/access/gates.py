"""Who may come in: the resource policies of queues, topics and functions are asked before anything reaches them."""

from dataclasses import dataclass, field

from app.core.access.permissions import allows, read_policy
from app.core.awslambda.families import Families
from app.core.awslambda.functions import parse_function_name
from app.core.commands import Asker, Invoke
from app.core.delivery.targets import Parcel
from app.core.errors import AccessDenied, Refused
from app.core.facts import AccessMissing, Effect, PermissionMissing
from app.core.names import Arn, parse_arn


@dataclass(slots=True)
class PolicyGate:
    """Asks the policy of a queue or a topic whether a service may send to it.

    Where permissions are not enforced, only a policy that there is can say no, which is told once for each target,
    principal and source, and blocks nothing.
    """

    outbox: list[Effect]
    is_enforced: bool
    _told: set[tuple[Arn, str, Arn | None]] = field(default_factory=set)

    def refusal(self, parcel: Parcel, policy: str | None, action: str) -> Refused | None:
        """Why the parcel may not be delivered. One without a principal comes from a role, which needs no policy."""
        principal, source = parcel.principal, parcel.source_arn
        if principal is None or (not policy and not self.is_enforced):
            return None
        if self.permits(parcel.target, policy, action, principal, source):
            return None
        if self.is_enforced or (parcel.target, principal, source) not in self._told:
            self._told.add((parcel.target, principal, source))
            self.outbox.append(AccessMissing(parcel.target, action, principal, source, self.is_enforced))
        if not self.is_enforced:
            return None
        return AccessDenied(
            f"User: {principal} is not authorized to perform: {action.lower()} on resource: {parcel.target} because "
            f"no resource-based policy allows the {action.lower()} action"
        )

    def permits(self, target: Arn, policy: str | None, action: str, principal: str, source: Arn | None) -> bool:
        """Whether the policy of the target says so; nothing is told."""
        # A bucket's ARN has no account in it: its owner's is that of whoever may set notifications.
        account = (parse_arn(source).account if source else "") or parse_arn(target).account
        # A service comes over TLS, which a popular statement demands.
        context = {
            "aws:SecureTransport": "true", "aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal,
            "aws:ResourceAccount": parse_arn(target).account,
        }  # fmt: skip
        return allows(read_policy(policy), principal, action, source, account, context, resource=target)


@dataclass(slots=True)
class Gate:
    """Asks a function's resource policy whether a service may invoke it.

    Where permissions are not enforced, what AWS would have blocked goes through, and is told once for each function,
    principal and source.
    """

    families: Families
    outbox: list[Effect]
    is_enforced: bool
    _told: set[tuple[Arn, str, Arn | None, str]] = field(default_factory=set)

    def admit(self, command: Invoke) -> None:
        """Raises AccessDenied where a service or another account lacks the permission to invoke the function."""
        asker, function = command.asker, command.function
        if asker is None and ":" in function:
            # Who calls another account's function needs its permission; in one's own account none is asked here.
            name = parse_function_name(function, command.scope, qualifier=command.qualifier)
            if name is not None and parse_arn(name.arn).account != command.scope.account:
                asker, function = Asker(f"arn:aws:iam::{command.scope.account}:root"), name.as_invoked
        while asker is not None:
            if (refusal := self.judge(function, asker)) is not None:
                raise refusal
            asker = asker.also

    def refusal(self, parcel: Parcel) -> Refused | None:
        """Why the parcel may not be delivered. One without a principal comes from a role, which needs no permission."""
        if parcel.principal is None:
            return None
        return self.judge(parcel.target, Asker(parcel.principal, parcel.source_arn))

    def judge(self, function: Arn, asker: Asker) -> Refused | None:
        """Why the function, as it is named, may not be invoked in that name."""
        principal, source = asker.principal, asker.source
        if self.permits(function, asker):
            return None
        told = (function, principal, source, asker.action)
        if self.is_enforced or told not in self._told:
            self._told.add(told)
            self.outbox.append(PermissionMissing(function, principal, source, self.is_enforced, asker.action))
        if not self.is_enforced:
            return None
        who = f"User: {principal}" if principal.startswith("arn:") else principal
        return AccessDenied(
            f"{who} is not authorized to perform: {asker.action} on resource: {function} because no "
            f"resource-based policy allows the {asker.action} action"
        )

    def permits(self, function: Arn, asker: Asker) -> bool:
        """What the function's policy says, be it enforced or not."""
        principal, source = asker.principal, asker.source
        # A bucket's ARN has no account in it: S3 tells its owner's, which is that of whoever may set notifications.
        account = (parse_arn(source).account if source else "") or parse_arn(function).account
        return self.families.permits(function, principal, source, account, asker.action, dict(asker.context))
