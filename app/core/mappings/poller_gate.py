"""What keeps the pollers of a mapping from its queue: rights that the function's role lacks, and the queue itself.

A role that no identity store has told of may do everything, and so may a function that has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from app.core.access.identities import Principal
from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.errors import InvalidParameterValue, Refused
from app.core.facts import Configured, Effect, MappingBlocked
from app.core.limits import Limits
from app.core.mappings.mapping import Mapping
from app.core.names import Arn, name_of
from app.core.sqs.queue import Queue
from app.core.sqs.queue_access import Denial, QueueAccess
from app.core.sqs.queue_refusals import code_of
from app.core.sqs.queues import Queues
from app.core.time import Instant

# What a role needs (DG:services-sqs-configure). Which is asked for first is UNCONFIRMED; users quote the first two.
_NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


_Judge: TypeAlias = Callable[[Arn, str, Principal], Denial | None]


@dataclass(slots=True)
class PollerGate:
    """Asks for each mapping whether its pollers may receive, and delete what is done."""

    access: QueueAccess
    queues: Queues
    functions: Functions
    outbox: list[Effect]
    limits: Limits

    def check(self, queue: Arn, function: Function) -> None:
        """Raises InvalidParameterValue, where permissions are enforced, for a mapping whose role lacks a right."""
        role = self._role_of(function)
        if role is None:
            return
        for operation in _NEEDED:
            denial = self.access.denial(queue, operation, role)
            # For its key an empty queue is not asked (UNCONFIRMED): that shows when it is polled.
            if denial is not None and not denial.queue and self.access.is_blocked(denial):
                raise InvalidParameterValue(_lacking(operation))

    def obstacle(self, mapping: Mapping, now: Instant) -> str | None:
        """Why nothing is received for it, in AWS's words; nothing is told or counted."""
        denial = self._denial(mapping, "ReceiveMessage", self.access.judge)
        if denial is not None and self.access.is_enforced:
            return _words(denial, "ReceiveMessage")
        queue = self.queues.get(mapping.queue)
        refusal = None if queue is None else self.queues.refusals.standing(queue, "ReceiveMessage", now)
        return None if refusal is None else _failed(refusal, "ReceiveMessage")

    def lacking(self, mapping: Mapping) -> str | None:
        """What AWS would say of its role, be it enforced or not; nothing is told."""
        denial = self._denial(mapping, "ReceiveMessage", self.access.judge)
        return None if denial is None else _words(denial, "ReceiveMessage")

    def lets_receive(self, mapping: Mapping, queue: Queue, now: Instant) -> bool:
        """Whether its pollers may receive now. What is new about that is told."""
        if mapping.problem is None and self._is_open(queue):
            return True
        problem = self._problem(mapping, queue, now)
        before, mapping.problem = mapping.problem, problem
        if problem is None:
            if before is not None:
                words = f"mapping {name_of(mapping.queue)} → {name_of(mapping.function)} polls again"
                self.outbox.append(Configured(words, mapping.queue, mapping.function))
            return True
        if before is None or _in_short(before) != _in_short(problem):
            self.outbox.append(MappingBlocked(mapping.queue, mapping.function, mapping.uuid, problem))
        return False

    def undeletable(self, mapping: Mapping, queue: Queue, now: Instant) -> str | None:
        """Why its pollers cannot delete what the function did; None if they can."""
        if self._is_open(queue):
            return None
        denial = self._denial(mapping, "DeleteMessage")
        if denial is not None and self.access.is_blocked(denial):
            return _words(denial, "DeleteMessage")
        refusal = self.queues.refusals.take(queue, "DeleteMessage", now)
        return None if refusal is None else _failed(refusal, "DeleteMessage")

    # Inside ---------------------------------------------------------------------------------------------

    def _is_open(self, queue: Queue) -> bool:
        """Whether nothing has to be asked, as of nearly every queue: it is, for every batch."""
        return queue.arn not in self.queues.refusals.troubled and not self.access.identities.are_known

    def _problem(self, mapping: Mapping, queue: Queue, now: Instant) -> str | None:
        denial = self._denial(mapping, "ReceiveMessage")
        if denial is not None:
            if not self.access.is_enforced:
                self.access.is_blocked(denial)
            else:
                if mapping.problem is None:
                    self.access.is_blocked(denial)
                return _words(denial, "ReceiveMessage")
        refusals = self.queues.refusals
        if not queue.visible_count or queue.arn not in refusals.troubled:
            return None
        rehearsal = refusals.rehearsal_of(queue.arn)
        refusal = refusals.take(queue, "ReceiveMessage", now)
        if refusal is not None and rehearsal is not None and rehearsal.left is not None:
            # What ends by itself is tried again; what has to be ended by somebody, when that is done.
            mapping.pause_until(now + self.limits.poll_again_ms)
        return None if refusal is None else _failed(refusal, "ReceiveMessage")

    def _denial(self, mapping: Mapping, operation: str, judge: _Judge | None = None) -> Denial | None:
        if not self.access.identities.are_known:
            return None
        function = self.functions.get(mapping.function_arn)
        role = None if function is None else self._role_of(function)
        return None if role is None else (judge or self.access.denial)(mapping.queue, operation, role)

    def _role_of(self, function: Function) -> Principal | None:
        deployment = function.spec.deployment
        return None if deployment is None else self.access.identities.role(deployment.role, function.spec.name)


def _words(denial: Denial, operation: str) -> str:
    if denial.queue:
        return _error("KMS.AccessDeniedException", denial.message, operation)
    return _lacking(operation)


def _lacking(operation: str) -> str:
    """As users quote it (aws/aws-cdk#6770, serverless-iam-roles-per-function#21)."""
    return f"The provided execution role does not have permissions to call {operation} on SQS"


def _failed(refusal: Refused, operation: str) -> str:
    return _error(code_of(refusal), refusal.message, operation)


def _error(code: str, message: str, operation: str) -> str:
    """As Lambda says it of a queue that is not there (recorded); of others UNCONFIRMED, as is where it shows it."""
    return f"Error occurred while {operation}. SQS Error Code: {code}. SQS Error Message: {message}"


def _in_short(problem: str) -> str:
    """Without the id of one request."""
    return problem.partition(" (Service:")[0]
