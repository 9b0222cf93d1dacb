"""Queue attributes as texts and values."""

import json

import pytest

from app.core.errors import InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue, Refused
from app.core.names import Arn
from app.core.sqs.queue_attributes import QueueAttributes, first_difference, with_attributes
from app.core.sqs.redrive import RedriveAllowPolicy, RedrivePolicy
from tests.core.stage import SCOPE

ORDERS, DLQ = SCOPE.queue_arn("orders"), SCOPE.queue_arn("dlq")
BOTH_ENCRYPTIONS = (
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
)


def given(current: QueueAttributes | None = None, /, **texts: str) -> QueueAttributes:
    return with_attributes(
        current or QueueAttributes(),
        texts,
        queue=ORDERS,
        allow_policy_of=lambda arn: RedriveAllowPolicy() if arn == DLQ else None,
    )


def redrive(target: Arn = DLQ, count: object = 3, **more: object) -> str:
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count, **more})


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1_024, 1_048_576),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
        ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
    ],
)
def test_a_number_has_its_range(name: str, least: int, most: int) -> None:
    for number in (least, most):
        assert given(**{name: str(number)}).as_texts()[name] == str(number)
    for bad in (str(least - 1), str(most + 1), "", "many", "1.5"):
        with pytest.raises(InvalidAttributeValue, match=f"Invalid value for the parameter {name}."):
            given(**{name: bad})


def test_a_redrive_policy_is_read_and_shown_as_it_was_given() -> None:
    for text in (redrive(), redrive(count="3")):
        attributes = given(RedrivePolicy=text)

        assert attributes.redrive == RedrivePolicy(DLQ, 3)
        assert attributes.as_texts()["RedrivePolicy"] == text


@pytest.mark.parametrize("name", ["RedrivePolicy", "Policy", "RedriveAllowPolicy", "KmsMasterKeyId"])
def test_an_empty_text_clears_what_is_optional(name: str) -> None:
    texts = {
        "RedrivePolicy": redrive(),
        "Policy": '{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}',
        "RedriveAllowPolicy": '{"redrivePermission":"allowAll"}',
        "KmsMasterKeyId": "alias/aws/sqs",
    }
    before = given(**{name: texts[name]})

    after = given(before, **{name: ""})

    assert name in before.as_texts()
    assert name not in after.as_texts()
    assert after.redrive is None


