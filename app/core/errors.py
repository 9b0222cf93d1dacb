"""Refusals: what the caller got wrong to ask. One class a rule; the wire gives each its AWS names.

What a function did is not here: that is an outcome (`invocation.py`). What we got wrong is an assertion.
"""

from collections.abc import Mapping


class Refused(Exception):
    """A request that cannot be granted; nothing changed because of it."""

    message = "The request was refused."

    def __init__(self, message: str | None = None) -> None:
        self.message = message if message is not None else type(self).message
        super().__init__(self.message)


# Common to several services -------------------------------------------------------------------------


class InvalidParameterValue(Refused):
    """A parameter has a value outside its range or form."""


class MissingParameter(Refused):
    """A required parameter is absent or empty."""


class AccessDenied(Refused):
    """The caller may not do this."""


class ResourceNotFound(Refused):
    """The named function, mapping or other resource does not exist."""

    message = "The resource you requested does not exist."


class ResourceConflict(Refused):
    """The resource exists already or is in a state that forbids the request."""


class ResourceInUse(Refused):
    """The resource is in a transition."""


class ValidationFailed(Refused):
    """A member breaks a constraint of the service's model."""


# SQS ------------------------------------------------------------------------------------------------


class QueueDoesNotExist(Refused):
    message = "The specified queue does not exist."


class QueueOutOfReach(QueueDoesNotExist):
    """Somebody asks for another account's queue who may not. As users quote it (fluent-plugin-s3#342)."""

    message = "The specified queue does not exist or you do not have access to it."


class QueueNameExists(Refused):
    """A queue of this name exists with another value of an attribute."""


class QueueDeletedRecently(Refused):
    message = "You must wait 60 seconds after deleting a queue before you can create another with the same name."


class BatchEntryIdsNotDistinct(Refused):
    """Two entries of a batch have one id."""


class BatchRequestTooLong(Refused):
    """The messages of a batch are too long together."""


class EmptyBatchRequest(Refused):
    """A batch without entries."""


class InvalidBatchEntryId(Refused):
    message = (
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
        "It can be at most 80 letters long."
    )


class TooManyEntriesInBatchRequest(Refused):
    """A batch of more than ten."""


class MessageNotInflight(Refused):
    message = "The specified message isn't in flight."


class UnsupportedOperation(Refused):
    """The operation does not apply to this kind of queue."""


class PurgeQueueInProgress(Refused):
    """A second purge within a minute."""


class OverLimit(Refused):
    """Too many messages are in flight."""


class RequestThrottled(Refused):
    message = "Rate exceeded"


class ReceiptHandleIsInvalid(Refused):
    """The text is no receipt handle."""


class InvalidIdFormat(Refused):
    message = "The specified receipt handle isn't valid for the current version."


class InvalidAttributeName(Refused):
    """No such queue attribute, or it cannot be set."""


class InvalidAttributeValue(Refused):
    """A queue attribute outside its range."""


class InvalidMessageContents(Refused):
    """A body with a character that XML 1.0 cannot carry."""


class EmptyValue(Refused):
    """A message of a batch without a body."""


class KeyRefused(Refused):
    """KMS did not do what SQS asked of the queue's key; `code` is what the query protocol calls it."""

    code = ""


class KmsAccessDenied(KeyRefused):
    code = "KMS.AccessDeniedException"


class KmsDisabled(KeyRefused):
    code = "KMS.DisabledException"


class KmsInvalidKeyUsage(KeyRefused):
    code = "KMS.InvalidKeyUsageException"


class KmsInvalidState(KeyRefused):
    code = "KMS.InvalidStateException"


class KmsNotFound(KeyRefused):
    code = "KMS.NotFoundException"


class KmsOptInRequired(KeyRefused):
    code = "KMS.OptInRequired"


class KmsThrottled(KeyRefused):
    code = "KMS.ThrottlingException"


class InvalidAddress(Refused):
    """The queue's address is none of this endpoint's."""


class InvalidSecurity(Refused):
    """The request came without TLS or signature."""


class InternalFailure(Refused):
    """The service failed."""


class ServiceUnavailable(Refused):
    """The service could not answer."""


# Lambda ---------------------------------------------------------------------------------------------


class InvalidRequestContent(Refused):
    """The payload is not JSON."""


class RequestTooLarge(Refused):
    """The payload is over the limit of the operation."""


class TooManyRequests(Refused):
    """The invocation is throttled; `reason` is AWS's word for which limit."""

    message = "Rate Exceeded."

    def __init__(self, reason: str, message: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class PreconditionFailed(Refused):
    """The revision that the caller knows is not the latest."""

    message = (
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id"
    )


class ProvisionedConcurrencyNotFound(Refused):
    message = "No Provisioned Concurrency Config found for this function"


class InvocationRefused(Refused):
    """Lambda could not invoke the function, for a reason beside it; `code` is AWS's name of that."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SnapshotNotReady(Refused):
    """A published version is called whose snapshot is still being made."""

    message = (
        "Lambda is initializing your function. You can invoke the function when the function state becomes Active."
    )


class PolicyTooLong(Refused):
    """A resource policy over its limit."""


class RecursiveInvocation(Refused):
    """The chain has come round to this function too often (spec: recursive loop detection)."""

    message = "Lambda has detected your function is being invoked in a recursive loop with other AWS resources."


# S3 -------------------------------------------------------------------------------------------------


class NoSuchBucket(Refused):
    message = "The specified bucket does not exist"


class InvalidArgument(Refused):
    """A notification configuration S3 would not take; `arguments` are its ArgumentName and ArgumentValue pairs."""

    def __init__(self, message: str, arguments: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.arguments = dict(arguments or {})


class MalformedXml(Refused):
    message = "The XML you provided was not well-formed or did not validate against our published schema"


# EventBridge ----------------------------------------------------------------------------------------


class InvalidEventPattern(Refused):
    """An event pattern that AWS would not take; a mapping's filter is told off in Lambda's own words instead."""

    @property
    def reason(self) -> str:
        """What is wrong, without EventBridge's words before it."""
        return self.message.removeprefix("Event pattern is not valid. Reason: ")


class ResourceAlreadyExists(Refused):
    """There is a bus, archive, replay, connection or API destination of this name."""


class EventsLimitExceeded(Refused):
    message = "The requested resource exceeds the maximum number allowed."


class ManagedRule(Refused):
    """The rule was made by a service, and only that service changes it."""


class IllegalStatus(Refused):
    """The replay is in a state that forbids the request."""


class DeliveryFailed(Refused):
    """A target did not take an event for a reason of its own. `code` is EventBridge's ERROR_CODE; `is_retried` whether
    it may take it later, not before `retry_after_ms` where it says so itself."""

    def __init__(self, message: str, code: str, *, is_retried: bool, retry_after_ms: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.is_retried = is_retried
        self.retry_after_ms = retry_after_ms


# EventBridge Scheduler ------------------------------------------------------------------------------


class ScheduleExists(ResourceConflict):
    """There is a schedule or a group of this name."""


class ServiceQuotaExceeded(Refused):
    """The account has as many as it may have."""


# SNS ------------------------------------------------------------------------------------------------


class InvalidParameter(Refused):
    """What is wrong with a request to SNS; the message says which parameter, in AWS's words."""


class ParameterValueInvalid(Refused):
    """A message attribute that SNS would not take."""


class TopicDoesNotExist(Refused):
    message = "Topic does not exist"


class SubscriptionDoesNotExist(Refused):
    message = "Subscription does not exist"


class FilterPolicyLimitExceeded(Refused):
    """A topic with as many filter policies as it may have."""
