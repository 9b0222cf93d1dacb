"""Bodies in events: text where it is text, base64 otherwise."""

from base64 import b64encode

from app.core.gateway.request import GatewayRequest

_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})


def is_text_type(content_type: str) -> bool:
    """Whether API Gateway v2 and function URLs take a media type for text: `text/*`, JSON, XML, JavaScript, and what
    ends in `+json` or `+xml` (the whole list is UNCONFIRMED). A form is none of them: it comes as base64."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))


def body_of(request: GatewayRequest, *, is_text: bool) -> tuple[str, bool]:
    """The body as an event has it, and whether that is base64; what is no UTF-8 always is."""
    if is_text:
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return b64encode(request.body).decode(), True


def body_by_type(request: GatewayRequest) -> tuple[str, bool]:
    """The same, decided by the `Content-Type`; without one it is text if it can be (UNCONFIRMED)."""
    content_type = request.header("content-type")
    is_encoded = (request.header("content-encoding") or "identity").strip().lower() != "identity"
    return body_of(request, is_text=not is_encoded and (content_type is None or is_text_type(content_type)))
