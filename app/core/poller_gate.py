"""What keeps the pollers of a mapping from its queue: rights that the function's role lacks.

A role that no identity store has told of may do everything, and so may a function that has none.
"""

from dataclasses import dataclass

from app.core.errors import InvalidParameterValue
from app.core.facts import Configured, Effect, MappingBlocked
from app.core.function import Function
from app.core.functions import Functions
from app.core.identities import Principal
from app.core.mapping import Mapping
from app.core.names import Arn, name_of
from app.core.queue_access import Denial, QueueAccess

# What a role needs (DG:services-sqs-configure). Which is asked for first is UNCONFIRMED; users quote the first two.
_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


@dataclass(slots=True)
class PollerGate:
    """Asks for each mapping whether its function's role lets it poll."""

    access: QueueAccess
    functions: Functions
    outbox: list[Effect]

    def check(self, queue: Arn, function: Function) -> None:
        """Raises InvalidParameterValue, where permissions are enforced, for a mapping whose role lacks a right."""
        role = self._role_of(function)
        if role is None:
            return
        for operation in _NEEDED:
            denial = self.access.denial(queue, operation, role)
            if denial is not None and self.access.is_blocked(denial):
                raise InvalidParameterValue(_words(operation))

    def obstacle(self, mapping: Mapping) -> str | None:
        """Why AWS's pollers could not receive for it, in AWS's words; nothing is told."""
        denial = self._denial(mapping, "ReceiveMessage")
        return None if denial is None else _words("ReceiveMessage")

    def lets_receive(self, mapping: Mapping) -> bool:
        """Whether its pollers may receive now. What is new about that is told."""
        denial = self._denial(mapping, "ReceiveMessage")
        if denial is None or not self.access.is_enforced:
            if denial is not None:
                self.access.is_blocked(denial)
            if mapping.problem is not None:
                mapping.problem = None
                words = f"mapping {name_of(mapping.queue)} → {name_of(mapping.function)} polls again"
                self.outbox.append(Configured(words, mapping.queue, mapping.function))
            return True
        if mapping.problem is None:
            # AWS shows such a problem of other sources as `PROBLEM: …`; its words here are UNCONFIRMED.
            mapping.problem = _words("ReceiveMessage")
            self.access.is_blocked(denial)
            self.outbox.append(MappingBlocked(mapping.queue, mapping.function, mapping.uuid, mapping.problem))
        return False

    def undeletable(self, mapping: Mapping) -> str | None:
        """Why its pollers may not delete what the function did; None if they may."""
        denial = self._denial(mapping, "DeleteMessage")
        return _words("DeleteMessage") if denial is not None and self.access.is_blocked(denial) else None

    # Inside ---------------------------------------------------------------------------------------------

    def _denial(self, mapping: Mapping, operation: str) -> Denial | None:
        if not self.access.identities.are_known:
            return None
        function = self.functions.get(mapping.function_arn)
        role = None if function is None else self._role_of(function)
        return None if role is None else self.access.denial(mapping.queue, operation, role)

    def _role_of(self, function: Function) -> Principal | None:
        deployment = function.spec.deployment
        return None if deployment is None else self.access.identities.role(deployment.role, function.spec.name)


def _words(operation: str) -> str:
    """As users quote it (aws/aws-cdk#6770, serverless-iam-roles-per-function#21)."""
    return f"The provided execution role does not have permissions to call {operation} on SQS"
