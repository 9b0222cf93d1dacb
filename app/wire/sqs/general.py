"""Both protocols of SQS through the general path: any request, well-formed or not."""

from dataclasses import replace

from app.wire import protocol
from app.wire.http import HttpRequest
from app.wire.protocol import Parsed
from app.wire.sqs.errors import JSON_TYPE

FORM_TYPE = "application/x-www-form-urlencoded"


def parse(request: HttpRequest) -> Parsed:
    """What a request asks of SQS. A query to a queue's own path names that queue.

    Raises UnknownOperation, SerializationFailed.
    """
    # The target alone makes it JSON, as in the plain path, and its absence a query, though a GET has no content type.
    content_type = JSON_TYPE if "x-amz-target" in request.headers else FORM_TYPE
    request = replace(request, headers={**request.headers, "content-type": content_type})
    parsed = protocol.parse("sqs", request)
    if "QueueUrl" in parsed.params or request.path.count("/") < 2:
        return parsed
    named = {**parsed.params, "QueueUrl": f"{request.scheme}://{request.host}{request.path}"}
    return replace(parsed, params=named)
