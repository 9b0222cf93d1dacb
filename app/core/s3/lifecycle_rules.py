"""What S3 takes as a lifecycle configuration, and the words it refuses with.

The texts are those that users of Amazon S3 quote; where none could be found, the nearest of their form (UNCONFIRMED:
the negative days of a transition, and the bounds of NewerNoncurrentVersions).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.errors import InvalidArgument, MalformedXml
from app.core.s3.lifecycle import DEPTHS, InvalidLifecycleRequest, LifecycleRule
from app.core.time import DAY_MS, Instant

RULES_MOST = 1_000
ID_MOST = 255
INFREQUENT_DAYS_LEAST = 30
NEWER_VERSIONS_MOST = 100

_TARGETS = frozenset(DEPTHS) - {"STANDARD", "REDUCED_REDUNDANCY"}
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")


def checked(rules: Sequence[LifecycleRule], new_id: Callable[[], str]) -> tuple[LifecycleRule, ...]:
    """The rules, each with an id. Raises MalformedXml, InvalidArgument, InvalidLifecycleRequest."""
    if not 1 <= len(rules) <= RULES_MOST:
        raise MalformedXml
    for rule in rules:
        _check_form(rule)
    _check_ids(rules)
    for rule in rules:
        _check_actions(rule)
        _check_days(rule)
        _check_order(rule)
    return tuple(rule if rule.id else replace(rule, id=new_id()) for rule in rules)


def _check_form(rule: LifecycleRule) -> None:
    """What S3's schema forbids: two ways to say when, no way, or a storage class that nothing goes to."""
    ways = [rule.expire_days is not None, rule.expire_date is not None, rule.expires_markers is not None]
    if sum(ways) > 1:
        raise MalformedXml
    for transition in rule.transitions:
        if (transition.days is None) == (transition.date is None):
            raise MalformedXml
    classes = [move.storage_class for move in rule.transitions]
    classes += [move.storage_class for move in rule.noncurrent_transitions]
    if not _TARGETS.issuperset(classes):
        raise MalformedXml


def _check_ids(rules: Sequence[LifecycleRule]) -> None:
    ids = [rule.id for rule in rules if rule.id]
    if any(len(rule.id) > ID_MOST for rule in rules):
        raise InvalidArgument(f"ID length should not exceed allowed limit of {ID_MOST}")
    if len(set(ids)) != len(ids):
        raise InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")


def _check_actions(rule: LifecycleRule) -> None:
    does_something = (
        rule.has_expiration
        or rule.transitions
        or rule.noncurrent_days is not None
        or rule.noncurrent_transitions
        or rule.abort_days is not None
    )
    if not does_something:
        raise InvalidLifecycleRequest("At least one action needs to be specified in a rule")
    for action, is_there in (
        ("AbortIncompleteMultipartUpload", rule.abort_days is not None),
        ("ExpiredObjectDeleteMarker", rule.expires_markers is not None),
    ):
        if is_there and rule.filter.tags:
            raise InvalidLifecycleRequest(f"{action} cannot be specified with Tags.")
        if is_there and rule.filter.speaks_of_sizes:
            raise InvalidLifecycleRequest(f"{action} cannot be specified with Object Size.")


def _check_days(rule: LifecycleRule) -> None:
    for name, action, days in (
        ("Days", "Expiration", rule.expire_days),
        ("NoncurrentDays", "NoncurrentVersionExpiration", rule.noncurrent_days),
        ("DaysAfterInitiation", "AbortIncompleteMultipartUpload", rule.abort_days),
    ):
        if days is not None and days <= 0:
            raise InvalidArgument(f"'{name}' for {action} action must be a positive integer")
    for date in (rule.expire_date, *(transition.date for transition in rule.transitions)):
        if date is not None and not _is_midnight(date):
            raise InvalidArgument("'Date' must be at midnight GMT")
    for name, action, moves in (
        ("Days", "Transition", [(move.storage_class, move.days) for move in rule.transitions]),
        (
            "NoncurrentDays",
            "NoncurrentVersionTransition",
            [(move.storage_class, move.days) for move in rule.noncurrent_transitions],
        ),
    ):
        for storage_class, days in moves:
            if days is not None and days < 0:
                raise InvalidArgument(f"'{name}' for {action} action must be nonnegative")
            if days is not None and days < INFREQUENT_DAYS_LEAST and storage_class in _INFREQUENT:
                raise InvalidArgument(
                    f"'{name}' in {action} action must be greater than or equal to {INFREQUENT_DAYS_LEAST} for "
                    f"storageClass '{storage_class}'"
                )
        if len({storage_class for storage_class, _ in moves}) != len(moves):
            raise InvalidLifecycleRequest(
                f"'StorageClass' must be different for '{action}' actions in same 'Rule' with {_filter_in_words(rule)}"
            )
    for newer in (rule.newer, *(move.newer for move in rule.noncurrent_transitions)):
        if newer is not None and not 1 <= newer <= NEWER_VERSIONS_MOST:
            raise InvalidArgument(
                f"'NewerNoncurrentVersions' must be a positive integer of at most {NEWER_VERSIONS_MOST}"
            )


def _check_order(rule: LifecycleRule) -> None:
    """Expiration comes after every transition, and both count in one way."""
    words = _filter_in_words(rule)
    by_days = [move.days for move in rule.transitions if move.days is not None]
    by_date = [move.date for move in rule.transitions if move.date is not None]
    if (by_days or rule.expire_days is not None) and (by_date or rule.expire_date is not None):
        raise InvalidLifecycleRequest(
            f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {words}"
        )
    noncurrent = [move.days for move in rule.noncurrent_transitions]
    for unit, comparison, expiration, actions, last in (
        ("Days", "greater", rule.expire_days, ("Expiration", "Transition"), max(by_days, default=None)),
        ("Date", "later", rule.expire_date, ("Expiration", "Transition"), max(by_date, default=None)),
        (
            "NoncurrentDays", "greater", rule.noncurrent_days,
            ("NoncurrentVersionExpiration", "NoncurrentVersionTransition"), max(noncurrent, default=None),
        ),
    ):  # fmt: skip
        if expiration is not None and last is not None and expiration <= last:
            raise InvalidArgument(
                f"'{unit}' in the {actions[0]} action for {words} must be {comparison} than '{unit}' in the "
                f"{actions[1]} action"
            )


def _filter_in_words(rule: LifecycleRule) -> str:
    """`filter '(prefix=logs/)'`, or `prefix 'logs/'` where the rule was written in the old way."""
    if rule.has_old_prefix:
        return f"prefix '{rule.filter.prefix}'"
    return f"filter '(prefix={rule.filter.prefix})'"


def _is_midnight(at: Instant) -> bool:
    return at % DAY_MS == 0
