"""Lifecycle configurations as XML, in and out."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from app.core.errors import MalformedXml
from app.core.s3.lifecycle import KeyFilter, LifecycleRule, NoncurrentTransition, Transition
from app.core.time import Instant, format_instant, parse_instant

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?")


# In -------------------------------------------------------------------------------------------------


def parse_lifecycle(body: bytes) -> tuple[LifecycleRule, ...]:
    """The rules in the body of PutBucketLifecycleConfiguration, as they are written. Raises MalformedXml."""
    if b"<!DOCTYPE" in body:  # no AWS client sends one; what it could declare is only trouble
        raise MalformedXml
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except ElementTree.ParseError:
        raise MalformedXml from None
    if _name(root) != "LifecycleConfiguration":
        raise MalformedXml
    return tuple(_parse_rule(element) for element in root if _name(element) == "Rule")


def parse_lifecycle_entry(entry: Mapping[str, Any]) -> LifecycleRule:
    """A rule written as JSON or YAML in the shape that SDKs take (`Transitions`, `Filter`, …). Raises MalformedXml.

    Without a `Status` it is enabled, without a `Filter` it is for every object.
    """
    given = {"Status": "Enabled", **({} if "Prefix" in entry else {"Filter": {}}), **entry}
    rule = ElementTree.Element("Rule")
    for name, content in given.items():
        _add(rule, name, content)
    return _parse_rule(rule)


_ONE_OF_MANY = {
    "Transitions": "Transition",
    "NoncurrentVersionTransitions": "NoncurrentVersionTransition",
    "Tags": "Tag",
}
"""What the elements of SDKs' lists are called in XML."""


def _add(parent: ElementTree.Element, name: str, content: Any) -> None:
    if isinstance(content, list):
        for one in content:
            _add(parent, _ONE_OF_MANY.get(name, name), one)
        return
    element = ElementTree.SubElement(parent, name)
    if isinstance(content, Mapping):
        for inner, inside in content.items():
            _add(element, str(inner), inside)
    elif isinstance(content, bool):
        element.text = str(content).lower()
    elif isinstance(content, date):
        element.text = content.isoformat()
    else:
        element.text = str(content)


def _parse_rule(element: ElementTree.Element) -> LifecycleRule:
    status = _text(element, "Status")
    old_prefix, key_filter = _child(element, "Prefix"), _child(element, "Filter")
    if status not in ("Enabled", "Disabled") or (old_prefix is None) == (key_filter is None):
        raise MalformedXml
    expiration = _child(element, "Expiration")
    noncurrent = _child(element, "NoncurrentVersionExpiration")
    abort = _child(element, "AbortIncompleteMultipartUpload")
    if expiration is not None and not len(expiration):
        raise MalformedXml
    return LifecycleRule(
        id=_text(element, "ID") or "",
        is_enabled=status == "Enabled",
        filter=KeyFilter(_text(element, "Prefix") or "") if key_filter is None else _parse_filter(key_filter),
        has_old_prefix=key_filter is None,
        expire_days=_number(expiration, "Days"),
        expire_date=_date(expiration),
        expires_markers=_truth(expiration, "ExpiredObjectDeleteMarker"),
        transitions=tuple(_parse_transition(child) for child in element if _name(child) == "Transition"),
        noncurrent_days=_must(noncurrent, "NoncurrentDays"),
        newer=_number(noncurrent, "NewerNoncurrentVersions"),
        noncurrent_transitions=tuple(
            NoncurrentTransition(
                _text(child, "StorageClass") or "",
                _must(child, "NoncurrentDays") or 0,
                _number(child, "NewerNoncurrentVersions"),
            )
            for child in element
            if _name(child) == "NoncurrentVersionTransition"
        ),
        abort_days=_must(abort, "DaysAfterInitiation"),
    )


def _parse_filter(element: ElementTree.Element) -> KeyFilter:
    """At most one condition, or several within `And`."""
    conjunction = _child(element, "And")
    if len(element) > 1:
        raise MalformedXml
    inside = element if conjunction is None else conjunction
    tags = tuple((_text(tag, "Key") or "", _text(tag, "Value") or "") for tag in inside if _name(tag) == "Tag")
    return KeyFilter(
        _text(inside, "Prefix") or "",
        tags,
        _number(inside, "ObjectSizeGreaterThan"),
        _number(inside, "ObjectSizeLessThan"),
    )


