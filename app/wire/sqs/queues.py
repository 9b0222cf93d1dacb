"""Operations on queues: create, look up, configure, list, tag, purge, delete."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from app.core.commands import CreateQueue, DeleteQueue, PurgeQueue, SetQueueAttributes, TagQueue, UntagQueue
from app.core.errors import InvalidAttributeName, InvalidParameterValue, MissingParameter
from app.core.names import Arn, Scope
from app.core.sqs.queue import Queue
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.sqs.messages import nothing
from app.wire.sqs.params import queue_of, required
from app.wire.sqs.urls import queue_url

QUEUE_ATTRIBUTES = frozenset(
    {
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "ContentBasedDeduplication",
        "CreatedTimestamp",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "LastModifiedTimestamp",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "Policy",
        "QueueArn",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    }
)
"""What GetQueueAttributes may be asked for."""

MAX_PAGE = 1_000


def create_queue(params: Params, caller: Caller) -> Call:
    name = _queue_name(params)
    if not name:
        raise InvalidParameterValue("Queue name cannot be empty.")
    command = CreateQueue(caller.scope.queue_arn(name), params.get("Attributes") or {}, params.get("tags") or {})

    def render(arn: Arn) -> Result:
        return {"QueueUrl": queue_url(arn, caller.base_url)}

    return Call(command, render)


def delete_queue(params: Params, caller: Caller) -> Call:
    return Call(DeleteQueue(queue_of(params, caller)), nothing)


def set_queue_attributes(params: Params, caller: Caller) -> Call:
    queue = queue_of(params, caller)
    # Recorded of the query protocol, whose name this is; users saw it of the JSON protocol too.
    if not params.get("Attributes"):
        raise MissingParameter("The request must contain the parameter Attribute.Name.")
    return Call(SetQueueAttributes(queue, params["Attributes"]), nothing)


def purge_queue(params: Params, caller: Caller) -> Call:
    return Call(PurgeQueue(queue_of(params, caller)), nothing)


def tag_queue(params: Params, caller: Caller) -> Call:
    return Call(TagQueue(queue_of(params, caller), required(params, "Tags")), nothing)


def untag_queue(params: Params, caller: Caller) -> Call:
    return Call(UntagQueue(queue_of(params, caller), tuple(required(params, "TagKeys"))), nothing)


def list_queue_tags(params: Params, caller: Caller, engine: Readable) -> Result:
    tags = engine.world.queues[queue_of(params, caller)].tags
    return {"Tags": dict(tags)} if tags else {}


def get_queue_url(params: Params, caller: Caller, engine: Readable) -> Result:
    scope = Scope(params.get("QueueOwnerAWSAccountId") or caller.scope.account, caller.scope.region)
    queue = engine.world.queues[scope.queue_arn(_queue_name(params))]
    return {"QueueUrl": queue_url(queue.arn, caller.base_url)}


def get_queue_attributes(params: Params, caller: Caller, engine: Readable) -> Result:
    queue = engine.world.queues[queue_of(params, caller)]
    names = params.get("AttributeNames") or ()
    for name in names:
        if name != "All" and name not in QUEUE_ATTRIBUTES:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    attributes = queue.attributes(engine.clock.now()) if names else {}
    shown = {name: value for name, value in attributes.items() if "All" in names or name in names}
    return {"Attributes": shown} if shown else {}


def list_queues(params: Params, caller: Caller, engine: Readable) -> Result:
    prefix = params.get("QueueNamePrefix") or ""
    queues = [queue for queue in engine.world.queues.all(caller.scope) if queue.name.startswith(prefix)]
    return _page(queues, params, caller, "QueueUrls")


def list_dead_letter_source_queues(params: Params, caller: Caller, engine: Readable) -> Result:
    dead_letter_queue = engine.world.queues[queue_of(params, caller)]
    result = _page(engine.world.queues.dead_letter_sources(dead_letter_queue.arn), params, caller, "queueUrls")
    # Unlike ListQueues, the model requires this list: it is there even when empty.
    return {"queueUrls": []} | result


def _queue_name(params: Params) -> str:
    """The `QueueName`, which is missed in words of its own, as recorded. Raises InvalidParameterValue."""
    name: str | None = params.get("QueueName")
    if name is None:
        raise InvalidParameterValue("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
    return name


def _page(queues: Sequence[Queue], params: Params, caller: Caller, member: str) -> Result:
    """One page of queues by name; a token goes out only to who asked for pages."""
    asked = params.get("MaxResults")
    if asked is not None and not 1 <= asked <= MAX_PAGE:
        raise InvalidParameterValue(
            "Value for parameter MaxResults is invalid. "
            f"Reason: MaxResults must be an integer between 1 and {MAX_PAGE}."
        )
    after = _name_in(params.get("NextToken"))
    rest = sorted((queue for queue in queues if queue.name > after), key=lambda queue: queue.name)
    page = rest[: asked or MAX_PAGE]
    result: Result = {member: [queue_url(queue.arn, caller.base_url) for queue in page]} if page else {}
    if asked is not None and len(rest) > len(page):
        result["NextToken"] = urlsafe_b64encode(page[-1].name.encode()).decode()
    return result


def _name_in(token: str | None) -> str:
    try:
        return urlsafe_b64decode(token).decode() if token else ""
    except ValueError:
        raise InvalidParameterValue("Invalid or expired next token.") from None
