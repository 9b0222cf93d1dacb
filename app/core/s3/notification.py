"""A bucket's notification configuration: which object events go to which function or queue."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import TypeAlias

from app.core.errors import InvalidArgument
from app.core.limits import DEFAULT_LIMITS
from app.core.names import Arn, ParsedArn, Scope, parse_arn
from app.core.s3.object_event import EVENT_TYPES, encode_key, is_told_to_buses

FILTER_VALUE_MAX_BYTES = 1024
"""Of a prefix or a suffix, in UTF-8."""


class TargetKind(StrEnum):
    """What a configuration entry is called in the API, by the kind of its target."""

    FUNCTION = "CloudFunction"
    QUEUE = "Queue"
    TOPIC = "Topic"


EVENT_BRIDGE_RULE = "EventBridge"
"""What stands for the rule's id in a route to the default bus, which no rule leads to."""

_SERVICES = {TargetKind.FUNCTION: "lambda", TargetKind.QUEUE: "sqs", TargetKind.TOPIC: "sns"}


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """One configuration entry. `target` is a function, queue or topic ARN; an empty prefix or suffix admits all keys.

    An empty `id` is one that the caller left to S3: `with_ids` fills it.
    """

    id: str
    target: Arn
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class NotificationConfiguration:
    """All of a bucket's rules, in the order they were given. With `event_bridge` the default bus is told of everything
    as well, whatever the rules say."""

    rules: tuple[NotificationRule, ...] = ()
    event_bridge: bool = False


