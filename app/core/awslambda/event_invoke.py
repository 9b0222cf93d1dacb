"""A function's event-invoke config: how often and how long an event is tried, and where it ends."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.core.errors import InvalidParameterValue, ValidationFailed
from app.core.names import LATEST, Arn, parse_arn
from app.core.time import SECOND_MS, Instant
from app.core.value import value

# What botocore's model and the recorded refusal give for a destination.
_DESTINATION = re.compile(r"(arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9-])+:([a-z]{2}(-gov)?-[a-z]+-\d)?:(\d{12})?:(.*))?")
_PATTERN = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_TARGETS = frozenset({"sqs", "sns", "lambda", "events", "s3"})


@value(frozen=True, slots=True)
class EventInvokeConfig:
    """What was set over the API; None is 'not set', and the function's own settings hold."""

    modified_at: Instant
    maximum_retry_attempts: int | None = None
    maximum_event_age_s: int | None = None
    on_success: Arn | None = None
    on_failure: Arn | None = None

    def view(self, function: Arn, qualifier: str = LATEST) -> dict[str, Any]:
        """AWS's response shape; LastModified in epoch seconds."""
        shown: dict[str, Any] = {
            "LastModified": self.modified_at / SECOND_MS,
            "FunctionArn": f"{function}:{qualifier}",
        }
        if self.maximum_retry_attempts is not None:
            shown["MaximumRetryAttempts"] = self.maximum_retry_attempts
        if self.maximum_event_age_s is not None:
            shown["MaximumEventAgeInSeconds"] = self.maximum_event_age_s
        shown["DestinationConfig"] = {"OnSuccess": _shown(self.on_success), "OnFailure": _shown(self.on_failure)}
        return shown


def configured(
    before: EventInvokeConfig | None,
    given: Mapping[str, Any],
    *,
    function: Arn,
    exists: Callable[[Arn], bool],
    now: Instant,
) -> EventInvokeConfig:
    """The config after `given`, laid over `before` if there is one. Raises in AWS's words; then nothing changed."""
    destinations = given.get("DestinationConfig")
    if all(given.get(name) is None for name in _SETTINGS):
        raise InvalidParameterValue("You must specify at least one of error handling or destination setting.")
    result = replace(before, modified_at=now) if before else EventInvokeConfig(now)
    if given.get("MaximumRetryAttempts") is not None:
        attempts = _ranged(given["MaximumRetryAttempts"], "maximumRetryAttempts", 0, 2)
        result = replace(result, maximum_retry_attempts=attempts)
    if given.get("MaximumEventAgeInSeconds") is not None:
        age_s = _ranged(given["MaximumEventAgeInSeconds"], "maximumEventAgeInSeconds", 60, 21_600)
        result = replace(result, maximum_event_age_s=age_s)
    for member, field in (("OnSuccess", "on_success"), ("OnFailure", "on_failure")):
        destination = ((destinations or {}).get(member) or {}).get("Destination")
        if destination is not None:
            _check_destination(destination, member, function=function, exists=exists)
            changed: dict[str, Any] = {field: destination or None}
            result = replace(result, **changed)
    return result


def _check_destination(arn: Arn, member: str, *, function: Arn, exists: Callable[[Arn], bool]) -> None:
    if not arn:
        return
    where = f"destinationConfig.{member[0].lower()}{member[1:]}.destination"
    if not _DESTINATION.fullmatch(arn):
        raise ValidationFailed(
            f"1 validation error detected: Value '{arn}' at '{where}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {_PATTERN}"
        )
    try:
        parsed = parse_arn(arn)
    except ValueError:
        # The model's pattern lets an ARN end where its resource should begin.
        raise InvalidParameterValue(f"The destination ARN {arn} is invalid.") from None
    if parsed.service not in _TARGETS or (parsed.service == "s3" and member == "OnSuccess"):
        success = f"OnSuccess(destination={arn})" if member == "OnSuccess" else "null"
        failure = f"OnFailure(destination={arn})" if member == "OnFailure" else "null"
        raise InvalidParameterValue(
            f"The provided destination config DestinationConfig(onSuccess={success}, onFailure={failure}) is invalid."
        )
    if parsed.service == "lambda" and arn.startswith(function) and arn.removeprefix(function)[:1] in ("", ":"):
        raise InvalidParameterValue("You can't specify the function as a destination for itself.")
    if not exists(arn):
        raise InvalidParameterValue(f"The destination ARN {arn} is invalid.")


def _ranged(number: object, member: str, least: int, most: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValidationFailed(f"{member} must be a whole number, not {number!r}")
    if not least <= number <= most:
        rule = f"greater than or equal to {least}" if number < least else f"less than or equal to {most}"
        raise ValidationFailed(
            f"1 validation error detected: Value '{number}' at '{member}' failed to satisfy constraint: "
            f"Member must have value {rule}"
        )
    return number


def _shown(destination: Arn | None) -> dict[str, str]:
    return {} if destination is None else {"Destination": destination}
