"""Both protocols of SQS through the general path: any request, well-formed or not."""

from dataclasses import replace
from urllib.parse import parse_qs

from app.wire import protocol
from app.wire.http import HttpRequest
from app.wire.protocol import Parsed
from app.wire.refusals import NoOperation, UnknownOperation
from app.wire.sqs.errors import JSON_TYPE

FORM_TYPE = "application/x-www-form-urlencoded"

_NOT_OF_A_QUEUE = frozenset({"CreateQueue", "ListQueues"})
"""Operations that a query to a queue's own path cannot ask for: recorded so. GetQueueUrl can, for any queue."""


def parse(request: HttpRequest) -> Parsed:
    """What a request asks of SQS. A query to a queue's own path names that queue.

    Raises NoOperation, UnknownOperation, SerializationFailed.
    """
    # The target alone makes it JSON, as in the plain path, and its absence a query, though a GET has no content type.
    content_type = JSON_TYPE if "x-amz-target" in request.headers else FORM_TYPE
    request = replace(request, headers={**request.headers, "content-type": content_type})
    try:
        parsed = protocol.parse("sqs", request)
    except UnknownOperation:
        if content_type == FORM_TYPE and not _has_action(request):
            raise NoOperation from None
        raise
    if request.path.count("/") < 2:
        return parsed
    if content_type == FORM_TYPE and parsed.operation in _NOT_OF_A_QUEUE:
        raise UnknownOperation(f"The action {parsed.operation} is not valid for this endpoint.")
    if "QueueUrl" in parsed.params:
        return parsed
    named = {**parsed.params, "QueueUrl": f"{request.scheme}://{request.host}{request.path}"}
    return replace(parsed, params=named)


def _has_action(request: HttpRequest) -> bool:
    return any("Action" in parse_qs(form) for form in (request.query, request.body.decode("latin-1")))
