"""What the world asks of the outside beside function calls, and what can come of it: values alone."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, TypeAlias

from app.core.names import Scope
from app.core.s3.lifecycle import SMALL_STAY, LifecycleRule, Swept
from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class HttpCall:
    """One HTTP request to a URL of the user's: a subscription's endpoint, an API destination. A `url` that begins with
    a slash is at this service itself: an API in front of functions."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_ms: int = 15_000


@value(frozen=True, slots=True)
class AwsCall:
    """One call of an AWS operation, made against this service itself: `service` is botocore's name (`kinesis`),
    `operation` AWS's (`PutRecord`), `parameters` its members. `trace_header` ties what it causes to the chain."""

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    trace_header: str | None = None


@value(frozen=True, slots=True)
class SweepBucket:
    """Do what the lifecycle rules want in the bucket at the midnight `at`: the objects are the store's."""

    bucket: str
    rules: tuple[LifecycleRule, ...]
    at: Instant
    small: str = SMALL_STAY


@value(frozen=True, slots=True)
class HttpAnswered:
    """Whatever status it has; header names are lower case. `cookies` are all values of `set-cookie`, of which `headers`
    can have one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class AwsAnswered:
    """The operation's result under AWS's member names."""

    result: Mapping[str, Any]


@value(frozen=True, slots=True)
class AwsRefused:
    """The service answered with an error; `code` is AWS's."""

    code: str
    message: str


@value(frozen=True, slots=True)
class BucketSwept:
    """What was done, in the order of the keys."""

    done: tuple[Swept, ...]


@value(frozen=True, slots=True)
class NoAnswer:
    """Nobody answered, or not in time."""

    message: str


OutsideCall: TypeAlias = HttpCall | AwsCall | SweepBucket
OutsideAnswer: TypeAlias = HttpAnswered | AwsAnswered | AwsRefused | BucketSwept | NoAnswer
