"""Both protocols of SQS through the general path: any request, well-formed or not."""

from app.wire import protocol
from app.wire.calls import Operation
from app.wire.http import HttpRequest
from app.wire.protocol import Parsed
from app.wire.refusals import NotEmulated
from app.wire.sqs.operations import OPERATIONS


def parse(request: HttpRequest) -> Parsed:
    """What a request asks of SQS. A query to a queue's own path names that queue.

    Raises UnknownOperation, SerializationFailed.
    """
    parsed = protocol.parse("sqs", request)
    if "QueueUrl" in parsed.params or request.path.count("/") < 2:
        return parsed
    named = {**parsed.params, "QueueUrl": f"{request.scheme}://{request.host}{request.path}"}
    return Parsed(parsed.service, parsed.protocol, parsed.operation, named)


def operation_named(name: str) -> Operation:
    """The operation. Raises NotEmulated for those of SQS that are not there yet."""
    try:
        return OPERATIONS[name]
    except KeyError:
        raise NotEmulated(f"Triggerfish does not emulate the SQS operation {name} yet.") from None
