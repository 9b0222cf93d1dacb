"""Who may do what with a queue: its own policy and the caller's policies together, as IAM puts them together.

Where permissions are not enforced, what AWS would have refused is done, and told once for each queue, caller and
action.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from app.core.access.identities import Identities, Principal, Said, Verdict, is_named_itself, policy_says
from app.core.access.permissions import read_policy
from app.core.awslambda.functions import Functions
from app.core.commands.access import Admit, Caller
from app.core.errors import AccessDenied, KmsAccessDenied, QueueOutOfReach, Refused
from app.core.facts import CallerLacksAccess, Effect
from app.core.names import Arn
from app.core.sqs.queue import Queue
from app.core.sqs.queue_keys import KEY_ACTIONS, QueueKeys, own_key_of, refused_key
from app.core.sqs.queues import Queues
from app.core.time import Instant

_Verb: TypeAlias = Callable[[Any, Instant], Any]

_OWNERS_ALONE = frozenset(
    {
        "AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues",
        "ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
    }
)  # fmt: skip
"""What no policy gives to another account (SQSDG:sqs-limitations-of-custom-policies)."""

_NAMES_NO_QUEUE = frozenset({"CreateQueue", "ListQueues"})
"""Asked in one's own account: there is no policy yet, or no one queue."""

_MOVING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_ALSO_NEEDED = {"StartMessageMoveTask": _MOVING, "CancelMessageMoveTask": _MOVING}
"""What else is needed of the same queue (SQSDG:sqs-api-permissions-reference)."""

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Denial:
    """Why AWS would refuse. `is_for_tls_only`: over HTTPS it would not."""

    principal: Principal
    action: str
    resource: Arn
    said: Said
    is_for_tls_only: bool = False
    queue: Arn = ""
    """Where the resource is not the queue but its key."""

    @property
    def message(self) -> str:
        """As users quote it: of identity policies aws/serverless-application-model#3633, of a queue's own
        microsoft/aspire#3333. The words of an explicit deny are IAM's (troubleshoot_access-denied), the action in small
        letters as in the others is UNCONFIRMED."""
        # KMS writes its actions as they are (sqs-accessdenied-errors, AWS re:Post).
        action = self.action if self.queue else self.action.lower()
        begin = f"User: {self.principal.arn} is not authorized to perform: {action} on resource: {self.resource}"
        if self.said.verdict is Verdict.DENIED:
            return f"{begin} with an explicit deny in {_one(self.said.by)}"
        return f"{begin} because no {self.said.by} allows the {action} action"

    @property
    def why(self) -> str:
        """For people."""
        if self.queue:
            what = "does not allow it" if self.said.verdict is not Verdict.DENIED else "denies it"
            return f"the key of {self.queue.rpartition(':')[2]} ({self.resource}): {_one(self.said.by)} {what}"
        if self.is_for_tls_only:
            return "its policy wants HTTPS (aws:SecureTransport), and this call came over HTTP"
        if self.said.verdict is not Verdict.DENIED:
            return f"no {self.said.by} allows it"
        named = f" (statement {self.said.statement})" if self.said.statement else ""
        return f"{_one(self.said.by)}{named} denies it"


