"""Both protocols of SQS through the general path: any request, well-formed or not."""

from dataclasses import replace

from app.wire import protocol
from app.wire.http import HttpRequest
from app.wire.protocol import Parsed
from app.wire.sqs.errors import JSON_TYPE


def parse(request: HttpRequest) -> Parsed:
    """What a request asks of SQS. A query to a queue's own path names that queue.

    Raises UnknownOperation, SerializationFailed.
    """
    if "x-amz-target" in request.headers:
        # The target alone makes it JSON, as in the plain path; clients differ in the charset they add.
        request = replace(request, headers={**request.headers, "content-type": JSON_TYPE})
    parsed = protocol.parse("sqs", request)
    if "QueueUrl" in parsed.params or request.path.count("/") < 2:
        return parsed
    named = {**parsed.params, "QueueUrl": f"{request.scheme}://{request.host}{request.path}"}
    return replace(parsed, params=named)
