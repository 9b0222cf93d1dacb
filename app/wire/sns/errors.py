"""Refusals in the words of SNS: codes and statuses of its model (sns 2010-03-31)."""

from app.core import errors as core
from app.wire import refusals
from app.wire.errors import AwsError, ErrorTable

ERRORS: ErrorTable = {
    core.InvalidParameter: AwsError("InvalidParameter"),
    core.ParameterValueInvalid: AwsError("ParameterValueInvalid"),
    core.TopicDoesNotExist: AwsError("NotFound", 404),
    core.SubscriptionDoesNotExist: AwsError("NotFound", 404),
    core.ResourceNotFound: AwsError("ResourceNotFound", 404),
    core.FilterPolicyLimitExceeded: AwsError("FilterPolicyLimitExceeded", 403),
    core.BatchEntryIdsNotDistinct: AwsError("BatchEntryIdsNotDistinct"),
    core.BatchRequestTooLong: AwsError("BatchRequestTooLong"),
    core.EmptyBatchRequest: AwsError("EmptyBatchRequest"),
    core.InvalidBatchEntryId: AwsError("InvalidBatchEntryId"),
    core.TooManyEntriesInBatchRequest: AwsError("TooManyEntriesInBatchRequest"),
    core.AccessDenied: AwsError("AuthorizationError", 403),
    # The query protocol's own names, as SQS's queries have them.
    refusals.UnknownOperation: AwsError("InvalidAction"),
    refusals.SerializationFailed: AwsError("MalformedInput"),
    refusals.MissingAuthenticationToken: AwsError("MissingAuthenticationToken", 403),
    refusals.InvalidClientToken: AwsError("InvalidClientTokenId", 403),
    refusals.SignatureDoesNotMatch: AwsError("SignatureDoesNotMatch", 403),
    refusals.RequestExpired: AwsError("SignatureDoesNotMatch", 403),
    refusals.ContentHashMismatch: AwsError("SignatureDoesNotMatch", 403),
}