@dataclass(frozen=True, slots=True)
class RequestedRule:
    """A configuration entry as a request has it; `filter_rules` are its Name and Value pairs, unchecked."""

    kind: TargetKind
    target: str
    events: tuple[str, ...]
    filter_rules: tuple[tuple[str, str], ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class RouteTaken:
    target: Arn
    rule_id: str


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """A rule that did not apply, and why, in words for people."""

    target: Arn
    rule_id: str
    reason: str


Route: TypeAlias = RouteTaken | RouteRefused


def kind_of(target: Arn) -> TargetKind:
    """What kind of target the ARN names. Raises ValueError when it is none of the three."""
    service = parse_arn(target).service
    for kind, its_service in _SERVICES.items():
        if service == its_service:
            return kind
    raise ValueError(f"{target!r} is not the ARN of a function, a queue or a topic")


# Routing --------------------------------------------------------------------------------------------


def event_matches(event_type: str, event_name: str) -> bool:
    """Whether `event_type` of a rule (`s3:ObjectCreated:*`) covers the event `event_name` (`ObjectCreated:Put`)."""
    wanted = event_type.removeprefix("s3:")
    if wanted.endswith(":*"):
        return event_name.startswith(wanted[:-1])
    return event_name == wanted


def route(
    configuration: NotificationConfiguration, event_name: str, key: str, scope: Scope | None = None
) -> list[Route]:
    """Where the event goes: one answer a rule, in the rules' order, then the default bus of the bucket's `scope` where
    the bucket tells EventBridge."""
    routes = [_route(rule, event_name, key) for rule in configuration.rules]
    if configuration.event_bridge:
        routes.append(_route_to_bus(event_name, scope or Scope()))
    return routes


def _route_to_bus(event_name: str, scope: Scope) -> Route:
    bus = f"arn:aws:events:{scope.region}:{scope.account}:event-bus/default"
    if is_told_to_buses(event_name):
        return RouteTaken(bus, EVENT_BRIDGE_RULE)
    return RouteRefused(bus, EVENT_BRIDGE_RULE, f"S3 does not tell EventBridge of {event_name}")


def _route(rule: NotificationRule, event_name: str, key: str) -> Route:
    if not any(event_matches(event_type, event_name) for event_type in rule.events):
        reason = f"{event_name} is not among {', '.join(rule.events)}"
    elif not _any_form(key, lambda form: form.startswith(rule.prefix)):
        reason = f"prefix {rule.prefix!r} does not begin {key!r}"
    elif not _any_form(key, lambda form: form.endswith(rule.suffix)):
        reason = f"suffix {rule.suffix!r} does not end {key!r}"
    else:
        return RouteTaken(rule.target, rule.id)
    return RouteRefused(rule.target, rule.id, reason)


def _any_form(key: str, admits: Callable[[str], bool]) -> bool:
    """The documentation wants filters URL-encoded with `+` for a space; most people write them plainly. Both match."""
    return admits(key) or admits(encode_key(key))


# Checking -------------------------------------------------------------------------------------------


def understand(requested: Sequence[RequestedRule]) -> tuple[NotificationRule, ...]:
    """The rules of a request whose ARNs, event types and filters are in order.

    Raises InvalidArgument for the first that is not: all ARNs first, then how many there are, then event types, then
    filters.
    """
    for rule in requested:
        _check_target(rule.kind, rule.target)
    most = DEFAULT_LIMITS.bucket_notifications
    if len(requested) > most:
        # That there are so many, and in which words it is refused, is UNCONFIRMED.
        raise InvalidArgument(f"The number of notification configurations must not exceed {most}")
    for rule in requested:
        _check_events(rule.events)
    return tuple(
        NotificationRule(rule.id, rule.target, rule.events, *_prefix_and_suffix(rule.filter_rules))
        for rule in requested
    )


def validate(
    configuration: NotificationConfiguration,
    *,
    bucket: str,
    exists: Callable[[Arn], bool],
    permits: Callable[[Arn], bool] = lambda _: True,
    skip_destination_validation: bool = False,
    region: str | None = None,
) -> None:
    """Raise InvalidArgument when S3 would not take the configuration.

    `exists` says whether a function, queue or topic is there, `permits` whether its policy lets the bucket notify it.
    `region` is the bucket's: its targets must be there too; None asks nothing. `bucket` names it in our own messages.
    """
    for rule in configuration.rules:
        _check_target(_likely_kind(rule.target), rule.target)
    for rule in configuration.rules:
        _check_events(rule.events)
        _check_value(rule.prefix)
        _check_value(rule.suffix)
    _check_overlaps(configuration.rules)
    _check_ids(configuration.rules)
    _check_regions(configuration.rules, region)
    _check_destinations(configuration.rules, bucket, exists, permits, skip_destination_validation)


def with_ids(configuration: NotificationConfiguration, new_id: Callable[[], str]) -> NotificationConfiguration:
    """The configuration with every empty id filled from `new_id`."""
    return replace(
        configuration,
        rules=tuple(rule if rule.id else replace(rule, id=new_id()) for rule in configuration.rules),
    )


def _likely_kind(target: str) -> TargetKind:
    for kind, service in _SERVICES.items():
        if f":{service}:" in target:
            return kind
    return TargetKind.FUNCTION


def _check_target(kind: TargetKind, target: str) -> None:
    try:
        parsed = parse_arn(target)
    except ValueError:
        parsed = None
    if parsed is None or not _is_target(kind, parsed):
        raise InvalidArgument("The ARN could not be parsed", _named(kind, target))


def _is_target(kind: TargetKind, arn: ParsedArn) -> bool:
    is_complete = bool(arn.region and arn.account and arn.name) and arn.service == _SERVICES[kind]
    return is_complete and (kind is not TargetKind.FUNCTION or arn.resource.startswith("function:"))


def _check_events(events: Iterable[str]) -> None:
    for event_type in events:
        if event_type not in EVENT_TYPES:
            raise InvalidArgument("The event is not supported for notifications", _named("Event", event_type))


def _prefix_and_suffix(filter_rules: Iterable[tuple[str, str]]) -> tuple[str, str]:
    values: dict[str, str] = {}
    for name, value in filter_rules:
        side = name.lower()
        if side not in ("prefix", "suffix"):
            raise InvalidArgument("filter rule name must be either prefix or suffix", _named("FilterRule.Name", name))
        if side in values:
            raise InvalidArgument(
                f"Cannot specify more than one {side} rule in a filter.", _named("FilterRule.Name", side)
            )
        _check_value(value)
        values[side] = value
    return values.get("prefix", ""), values.get("suffix", "")


def _check_value(value: str) -> None:
    if len(value.encode()) > FILTER_VALUE_MAX_BYTES:
        raise InvalidArgument(
            f"Size of filter rule value cannot exceed {FILTER_VALUE_MAX_BYTES} bytes in UTF-8 representation",
            _named("FilterRule.Value", value),
        )


def _check_overlaps(rules: Sequence[NotificationRule]) -> None:
    for one, other in combinations(rules, 2):
        if not (_share_an_event_type(one, other) and _share_keys(one, other)):
            continue
        if any((one.prefix, one.suffix, other.prefix, other.suffix)):
            raise InvalidArgument(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
            )
        raise InvalidArgument(
            "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        )


def _share_an_event_type(one: NotificationRule, other: NotificationRule) -> bool:
    return any(
        mine == theirs
        or event_matches(mine, theirs.removeprefix("s3:"))
        or event_matches(theirs, mine.removeprefix("s3:"))
        for mine in one.events
        for theirs in other.events
    )


def _share_keys(one: NotificationRule, other: NotificationRule) -> bool:
    prefixes_overlap = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes_overlap = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    return prefixes_overlap and suffixes_overlap


def _check_ids(rules: Iterable[NotificationRule]) -> None:
    ids = [rule.id for rule in rules if rule.id]
    if len(set(ids)) != len(ids):
        raise InvalidArgument("Same ID used for multiple configurations. IDs must be unique.")


def _check_regions(rules: Iterable[NotificationRule], region: str | None) -> None:
    for rule in rules:
        if region is not None and parse_arn(rule.target).region != region:
            raise InvalidArgument(
                "The notification destination service region is not valid for the bucket location constraint",
                _named(kind_of(rule.target), rule.target),
            )


def _check_destinations(
    rules: Iterable[NotificationRule],
    bucket: str,
    exists: Callable[[Arn], bool],
    permits: Callable[[Arn], bool],
    skip_validation: bool,
) -> None:
    """All that is wrong with destinations is told together, numbered from 1."""
    faults: list[tuple[str, str]] = []
    for target in dict.fromkeys(rule.target for rule in rules):
        kind = kind_of(target)
        if kind is not TargetKind.FUNCTION and target.endswith(".fifo"):
            faults.append((target, f"A FIFO {kind.lower()} cannot be a destination of bucket {bucket}"))
        elif skip_validation or (exists(target) and permits(target)):
            continue
        elif kind is TargetKind.FUNCTION:
            faults.append((f"{target}, null", f"Not authorized to invoke function [{target}]"))
        elif exists(target):
            noun = kind.lower()
            words = f"Permissions on the destination {noun} do not allow S3 to publish notifications from this bucket"
            faults.append((target, words))
        else:
            faults.append((target, f"The destination {kind.lower()} does not exist"))
    if faults:
        arguments: dict[str, str] = {}
        for number, (name, value) in enumerate(faults, start=1):
            arguments[f"ArgumentName{number}"] = name
            arguments[f"ArgumentValue{number}"] = value
        raise InvalidArgument("Unable to validate the following destination configurations", arguments)


def _named(name: str, value: str) -> dict[str, str]:
    return {"ArgumentName": str(name), "ArgumentValue": value}