@dataclass(slots=True)
class QueueAccess:
    """Asks for every call of SQS; effects go to `outbox`. `changed` is called when identities may do other things.

    `cleared` are the queues of which nothing has to be asked, by the access key of who owns them: they have neither a
    policy nor a key. What was decided is remembered until a policy or an identity changes.
    """

    queues: Queues
    functions: Functions
    outbox: list[Effect]
    is_enforced: bool
    keys: QueueKeys
    changed: Callable[[], None] = lambda: None
    identities: Identities = field(init=False)
    cleared: dict[str | None, set[Arn]] = field(default_factory=dict)
    _cleared_count: int = 0
    _decided: dict[tuple[Arn, str, Arn, bool], Denial | None] = field(default_factory=dict)
    _told: set[tuple[Arn, str, Arn]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.identities = Identities(self.functions, self._identities_changed)

    def forget(self) -> None:
        """Policies or identities have changed: decide anew."""
        self.cleared.clear()
        self._cleared_count = 0
        self._decided.clear()

    def forgetting(self, verb: _Verb) -> _Verb:
        """The verb, after which everything is decided anew."""

        def do(command: Any, now: Instant) -> Any:
            answer = verb(command, now)
            self.forget()
            return answer

        return do

    def lets_in(self, queue: Arn, operation: str, caller: Caller) -> bool:
        """Whether there is nothing to say against it, and nothing to tell of it."""
        denial = self._decide(queue, operation, caller)
        return denial is None or (not self.is_enforced and self.is_told(denial))

    def admit(self, command: Admit, now: Instant) -> None:
        """Raises AccessDenied, QueueOutOfReach or KmsAccessDenied where permissions are enforced."""
        denial = self._decide(command.queue, command.operation, command.caller)
        if denial is not None and self.is_blocked(denial):
            raise _refusal(denial, command, now)

    def is_blocked(self, denial: Denial) -> bool:
        """Whether what AWS would refuse is refused here; it is told."""
        if self.is_enforced or self._key(denial) not in self._told:
            self._told.add(self._key(denial))
            self.outbox.append(
                CallerLacksAccess(
                    denial.queue or _shown(denial.resource), denial.action, denial.principal.arn, denial.why,
                    self.is_enforced, denial.is_for_tls_only,
                )
            )  # fmt: skip
        return self.is_enforced

    def refusal_of_service(self, queue: Queue, service: str, source: Arn | None, now: Instant) -> Refused | None:
        """Why a service may not use the queue's key to send to it, where permissions are enforced; it is told."""
        if own_key_of(queue) is None:
            return None
        source_account = (source or "").split(":")[4:5] or [""]
        context = {"aws:sourceaccount": source_account[0] or _owner(queue.arn), "aws:sourcearn": source or ""}
        principal = Principal(service, "", direct_names=(service,))
        denial = self._judge_key(queue, "SendMessage", principal, context)
        if denial is None or not self.is_blocked(denial):
            return None
        return refused_key(KmsAccessDenied, denial.message, queue.arn, now)

    def is_told(self, denial: Denial) -> bool:
        """Whether this has been told before."""
        return self._key(denial) in self._told

    def denial(self, queue: Arn, operation: str, principal: Principal) -> Denial | None:
        """Why AWS would refuse a service that works for the principal; None if it would not. Nothing is told."""
        key = (queue, operation, principal.arn, True)
        if key not in self._decided:
            self._decided[key] = self.judge(queue, operation, principal)
        return self._decided[key]

    def judge(self, queue: Arn, operation: str, principal: Principal) -> Denial | None:
        """The same for who only wants to know: nothing is remembered either."""
        return self._judge(queue, operation, principal, is_secure=True)

    # Inside ---------------------------------------------------------------------------------------------

    def _identities_changed(self) -> None:
        self.forget()
        self.changed()

    def _decide(self, arn: Arn, operation: str, caller: Caller) -> Denial | None:
        if arn in self.cleared.get(caller.access_key_id, ()):
            return None
        principal = self.identities.caller(caller)
        key = (arn, operation, principal.arn, caller.is_secure)
        if key in self._decided:
            return self._decided[key]
        queue = self.queues.get(arn)
        if queue is None and operation not in _NAMES_NO_QUEUE:
            # What is not there is what the operation will say.
            return None
        if len(self._decided) + self._cleared_count >= _REMEMBERED:
            # Keys may be anything: what is remembered must not grow with them.
            self.forget()
        if queue is not None and self._is_own(queue, principal) and caller.account == principal.account:
            self.cleared.setdefault(caller.access_key_id, set()).add(arn)
            self._cleared_count += 1
            return None
        needed = (operation, *_ALSO_NEEDED.get(operation, ()))
        denials = (self._judge(arn, each, principal, is_secure=caller.is_secure) for each in needed)
        denial = self._decided[key] = next((each for each in denials if each is not None), None)
        return denial

    def _is_own(self, queue: Queue, principal: Principal) -> bool:
        """Whether nothing could keep the principal out: the account's root, and no policy."""
        return (
            principal.identity is None
            and principal.account == _owner(queue.arn)
            and not _policy_of(queue)
            and own_key_of(queue) is None
        )

    def _judge(self, arn: Arn, operation: str, principal: Principal, *, is_secure: bool) -> Denial | None:
        action = f"sqs:{operation.removesuffix('Batch')}"
        context = {
            **principal.context,
            "aws:securetransport": "true" if is_secure else "false",
            "aws:requestedregion": arn.split(":")[3],
            "aws:resourceaccount": _owner(arn),
            "aws:viaawsservice": "false",
            "aws:principalisawsservice": "false",
        }
        queue = self.queues.get(arn)
        if queue is not None:
            # Access by attributes (SQSDG:sqs-abac).
            context |= {f"aws:resourcetag/{name.lower()}": value for name, value in queue.tags.items()}
        by_itself = principal.verdict(action, arn, context)
        if queue is None or operation in _NAMES_NO_QUEUE:
            return None if by_itself.verdict is Verdict.ALLOWED else Denial(principal, action, arn, by_itself)
        policy = _read(_policy_of(queue))
        by_queue = policy_says(policy, principal, action, arn, context)
        if by_queue.verdict is Verdict.DENIED:
            over_tls = policy_says(policy, principal, action, arn, {**context, "aws:securetransport": "true"})
            is_for_tls_only = over_tls.verdict is not Verdict.DENIED
            return Denial(principal, action, arn, by_queue, is_for_tls_only)
        if by_itself.verdict is Verdict.DENIED:
            return Denial(principal, action, arn, by_itself)
        if principal.account != _owner(arn):
            # Another account needs both (SQSDG:sqs-overview-of-managing-access).
            if operation in _OWNERS_ALONE:
                return Denial(principal, action, arn, Said(Verdict.UNMENTIONED, by_queue.by))
            if by_queue.verdict is not Verdict.ALLOWED and not self.queues.permits_all(arn):
                return Denial(principal, action, arn, by_queue)
        elif is_named_itself(policy, principal, action, arn, context):
            return self._judge_key(queue, operation, principal, context)
        if by_itself.verdict is not Verdict.ALLOWED:
            return Denial(principal, action, arn, by_itself)
        return self._judge_key(queue, operation, principal, context)

    def _judge_key(
        self, queue: Queue, operation: str, principal: Principal, context: Mapping[str, str]
    ) -> Denial | None:
        """The same of the queue's key: its policy has to allow it, be it by leaving it to the account's identity
        policies (KMS developer guide, key-policy-overview)."""
        action = KEY_ACTIONS.get(operation.removesuffix("Batch"))
        key = self.keys.policy_of(queue)
        arn = own_key_of(queue)
        if action is None or key is None or arn is None:
            return None
        arn = key.arn or arn
        policy = _read(key.policy)
        region = queue.arn.split(":")[3]
        context = {**context, "kms:viaservice": f"sqs.{region}.amazonaws.com", "kms:calleraccount": principal.account}
        by_key = policy_says(policy, principal, action, arn, context)
        by_itself = principal.verdict(action, arn, context)
        said = by_itself
        if by_key.verdict is not Verdict.ALLOWED:
            said = by_key
        elif by_itself.verdict is Verdict.UNMENTIONED and is_named_itself(policy, principal, action, arn, context):
            return None
        return None if said.verdict is Verdict.ALLOWED else Denial(principal, action, arn, said, queue=queue.arn)

    def _key(self, denial: Denial) -> tuple[Arn, str, Arn]:
        return denial.queue or denial.resource, denial.action, denial.principal.arn


def _refusal(denial: Denial, command: Admit, now: Instant) -> Refused:
    if denial.queue:
        return refused_key(KmsAccessDenied, denial.message, denial.queue, now)
    if command.operation == "GetQueueUrl" and denial.principal.account != _owner(denial.resource):
        return QueueOutOfReach()
    return AccessDenied(denial.message)


def _shown(resource: Arn) -> Arn:
    """What names no queue, only an account, as an ARN that does."""
    return f"{resource}*" if resource.endswith(":") else resource


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _owner(arn: Arn) -> str:
    return arn.split(":", 5)[4]


def _policy_of(queue: Queue) -> str:
    return queue.settings.texts.get("Policy") or ""


_read = lru_cache(maxsize=1024)(read_policy)
