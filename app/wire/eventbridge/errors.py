"""Refusals in the words of EventBridge; every one of them has status 400 but what the service itself fails at."""

from app.core import errors as core
from app.wire.errors import AwsError, ErrorTable

ERRORS: ErrorTable = {
    core.ValidationFailed: AwsError("ValidationException"),
    core.ResourceNotFound: AwsError("ResourceNotFoundException"),
    core.ResourceAlreadyExists: AwsError("ResourceAlreadyExistsException"),
    core.EventsLimitExceeded: AwsError("LimitExceededException"),
    core.InvalidEventPattern: AwsError("InvalidEventPatternException"),
    core.ManagedRule: AwsError("ManagedRuleException"),
    core.IllegalStatus: AwsError("IllegalStatusException"),
    core.PolicyTooLong: AwsError("PolicyLengthExceededException"),
    core.InvalidParameterValue: AwsError("ValidationException"),
    core.DeliveryFailed: AwsError("InternalException", 500),
}
"""The last is told to the journal and to dead-letter queues; no request is answered with them."""