def _parse_transition(element: ElementTree.Element) -> Transition:
    return Transition(_text(element, "StorageClass") or "", _number(element, "Days"), _date(element))


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    found = [child for child in element or () if _name(child) == name]
    if len(found) > 1:
        raise MalformedXml
    return found[0] if found else None


def _text(element: ElementTree.Element | None, name: str) -> str | None:
    child = _child(element, name)
    return None if child is None else child.text or ""


def _number(element: ElementTree.Element | None, name: str) -> int | None:
    text = _text(element, name)
    if text is None:
        return None
    if not re.fullmatch(r"-?\d{1,10}", text.strip()):
        raise MalformedXml
    return int(text)


def _must(element: ElementTree.Element | None, name: str) -> int | None:
    """The number; where its element is there at all, it has to be."""
    number = _number(element, name)
    if element is not None and number is None:
        raise MalformedXml
    return number


def _truth(element: ElementTree.Element | None, name: str) -> bool | None:
    text = _text(element, name)
    if text not in (None, "true", "false"):
        raise MalformedXml
    return None if text is None else text == "true"


def _date(element: ElementTree.Element | None) -> Instant | None:
    text = _text(element, "Date")
    if text is None:
        return None
    if not _DATE.fullmatch(text.strip()):
        raise MalformedXml
    try:
        return parse_instant(text)
    except ValueError:
        raise MalformedXml from None


# Out ------------------------------------------------------------------------------------------------


def render_lifecycle(rules: tuple[LifecycleRule, ...]) -> bytes:
    """The body of GetBucketLifecycleConfiguration."""
    content = "".join(f"<Rule>{''.join(_rule_parts(rule))}</Rule>" for rule in rules)
    return f'{_DECLARATION}<LifecycleConfiguration xmlns="{_NAMESPACE}">{content}</LifecycleConfiguration>'.encode()


def _rule_parts(rule: LifecycleRule) -> Iterator[str]:
    yield _element("ID", rule.id)
    yield _element("Prefix", rule.filter.prefix) if rule.has_old_prefix else _render_filter(rule.filter)
    yield _element("Status", "Enabled" if rule.is_enabled else "Disabled")
    if rule.has_expiration:
        marker = None if rule.expires_markers is None else str(rule.expires_markers).lower()
        yield _group(
            "Expiration", Days=rule.expire_days, Date=_midnight(rule.expire_date), ExpiredObjectDeleteMarker=marker
        )
    for move in rule.transitions:
        yield _group("Transition", Days=move.days, Date=_midnight(move.date), StorageClass=move.storage_class)
    for later in rule.noncurrent_transitions:
        yield _group(
            "NoncurrentVersionTransition",
            NoncurrentDays=later.days,
            StorageClass=later.storage_class,
            NewerNoncurrentVersions=later.newer,
        )
    if rule.noncurrent_days is not None:
        yield _group(
            "NoncurrentVersionExpiration", NoncurrentDays=rule.noncurrent_days, NewerNoncurrentVersions=rule.newer
        )
    if rule.abort_days is not None:
        yield _group("AbortIncompleteMultipartUpload", DaysAfterInitiation=rule.abort_days)


def _render_filter(filter: KeyFilter) -> str:
    parts = [
        *([_element("Prefix", filter.prefix)] if filter.prefix else []),
        *(f"<Tag>{_element('Key', name)}{_element('Value', text)}</Tag>" for name, text in filter.tags),
        *([_element("ObjectSizeGreaterThan", filter.larger_than)] if filter.larger_than is not None else []),
        *([_element("ObjectSizeLessThan", filter.smaller_than)] if filter.smaller_than is not None else []),
    ]
    inside = "".join(parts) or _element("Prefix", "")
    return f"<Filter><And>{inside}</And></Filter>" if len(parts) > 1 else f"<Filter>{inside}</Filter>"


def _midnight(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)


def _group(tag: str, **parts: object) -> str:
    content = "".join(_element(name, text) for name, text in parts.items() if text is not None)
    return f"<{tag}>{content}</{tag}>"


def _element(name: str, text: object) -> str:
    return f"<{name}>{escape(str(text))}</{name}>"
