"""S3's XML and addresses: notification configurations, errors, and which bucket a request names."""

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from app.core.errors import AccessDenied, InvalidArgument, MalformedXml, NoSuchBucket, Refused, ResourceConflict
from app.core.s3.lifecycle import InvalidLifecycleRequest, NoSuchLifecycleConfiguration
from app.core.s3.notification import (
    NotificationConfiguration,
    NotificationRule,
    RequestedRule,
    TargetKind,
    kind_of,
    understand,
)
from app.wire.refusals import BodyTooLarge

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_ERRORS: dict[type[Refused], tuple[str, int]] = {
    NoSuchBucket: ("NoSuchBucket", 404),
    InvalidArgument: ("InvalidArgument", 400),
    InvalidLifecycleRequest: ("InvalidRequest", 400),
    NoSuchLifecycleConfiguration: ("NoSuchLifecycleConfiguration", 404),
    MalformedXml: ("MalformedXML", 400),
    AccessDenied: ("AccessDenied", 403),
    ResourceConflict: ("OperationAborted", 409),
    BodyTooLarge: ("EntityTooLarge", 400),
}
"""S3's code and status of each refusal that can reach it; any other is an InvalidRequest."""

_WITH_S3 = re.compile(
    r"(?:(?P<bucket>.+)\.)?"
    r"s3(?:[.-](?:dualstack\.|fips\.)?[a-z0-9-]+)?"
    r"\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com(?:\.cn)?)"
)
_WITHOUT_S3 = re.compile(r"(?P<bucket>.+)\.localhost(?:\.localstack\.cloud)?")


# Addresses ------------------------------------------------------------------------------------------


def bucket_of_host(host: str) -> str | None:
    """The bucket that a Host header names (virtual-hosted style), or None where the path names it.

    `photos.localhost:4566`, `photos.s3.localhost`, `photos.s3.us-east-1.localhost.localstack.cloud` and
    `photos.s3.eu-west-1.amazonaws.com` are of `photos`; `localhost`, `127.0.0.1` and `s3.localhost` name none.
    """
    name = host.rsplit(":", 1)[0].lower() if re.search(r":\d+$", host) else host.lower()
    found = _WITH_S3.fullmatch(name)
    if found is None and name != "localhost.localstack.cloud":
        found = _WITHOUT_S3.fullmatch(name)
    return found["bucket"] if found else None


# Notification configurations ------------------------------------------------------------------------


def parse_notification(body: bytes) -> NotificationConfiguration:
    """The configuration in the body of PutBucketNotificationConfiguration; an empty body clears it.

    Raises MalformedXml, and InvalidArgument for a bad ARN, event type or filter.
    """
    if not body.strip():
        return NotificationConfiguration()
    if b"<!DOCTYPE" in body:  # no AWS client sends one; what it could declare is only trouble
        raise MalformedXml
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except ElementTree.ParseError:
        raise MalformedXml from None
    if _name(root) != "NotificationConfiguration":
        raise MalformedXml
    requested: list[RequestedRule] = []
    event_bridge = False
    for element in root:
        if _name(element) == "EventBridgeConfiguration":
            event_bridge = True
        else:
            requested.append(_parse_entry(element))
    return NotificationConfiguration(understand(requested), event_bridge)


def _parse_entry(element: ElementTree.Element) -> RequestedRule:
    try:
        kind = TargetKind(_name(element).removesuffix("Configuration"))
    except ValueError:
        raise MalformedXml from None
    target = _texts(element, kind)
    events = _texts(element, "Event")
    if len(target) != 1 or not events:
        raise MalformedXml
    return RequestedRule(
        kind=kind,
        target=target[0],
        events=tuple(events),
        filter_rules=tuple(_parse_filter_rules(element)),
        id="".join(_texts(element, "Id")),
    )


def _parse_filter_rules(element: ElementTree.Element) -> Sequence[tuple[str, str]]:
    pairs = []
    for rule in element.iterfind("./{*}Filter/{*}S3Key/{*}FilterRule"):
        names, values = _texts(rule, "Name"), _texts(rule, "Value")
        if len(names) != 1 or len(values) != 1:
            raise MalformedXml
        pairs.append((names[0], values[0]))
    return pairs


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _texts(element: ElementTree.Element, name: str) -> list[str]:
    return [child.text or "" for child in element if _name(child) == name]


def render_notification(configuration: NotificationConfiguration) -> bytes:
    """The body of GetBucketNotificationConfiguration: topics, queues, functions, EventBridge."""
    entries = [
        _render_rule(kind, rule)
        for kind in (TargetKind.TOPIC, TargetKind.QUEUE, TargetKind.FUNCTION)
        for rule in configuration.rules
        if kind_of(rule.target) is kind
    ]
    if configuration.event_bridge:
        entries.append("<EventBridgeConfiguration/>")
    root = f'<NotificationConfiguration xmlns="{_NAMESPACE}">{"".join(entries)}</NotificationConfiguration>'
    return (_DECLARATION + root).encode()


def _render_rule(kind: TargetKind, rule: NotificationRule) -> str:
    parts = [_element("Id", rule.id), _element(kind, rule.target)]
    parts += [_element("Event", event_type) for event_type in rule.events]
    filter_rules = [
        f"<FilterRule>{_element('Name', name)}{_element('Value', value)}</FilterRule>"
        for name, value in (("Prefix", rule.prefix), ("Suffix", rule.suffix))
        if value
    ]
    if filter_rules:
        parts.append(f"<Filter><S3Key>{''.join(filter_rules)}</S3Key></Filter>")
    return f"<{kind}Configuration>{''.join(parts)}</{kind}Configuration>"


# Errors ---------------------------------------------------------------------------------------------


def render_refusal(refused: Refused, *, bucket: str, request_id: str, host_id: str) -> tuple[int, bytes]:
    """Status and XML body of a refusal, with S3's code and its further elements."""
    code, status = _ERRORS.get(type(refused), ("InvalidRequest", 400))
    details: Mapping[str, str] = {}
    match refused:
        case InvalidArgument(arguments=arguments):
            details = arguments
        case NoSuchBucket() | NoSuchLifecycleConfiguration():
            details = {"BucketName": bucket}
    return status, render_error(code, refused.message, details, request_id=request_id, host_id=host_id)


def render_error(code: str, message: str, details: Mapping[str, str], *, request_id: str, host_id: str) -> bytes:
    """An S3 error document; `details` are element names and texts between the message and the request id."""
    elements = {"Code": code, "Message": message, **details, "RequestId": request_id, "HostId": host_id}
    content = "".join(_element(name, text) for name, text in elements.items())
    return f"{_DECLARATION}<Error>{content}</Error>".encode()


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
