"""Application Load Balancers: the event of a Lambda target, and what they answer."""

from typing import Any

import orjson

from app.core.gateway.load_balancer import TargetGroup
from app.core.gateway.paths import raw_query_items
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.wire.gateway.bodies import body_of
from app.wire.gateway.headers import HOP_BY_HOP, OUR_OWN, forwarding
from app.wire.gateway.results import (
    BadResult,
    answer_of,
    multi_pairs_of,
    pairs_of,
    parsed,
)
from app.wire.gateway.results import body_of as body_of_result

MOST_RESULT_BYTES = 1_048_576

_SERVER = ("server", "awselb/2.0")
"""In each answer whose function names no other."""

_TEXT = ("application/json", "application/javascript", "application/xml")
_WORDS = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def target_event(request: GatewayRequest, group: TargetGroup, trace_header: str) -> bytes:
    """What the function of a target group gets. With multi-value headers on, the members of single values vanish; the
    query is not decoded either way."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        low = name.lower()
        if low not in HOP_BY_HOP:
            headers.setdefault(low, []).append(value)
    for name, value in forwarding(request, trace_header):
        headers[name] = [value]
    query: dict[str, list[str]] = {}
    for name, value in raw_query_items(request.query):
        query.setdefault(name, []).append(value)
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if group.multi_value_headers:
        event |= {"multiValueQueryStringParameters": query, "multiValueHeaders": headers}
    else:
        event |= {
            "queryStringParameters": {name: values[-1] for name, values in query.items()},
            "headers": {name: values[-1] for name, values in headers.items()},
        }
    event["body"], event["isBase64Encoded"] = _body(request)
    return orjson.dumps(event)


def answer_of_result(payload: bytes, group: TargetGroup) -> GatewayAnswer:
    """The answer that a result makes. Raises BadResult, whose text begins with ELB's own reason."""
    if len(payload) > MOST_RESULT_BYTES:
        raise BadResult("LambdaResponseTooLarge: the result has more than 1 MB")
    try:
        return _answer(parsed(payload), group)
    except BadResult as bad:
        raise BadResult(f"LambdaInvalidResponse: {bad}") from None


def error_page(status: int) -> GatewayAnswer:
    """What a load balancer says by itself."""
    return GatewayAnswer(status, (_SERVER, ("content-type", "text/html")), page_of(status, _WORDS[status]))


def page_of(status: int, phrase: str) -> bytes:
    words = f"{status} {phrase}"
    page = (
        f"<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return page.encode()


def redirect_page(status: int, location: str) -> GatewayAnswer:
    """What a load balancer says where it sends a client elsewhere."""
    page = error_page(status)
    return GatewayAnswer(status, (("location", location), *page.headers), page.body)


def fixed_answer(status: int, content_type: str, body: str) -> GatewayAnswer:
    return GatewayAnswer(status, (_SERVER, ("content-type", content_type)), body.encode())


def _answer(result: Any, group: TargetGroup) -> GatewayAnswer:
    if not isinstance(result, dict):
        raise BadResult("the result is no object")
    status = result.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResult(f"statusCode is {status!r}, not a number from 200 to 599")
    # Headers of the other kind are not looked at.
    if group.multi_value_headers:
        headers = multi_pairs_of(result.get("multiValueHeaders"))
    else:
        headers = pairs_of(result.get("headers"))
    if not any(name.lower() == _SERVER[0] for name, _ in headers):
        headers.append(_SERVER)
    return answer_of(
        status, headers, body_of_result(result), default_type="application/octet-stream", ours=OUR_OWN - {_SERVER[0]}
    )


def _body(request: GatewayRequest) -> tuple[str, bool]:
    if not request.body:
        return "", False
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    is_text = request.header("content-encoding") is None and (kind.startswith("text/") or kind in _TEXT)
    return body_of(request, is_text=is_text)