@pytest.mark.parametrize("count", [0, 1_001, -1, "many", 1.5, None, True])
def test_the_receive_count_is_one_to_a_thousand(count: object) -> None:
    text = redrive(count=count)

    with pytest.raises(InvalidParameterValue) as refusal:
        given(RedrivePolicy=text)

    assert refusal.value.message == (
        f"Value {text} for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: {count}, "
        "valid values are from 1 to 1000 both inclusive."
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        (
            json.dumps({"deadLetterTargetArn": DLQ}),
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ),
        (redrive(extra=1), "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn]."),
        (redrive("dlq"), "Invalid value for deadLetterTargetArn."),
        (redrive("arn:aws:sqs:eu-west-1:000000000000:dlq"), "Dead-letter target owner should be same as the source."),
        (
            redrive("arn:aws:sns:us-east-1:000000000000:dlq"),
            "Only SQS queues are valid resources for deadLetterTargetArn.",
        ),
        (redrive(DLQ + ".fifo"), "Dead-letter queue must be same type of queue as the source.."),
        (redrive(SCOPE.queue_arn("nothing")), "Dead letter target does not exist."),
    ],
)
def test_a_redrive_policy_that_will_not_do_says_why(text: str, reason: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        given(RedrivePolicy=text)

    assert refusal.value.message == f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"


@pytest.mark.parametrize("text", ["{", "[]", "7", '"x"'])
def test_a_redrive_policy_is_a_map(text: str) -> None:
    with pytest.raises(InvalidAttributeValue) as refusal:
        given(RedrivePolicy=text)

    assert refusal.value.message == (
        "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"redrivePermission":"allowAll"}',
        '{"redrivePermission":"denyAll"}',
        '{"redrivePermission":"byQueue","sourceQueueArns":["a"]}',
    ],
)
def test_a_redrive_allow_policy_is_shown_as_it_was_given(text: str) -> None:
    assert given(RedriveAllowPolicy=text).as_texts()["RedriveAllowPolicy"] == text


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"redrivePermission":"maybe"}',
        '{"redrivePermission":["byQueue"]}',
        '{"redrivePermission":"allowAll","extra":1}',
        '{"redrivePermission":"byQueue","sourceQueueArns":"a"}',
        '{"redrivePermission":"byQueue","sourceQueueArns":[1]}',
    ],
)
def test_a_redrive_allow_policy_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidAttributeValue, match="in an unsupported format"):
        given(RedriveAllowPolicy=text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"redrivePermission":"byQueue"}', "you must also specify one or more sourceQueueArns values."),
        ('{"redrivePermission":"byQueue","sourceQueueArns":[]}', "specify one or more sourceQueueArns values."),
        ('{"redrivePermission":"allowAll","sourceQueueArns":["a"]}', "you must set redrivePermission to byQueue."),
        (
            '{"redrivePermission":"byQueue","sourceQueueArns":["a","a","a","a","a","a","a","a","a","a","a"]}',
            "The maximum number of source queue ARNs you can specify is 10.",
        ),
    ],
)
def test_source_queues_go_with_their_permission_ten_at_most(text: str, reason: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        given(RedriveAllowPolicy=text)

    assert refusal.value.message.startswith(f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: ")
    assert refusal.value.message.endswith(reason)


def test_a_key_is_used_for_five_minutes_unless_said_otherwise() -> None:
    assert given(KmsMasterKeyId="alias/aws/sqs").as_texts()["KmsDataKeyReusePeriodSeconds"] == "300"
    assert "KmsDataKeyReusePeriodSeconds" not in given().as_texts()


def test_the_managed_encryption_takes_the_place_of_a_key() -> None:
    texts = given(given(KmsMasterKeyId="alias/aws/sqs"), SqsManagedSseEnabled="true").as_texts()

    assert texts["SqsManagedSseEnabled"] == "true"
    assert "KmsMasterKeyId" not in texts


@pytest.mark.parametrize(
    ("texts", "kind", "message"),
    [
        ({"FifoQueue": "true"}, InvalidAttributeName, "Unknown Attribute FifoQueue."),
        ({"ContentBasedDeduplication": "true"}, InvalidAttributeName, "Unknown Attribute ContentBasedDeduplication."),
        (
            {"DeduplicationScope": "queue"},
            InvalidAttributeName,
            "You can specify the DeduplicationScope only when FifoQueue is set to true.",
        ),
        ({"QueueArn": "x"}, InvalidAttributeName, "Unknown Attribute QueueArn."),
        (
            {"SqsManagedSseEnabled": "yes"},
            InvalidAttributeValue,
            "Invalid value for the parameter SqsManagedSseEnabled.",
        ),
        ({"Policy": "{"}, InvalidAttributeValue, "Invalid value for the parameter Policy."),
        (
            {"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"},
            InvalidAttributeName,
            BOTH_ENCRYPTIONS,
        ),
    ],
)
def test_what_is_no_attribute_of_a_standard_queue_is_refused(
    texts: dict[str, str], kind: type[Refused], message: str
) -> None:
    with pytest.raises(kind) as refusal:
        given(**texts)

    assert refusal.value.message == message


def test_a_kms_key_turns_the_other_encryption_off_and_leaving_it_does_not_turn_it_back() -> None:
    with_key = given(KmsMasterKeyId="alias/aws/sqs")

    without = given(with_key, KmsMasterKeyId="")

    assert with_key.as_texts()["SqsManagedSseEnabled"] == "false"
    assert without.as_texts()["SqsManagedSseEnabled"] == "false"


def test_the_first_difference_is_the_first_of_those_given() -> None:
    current = given(DelaySeconds="5", RedrivePolicy=redrive(count=3))
    texts = {"VisibilityTimeout": "30", "RedrivePolicy": redrive(count="3"), "DelaySeconds": "6"}

    assert first_difference(current, given(current, **texts), texts) == "DelaySeconds"
    assert first_difference(current, current, {}) is None
    other = {"RedrivePolicy": redrive(count=4)}
    assert first_difference(current, given(current, **other), other) == "RedrivePolicy"
