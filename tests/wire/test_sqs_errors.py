"""The error table of SQS in both protocols."""

import json

import pytest

from app.core import errors as core
from app.core.errors import Refused
from app.wire import refusals
from app.wire.sqs.errors import ERRORS, error_of, refuse_json, refuse_query

_NOT_OF_SQS: set[type[Refused]] = {
    core.Refused,
    core.ResourceConflict,
    core.ResourceInUse,
    core.ValidationFailed,
    core.InvalidRequestContent,
    core.RequestTooLarge,
    core.TooManyRequests,
    core.RecursiveInvocation,
    core.PreconditionFailed,
    core.ProvisionedConcurrencyNotFound,
    core.PolicyTooLong,
    core.NoSuchBucket,
    core.InvalidArgument,
    core.MalformedXml,
    core.InvalidEventPattern,
    core.DeliveryFailed,
    core.EventsLimitExceeded,
    core.FilterPolicyLimitExceeded,
    core.IllegalStatus,
    core.InvalidParameter,
    core.InvocationRefused,
    core.ManagedRule,
    core.ParameterValueInvalid,
    core.ResourceAlreadyExists,
    core.ScheduleExists,
    core.ServiceQuotaExceeded,
    core.SnapshotNotReady,
    core.SubscriptionDoesNotExist,
    core.TopicDoesNotExist,
    refusals.Unauthenticated,
    refusals.ServiceFailed,
}

OLD = "AWS.SimpleQueueService."
SQS = "com.amazonaws.sqs#"
CORAL = "com.amazon.coral.service#"


def _all(kind: type[Refused]) -> set[type[Refused]]:
    return {kind}.union(*(_all(child) for child in kind.__subclasses__()))


def test_every_refusal_that_sqs_can_make_has_its_names() -> None:
    own = {kind for kind in _all(Refused) if kind.__module__ in (core.__name__, refusals.__name__)}

    assert own - _NOT_OF_SQS == set(ERRORS)


@pytest.mark.parametrize(
    ("kind", "json_type", "code", "status"),
    [
        (core.QueueDoesNotExist, SQS + "QueueDoesNotExist", OLD + "NonExistentQueue", 400),
        (core.QueueNameExists, SQS + "QueueNameExists", "QueueAlreadyExists", 400),
        (core.QueueDeletedRecently, SQS + "QueueDeletedRecently", OLD + "QueueDeletedRecently", 400),
        (core.BatchEntryIdsNotDistinct, SQS + "BatchEntryIdsNotDistinct", OLD + "BatchEntryIdsNotDistinct", 400),
        (core.BatchRequestTooLong, SQS + "BatchRequestTooLong", OLD + "BatchRequestTooLong", 400),
        (core.EmptyBatchRequest, SQS + "EmptyBatchRequest", OLD + "EmptyBatchRequest", 400),
        (core.InvalidBatchEntryId, SQS + "InvalidBatchEntryId", OLD + "InvalidBatchEntryId", 400),
        (
            core.TooManyEntriesInBatchRequest,
            SQS + "TooManyEntriesInBatchRequest",
            OLD + "TooManyEntriesInBatchRequest",
            400,
        ),
        (core.MessageNotInflight, SQS + "MessageNotInflight", OLD + "MessageNotInflight", 400),
        (core.UnsupportedOperation, SQS + "UnsupportedOperation", OLD + "UnsupportedOperation", 400),
        (core.PurgeQueueInProgress, SQS + "PurgeQueueInProgress", OLD + "PurgeQueueInProgress", 403),
        (core.OverLimit, SQS + "OverLimit", "OverLimit", 403),
        (core.ResourceNotFound, SQS + "ResourceNotFoundException", "ResourceNotFoundException", 404),
        (core.ReceiptHandleIsInvalid, SQS + "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404),
        (core.EmptyValue, CORAL + "EmptyValueException", "EmptyValue", 400),
        (core.InvalidIdFormat, SQS + "InvalidIdFormat", "InvalidIdFormat", 400),
        (core.InvalidAttributeName, SQS + "InvalidAttributeName", "InvalidAttributeName", 400),
        (core.InvalidAttributeValue, SQS + "InvalidAttributeValue", "InvalidAttributeValue", 400),
        (core.InvalidMessageContents, SQS + "InvalidMessageContents", "InvalidMessageContents", 400),
        (core.InvalidParameterValue, CORAL + "InvalidParameterValueException", "InvalidParameterValue", 400),
        (core.MissingParameter, CORAL + "MissingRequiredParameterException", "MissingParameter", 400),
        (core.AccessDenied, CORAL + "AccessDeniedException", "AccessDenied", 403),
    ],
)
def test_a_refusal_has_the_names_of_the_recordings(kind: type[Refused], json_type: str, code: str, status: int) -> None:
    in_query_mode = refuse_json(kind("why"), in_query_mode=True)
    without = refuse_json(kind("why"), in_query_mode=False)
    query = refuse_query(kind("why"), "r-1")

    assert json.loads(in_query_mode.body) == {"__type": json_type, "message": "why"}
    assert dict(in_query_mode.headers) == {"x-amzn-query-error": f"{code};Sender"}
    assert (in_query_mode.status, without.status, query.status) == (status, 400, status)
    assert f"<Type>Sender</Type><Code>{code}</Code>".encode() in query.body


def test_a_missing_queue_is_worded_differently_in_the_two_protocols() -> None:
    as_json = refuse_json(core.QueueDoesNotExist(), in_query_mode=True)
    as_query = refuse_query(core.QueueDoesNotExist(), "r-1")

    assert json.loads(as_json.body)["message"] == "The specified queue does not exist."
    assert b"<Message>The specified queue does not exist for this wsdl version.</Message>" in as_query.body


def test_a_query_error_is_well_formed_whatever_the_caller_wrote() -> None:
    answer = refuse_query(core.ReceiptHandleIsInvalid('"<&\x00\x0b'), "r-1")

    assert b'<Message>"&lt;&amp;??</Message>' in answer.body


def test_a_body_that_is_too_large_is_413_in_either_mode() -> None:
    assert refuse_json(refusals.BodyTooLarge("big"), in_query_mode=False).status == 413


def test_a_refusal_without_a_row_takes_the_one_of_its_parent() -> None:
    class Special(core.OverLimit):
        """More of the same."""

    assert error_of(Special("x")).code == "OverLimit"
