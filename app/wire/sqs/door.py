"""Before an operation of SQS is carried out: whether its caller may, which the core says.

Nothing is parsed or asked twice for a queue without a policy that its owner calls.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from app.core.commands import Admit, CancelMessageMoveTask, StartMessageMoveTask
from app.core.commands.access import Caller as Asker
from app.core.names import Arn
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.sqs.params import queue_of


def at_the_door(
    operation: str, params: Params, caller: Caller, engine: Readable, asked: Call | Result
) -> Call | Result:
    """What the operation came to, or a call that asks first whether the caller may."""
    access = engine.world.queue_access
    try:
        if asked.command.queue in access.cleared[caller.origin.access_key_id]:  # type: ignore[union-attr]
            return asked
    except (AttributeError, KeyError):
        pass  # it is only read, or names its queue in another way; or the caller is new
    queue = _queue_of(asked.command) if isinstance(asked, Call) else _READ[operation](params, caller)
    asker = Asker(caller.scope.account, caller.origin.access_key_id, caller.base_url.startswith("https:"))
    if access.lets_in(queue, operation, asker):
        return asked
    if isinstance(asked, Call):
        return Call(Admit(queue, operation, asker, asked.command), asked.render)
    result = asked
    return Call(Admit(queue, operation, asker), lambda _: result)


def _queue_of(command: Any) -> Arn:
    kind = type(command)
    if kind is StartMessageMoveTask:
        return str(command.source)
    if kind is CancelMessageMoveTask:
        return _source_in(command.handle)
    queue: Arn = command.queue
    return queue


def _source_in(handle: str) -> Arn:
    """The queue that a task moves from; "" where the handle is none, which the operation will say."""
    try:
        return str(json.loads(b64decode(handle, validate=True))["sourceArn"])
    except (ValueError, KeyError, TypeError):
        return ""


def _named(params: Params, caller: Caller) -> Arn:
    scope = caller.scope
    owner = params.get("QueueOwnerAWSAccountId") or scope.account
    return f"arn:aws:sqs:{scope.region}:{owner}:{params.get('QueueName', '')}"


_READ: Mapping[str, Callable[[Params, Caller], Arn]] = {
    "GetQueueAttributes": queue_of,
    "GetQueueUrl": _named,
    "ListDeadLetterSourceQueues": queue_of,
    "ListMessageMoveTasks": lambda params, _: str(params["SourceArn"]),
    "ListQueueTags": queue_of,
    "ListQueues": lambda _, caller: caller.scope.queue_arn(""),
}
"""The queue that is asked about; of ListQueues none, which identity policies name by the account."""
