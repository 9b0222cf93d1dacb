"""Schedules of EventBridge Scheduler: when they fire, what their targets get, and how they end."""

import itertools
import json

import pytest

from app.core.commands import (
    CreateSchedule,
    CreateScheduleGroup,
    DeleteQueue,
    DeleteSchedule,
    DeleteScheduleGroup,
    FireSchedule,
    Origin,
    PutRule,
    PutTargets,
    TagScheduleGroup,
    UntagScheduleGroup,
)
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, NoAnswer
from app.core.errors import ResourceNotFound, ScheduleExists, ServiceQuotaExceeded, ValidationFailed
from app.core.facts import LoopWarned, ScheduleDelivered, ScheduleFired
from app.core.limits import Limits
from app.core.time import DAY_MS, format_instant
from tests.core.schedule.stage import body, create, given, story, the, update
from tests.core.stage import NOON, SCOPE, Stage, clock_time


@pytest.fixture
def stage() -> Stage:
    return Stage()


def fired_at(stage: Stage) -> list[str]:
    return [clock_time(at) for at, fact in stage.facts if isinstance(fact, ScheduleFired)]


# When they fire -----------------------------------------------------------------------------------------


def test_a_rate_without_a_start_begins_at_once(stage: Stage) -> None:
    create(stage, "often", "rate(5 minutes)", stage.queue("orders"))

    stage.advance("11m")

    assert fired_at(stage) == ["12:00:00", "12:05:00", "12:10:00"]


def test_a_rate_with_a_start_counts_from_there(stage: Stage) -> None:
    create(stage, "often", "rate(1 hour)", stage.queue("orders"), StartDate="2026-11-21T12:30:00Z")

    stage.advance("2h")

    assert fired_at(stage) == ["12:30:00", "13:30:00"]


def test_nothing_fires_behind_the_end(stage: Stage) -> None:
    create(stage, "often", "rate(1 hour)", stage.queue("orders"), EndDate="2026-11-21T13:59:59Z")

    stage.advance("1d")

    assert fired_at(stage) == ["12:00:00", "13:00:00"]
    assert the(stage, "often").next_at is None


def test_a_cron_schedule_fires_in_its_own_zone(stage: Stage) -> None:
    create(stage, "nightly", "cron(0 2 * * ? *)", stage.queue("orders"), ScheduleExpressionTimezone="America/New_York")

    stage.advance("1d")

    assert fired_at(stage) == ["07:00:00"]


def test_a_one_time_schedule_fires_once_and_stays(stage: Stage) -> None:
    create(stage, "once", "at(2026-11-21T12:30:00)", stage.queue("orders"))

    stage.advance("1d")

    assert fired_at(stage) == ["12:30:00"]
    assert the(stage, "once").is_completed


def test_one_whose_time_has_passed_never_fires(stage: Stage) -> None:
    create(stage, "late", "at(2026-11-21T11:59:00)", stage.queue("orders"), ActionAfterCompletion="DELETE")

    stage.advance("1d")

    assert fired_at(stage) == []
    assert the(stage, "late").next_at is None


def test_what_asks_for_it_is_deleted_once_it_is_completed(stage: Stage) -> None:
    create(stage, "once", "at(2026-11-21T12:30:00)", stage.queue("orders"), ActionAfterCompletion="DELETE")

    stage.advance("1h")

    assert story(stage)[-1] == "12:30:00 schedule once is completed and deleted"
    with pytest.raises(ResourceNotFound, match=r"Schedule once does not exist\."):
        the(stage, "once")


def test_it_is_deleted_only_when_its_target_was_told(stage: Stage) -> None:
    nobody = SCOPE.function_arn("worker")
    worker = stage.function("worker", reserved_concurrency=0)
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
    create(
        stage, "once", "at(2026-11-21T12:30:00)", stream, ActionAfterCompletion="DELETE",
        KinesisParameters={"PartitionKey": "k"},
    )  # fmt: skip

    stage.advance("31m")
    assert the(stage, "once").open == 1
    stage.settle_outside(NoAnswer("nobody"))
    stage.advance("2s")
    stage.settle_outside(AwsAnswered({}))

    assert worker == nobody
    with pytest.raises(ResourceNotFound):
        the(stage, "once")


def test_a_disabled_schedule_does_not_fire_and_goes_on_where_it_would_be(stage: Stage) -> None:
    orders = stage.queue("orders")
    create(stage, "often", "rate(1 hour)", orders)
    update(stage, "often", "rate(1 hour)", orders, State="DISABLED")
    stage.advance("2h30m")
    update(stage, "often", "rate(1 hour)", orders)
    stage.advance("1h")

    assert fired_at(stage) == ["12:00:00", "15:00:00"]


def test_another_expression_counts_anew(stage: Stage) -> None:
    orders = stage.queue("orders")
    create(stage, "often", "rate(1 hour)", orders)
    stage.advance("10m")
    update(stage, "often", "rate(30 minutes)", orders)
    stage.advance("30m")

    assert fired_at(stage) == ["12:00:00", "12:10:00", "12:40:00"]


def test_a_flexible_window_spreads_the_firing_and_keeps_the_time(stage: Stage) -> None:
    orders = stage.queue("orders")
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    create(
        stage, "hourly", "cron(0 * * * ? *)", orders, FlexibleTimeWindow=window,
        Input='{"at": "<aws.scheduler.scheduled-time>"}',
    )  # fmt: skip

    stage.advance("12h")

    instants = [at for at, fact in stage.facts if isinstance(fact, ScheduleFired)]
    late = [at - fact.scheduled_at for at, fact in stage.facts if isinstance(fact, ScheduleFired)]
    assert len(instants) >= 11
    assert all(0 <= each < 15 * 60_000 for each in late)
    assert len(set(late)) > 5
    assert json.loads(stage.bodies(orders)[0]) == {"at": "2026-11-21T13:00:00Z"}


def test_one_deleted_within_its_window_asks_nobody(stage: Stage) -> None:
    orders = stage.queue("orders")
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
    create(stage, "wide", "at(2026-11-21T12:01:00)", orders, FlexibleTimeWindow=window)
    stage.advance("1m")
    stage.submit(DeleteSchedule(SCOPE, "wide"))

    stage.advance("2d")

    assert stage.bodies(orders) == []


def test_a_month_of_schedules_fires_in_order_and_each_at_its_own_time(stage: Stage) -> None:
    orders = stage.queue("orders", MessageRetentionPeriod="1209600")
    for hour in range(24):
        create(stage, f"daily-{hour}", f"cron({hour} {hour} * * ? *)", orders)

    stage.advance("30d")

    fired = [(at, fact) for at, fact in stage.facts if isinstance(fact, ScheduleFired)]
    assert len(fired) == 24 * 30
    assert [at for at, _ in fired] == sorted(at for at, _ in fired)
    assert all(at == fact.scheduled_at for at, fact in fired)
    assert stage.now == NOON + 30 * DAY_MS


def test_after_a_leap_everything_that_was_missed_fires_each_with_its_own_time(stage: Stage) -> None:
    orders = stage.queue("orders")
    create(stage, "hourly", "cron(0 * * * ? *)", orders, Input="<aws.scheduler.scheduled-time>")

    stage.world.wake(stage.now + 8 * 3_600_000)

    assert stage.bodies(orders) == [f"2026-11-21T{hour}:00:00Z" for hour in range(13, 21)]


# What targets get ---------------------------------------------------------------------------------------


def test_a_queue_gets_the_input_with_its_context_attributes(stage: Stage) -> None:
    orders = stage.queue("orders")
    text = (
        '{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>", '
        '"id": "<aws.scheduler.execution-id>", "n": "<aws.scheduler.attempt-number>"}'
    )
    arn = create(stage, "once", "at(2026-11-21T12:30:00)", orders, Input=text)

    stage.advance("1h")

    got = body(stage, orders)
    assert got["arn"] == arn == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/once"
    assert got["at"] == "2026-11-21T12:30:00Z"
    assert got["n"] == "1"
    assert got["id"] == stage.of(ScheduleFired)[0].execution
    assert len(got["id"]) == 16


def test_a_function_is_invoked_asynchronously(stage: Stage) -> None:
    worker = stage.function("worker")
    create(stage, "often", "rate(1 minute)", worker, Input='{"job": 7}')

    assert stage.story()[-1] == "worker called by schedule often"
    assert json.loads(stage.calls[0].payload) == {"job": 7}


def test_a_target_without_an_input_gets_a_notification(stage: Stage) -> None:
    worker = stage.function("worker")
    arn = create(stage, "often", "rate(1 minute)", worker)

    told = json.loads(stage.calls[0].payload)

    assert list(told) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip
    assert told["source"] == "aws.scheduler"
    assert told["resources"] == [arn]
    assert told["time"] == "2026-11-21T12:00:00Z"


def test_a_fifo_queue_gets_the_group(stage: Stage) -> None:
    line = stage.queue("line.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    create(stage, "often", "rate(1 minute)", line, Input="hello", SqsParameters={"MessageGroupId": "g"})

    (delivery,) = stage.receive(line)

    assert delivery.content.group_id == "g"


def test_a_topic_gets_a_message(stage: Stage) -> None:
    news, orders = stage.topic("news"), stage.queue("orders")
    stage.subscribe(news, orders, RawMessageDelivery="true")
    create(stage, "often", "rate(1 day)", news, Input="good morning")

    assert stage.bodies(orders) == ["good morning"]


def test_a_bus_gets_an_event(stage: Stage) -> None:
    orders = stage.queue("orders")
    stage.submit(PutRule(SCOPE, {"Name": "all", "EventPattern": '{"source": ["clock"]}'}))
    stage.submit(PutTargets(SCOPE, "all", ({"Id": "1", "Arn": orders},), None))
    create(
        stage, "often", "rate(1 day)", SCOPE.bus_arn("default"), Input='{"n": 1}',
        EventBridgeParameters={"DetailType": "morning", "Source": "clock"},
    )  # fmt: skip

    event = body(stage, orders)
    assert (event["source"], event["detail-type"], event["detail"]) == ("clock", "morning", {"n": 1})


def test_a_stream_is_called_by_its_api(stage: Stage) -> None:
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
    create(stage, "often", "rate(1 day)", stream, Input="x", KinesisParameters={"PartitionKey": "k"})

    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert (call.service, call.operation) == ("kinesis", "PutRecord")
    assert call.parameters == {"Data": "x", "PartitionKey": "k", "StreamARN": stream}
    assert len(stage.of(ScheduleDelivered)) == 1


def test_a_universal_target_calls_any_operation(stage: Stage) -> None:
    text = '{"QueueUrl": "http://localhost:4566/000000000000/orders", "MessageBody": "<aws.scheduler.scheduled-time>"}'
    create(stage, "often", "rate(1 day)", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Input=text)

    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert (call.service, call.operation) == ("sqs", "SendMessage")
    assert call.parameters["MessageBody"] == "2026-11-21T12:00:00Z"
    assert call.trace_header == f"Root={stage.of(ScheduleFired)[0].chain}"


@pytest.mark.parametrize(
    ("action", "service", "operation"),
    [
        ("sfn:startExecution", "stepfunctions", "StartExecution"),
        ("eventbridge:putEvents", "events", "PutEvents"),
        ("dynamodb:putItem", "dynamodb", "PutItem"),
        ("cloudwatchlogs:putLogEvents", "logs", "PutLogEvents"),
    ],
)
def test_services_of_universal_targets_have_the_names_of_the_java_sdk(
    stage: Stage, action: str, service: str, operation: str
) -> None:
    create(stage, "often", "rate(1 day)", f"arn:aws:scheduler:::aws-sdk:{action}", Input="{}")

    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert (call.service, call.operation) == (service, operation)


@pytest.mark.parametrize(
    ("target", "more", "service", "operation", "parameters"),
    [
        (
            "states:us-east-1:000000000000:stateMachine:m", {}, "stepfunctions", "StartExecution",
            {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "input": "{}"},
        ),
        (
            "firehose:us-east-1:000000000000:deliverystream/d", {}, "firehose", "PutRecord",
            {"DeliveryStreamName": "d", "Record": {"Data": "{}"}},
        ),
        (
            "ecs:us-east-1:000000000000:cluster/c",
            {"EcsParameters": {"TaskDefinitionArn": "t", "TaskCount": 2, "Tags": [{"Key": "a"}]}},
            "ecs", "RunTask",
            {"cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "taskDefinition": "t", "count": 2,
             "tags": [{"key": "a"}]},
        ),
        (
            "codebuild:us-east-1:000000000000:project/p", {}, "codebuild", "StartBuild", {"projectName": "p"},
        ),
        (
            "codepipeline:us-east-1:000000000000:p", {}, "codepipeline", "StartPipelineExecution", {"name": "p"},
        ),
        (
            "sagemaker:us-east-1:000000000000:pipeline/p", {}, "sagemaker", "StartPipelineExecution",
            {"PipelineName": "arn:aws:sagemaker:us-east-1:000000000000:pipeline/p", "PipelineParameters": []},
        ),
        (
            "inspector:us-east-1:000000000000:target/t/template/x", {}, "inspector", "StartAssessmentRun",
            {"assessmentTemplateArn": "arn:aws:inspector:us-east-1:000000000000:target/t/template/x"},
        ),
    ],
)  # fmt: skip
def test_every_templated_target_has_its_operation(
    stage: Stage, target: str, more: dict[str, object], service: str, operation: str, parameters: dict[str, object]
) -> None:
    create(stage, "often", "rate(1 day)", f"arn:aws:{target}", Input="{}", **more)

    call = stage.settle_outside(AwsAnswered({}))

    assert isinstance(call, AwsCall)
    assert (call.service, call.operation, call.parameters) == (service, operation, parameters)


# When it fails ------------------------------------------------------------------------------------------


def _to_stream(stage: Stage, **more: object) -> None:
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
    create(stage, "often", "at(2026-11-21T12:00:01)", stream, Input="<aws.scheduler.attempt-number>",
           KinesisParameters={"PartitionKey": "k"}, **more)  # fmt: skip
    stage.advance("1s")


def test_a_target_that_does_not_answer_is_tried_again_with_growing_pauses(stage: Stage) -> None:
    _to_stream(stage)

    tried = [stage.now]
    for _ in range(4):
        call = stage.settle_outside(NoAnswer("nobody"))
        assert isinstance(call, AwsCall)
        assert call.parameters["Data"] == str(len(tried))
        at = the(stage, "often").plan.target.retry.attempts_most and stage.world.next_wakeup()
        assert at
        stage.advance(f"{at - stage.now}ms")
        tried.append(stage.now)

    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert all(low <= pause <= high for pause, low, high in zip(
        pauses, (900, 1_800, 3_600, 7_200), (1_100, 2_200, 4_400, 8_800), strict=True))  # fmt: skip


def test_retries_end_as_the_policy_says_and_the_call_goes_to_the_dead_letter_queue(stage: Stage) -> None:
    letters = stage.queue("letters")
    _to_stream(stage, RetryPolicy={"MaximumRetryAttempts": 2}, DeadLetterConfig={"Arn": letters})

    for _ in range(3):
        stage.settle_outside(AwsRefused("ProvisionedThroughputExceededException", "too much"))
        stage.advance("5s")

    (delivery,) = stage.receive(letters)
    attributes = {name: attribute.value for name, attribute in delivery.content.attributes.items()}
    fired = stage.of(ScheduleFired)[0]
    assert attributes == {
        "ERROR_CODE": "ProvisionedThroughputExceededException",
        "ERROR_MESSAGE": "too much",
        "EXECUTION_ID": fired.execution,
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "2",
        "SCHEDULED_TIME": "2026-11-21T12:00:01Z",
        "SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/often",
        "TARGET_ARN": "arn:aws:kinesis:us-east-1:000000000000:stream/clicks",
    }
    assert json.loads(delivery.content.body) == {
        "Data": "3", "PartitionKey": "k", "StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/clicks",
    }  # fmt: skip
    assert delivery.content.chain == fired.chain


def test_an_execution_that_is_too_old_is_given_up(stage: Stage) -> None:
    letters = stage.queue("letters")
    _to_stream(stage, RetryPolicy={"MaximumEventAgeInSeconds": 60}, DeadLetterConfig={"Arn": letters})

    for _ in range(20):
        if stage.outside:
            stage.settle_outside(NoAnswer("nobody"))
        stage.advance("10s")

    (delivery,) = stage.receive(letters)
    assert delivery.content.attributes["EXHAUSTED_RETRY_CONDITION"].value == "MaximumEventAgeInSeconds"
    assert "12:01:01 schedule often: what stream/clicks did not take" in story(stage)[-2]


def test_a_call_that_is_too_long_for_a_message_is_cut_and_said_to_be(stage: Stage) -> None:
    letters = stage.queue("letters")
    create(
        stage, "often", "rate(1 day)", SCOPE.queue_arn("nothing"), Input="é" * 600_000,
        DeadLetterConfig={"Arn": letters},
    )  # fmt: skip

    (delivery,) = stage.receive(letters)

    assert delivery.content.attributes["IS_PAYLOAD_TRUNCATED"].value == "true"
    assert 1_000_000 < len(delivery.content.body.encode()) < 1_048_576


def test_a_target_that_is_not_there_is_not_tried_again(stage: Stage) -> None:
    letters, orders = stage.queue("letters"), stage.queue("orders")
    stage.submit(DeleteQueue(orders))
    create(stage, "often", "rate(1 day)", orders, Input="hello", DeadLetterConfig={"Arn": letters})

    (delivery,) = stage.receive(letters)

    assert delivery.content.attributes["ERROR_CODE"].value == "AWS.SimpleQueueService.NonExistentQueue"
    assert delivery.content.attributes["RETRY_ATTEMPTS"].value == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in delivery.content.attributes
    assert json.loads(delivery.content.body) == {
        "MessageBody": "hello", "QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/orders",
    }  # fmt: skip


def test_without_a_dead_letter_queue_it_is_dropped_and_told(stage: Stage) -> None:
    create(stage, "often", "rate(1 day)", SCOPE.function_arn("nobody"))

    assert "gave nobody up after 1 attempt: ResourceNotFoundException" in story(stage)[-1]


def test_an_input_that_is_no_json_once_filled_in_is_no_input_of_a_function(stage: Stage) -> None:
    worker = stage.function("worker")
    create(stage, "often", "rate(1 day)", worker, Input='"<aws.scheduler.scheduled-time>"')
    assert json.loads(stage.calls[0].payload) == "2026-11-21T12:00:00Z"

    bad = '{"QueueUrl": "u", "MessageBody": 1}'
    create(stage, "broken", "rate(1 day)", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", Input=bad)
    assert stage.outside, "what the operation thinks of its parameters is its own business"


# Chains ------------------------------------------------------------------------------------------------


def test_a_function_that_schedules_itself_once_more_is_a_loop_that_aws_does_not_see(stage: Stage) -> None:
    worker = stage.function("worker")
    stage.invoke("worker")
    for round_ in range(20):
        header = stage.calls[0].trace_header
        request = given(f"again-{round_}", f"at({format_instant(stage.now + 60_000)[:19]})", worker)
        stage.submit(CreateSchedule(SCOPE, request, Origin(header)))
        stage.settle()
        stage.advance("1m")

    assert [(warned.kind, warned.times) for warned in stage.of(LoopWarned)] == [("early", 2), ("unseen", 17)]
    assert stage.of(LoopWarned)[0].round == ("worker", "schedule again-0", "worker")
    assert len({fact.chain for fact in stage.of(ScheduleFired)}) == 1


def test_a_recurring_schedule_begins_a_chain_each_time_whoever_made_it(stage: Stage) -> None:
    stage.function("worker")
    stage.invoke("worker")
    request = given("often", "rate(1 hour)", stage.queue("orders"))
    stage.submit(CreateSchedule(SCOPE, request, Origin(stage.calls[0].trace_header)))
    stage.advance("2h")

    assert len({fact.chain for fact in stage.of(ScheduleFired)}) == 3


# What is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Invalid Schedule Expression Timezone Mars/Olympus."),
        (
            {"StartDate": "2026-11-21T11:54:59Z"},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        ({"EndDate": "2026-11-21T12:00:00Z"}, "The EndDate you specify must be in the future."),
        (
            {"StartDate": "2026-11-22T12:00:00Z", "EndDate": "2026-11-22T12:00:00Z"},
            "The EndDate you specify must be later than the StartDate.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes must be set when the flexible time window mode is FLEXIBLE.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
            "MaximumWindowInMinutes must not be set when the flexible time window mode is OFF.",
        ),
        (
            {"KinesisParameters": {"PartitionKey": "k"}},
            "Parameter(s) KinesisParameters not valid for target: arn:aws:sqs:us-east-1:000000000000:orders.",
        ),
        (
            {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:letters.fifo"}},
            "Parameter DeadLetterConfig.Arn is not valid. Reason: Must be a standard SQS queue.",
        ),
        ({"GroupName": "nowhere"}, "Schedule group nowhere does not exist."),
    ],
)  # fmt: skip
def test_what_a_schedule_may_not_be(stage: Stage, more: dict[str, object], message: str) -> None:
    orders = stage.queue("orders")

    with pytest.raises((ValidationFailed, ResourceNotFound)) as refused:
        create(stage, "often", "rate(1 minute)", orders, **more)

    assert refused.value.message == message
    assert stage.world.scheduler.schedules.all() == []


@pytest.mark.parametrize(
    ("target", "more", "message"),
    [
        ("nonsense", {}, "Provided Arn is not in correct format."),
        ("arn:aws:iot:us-east-1:000000000000:thing/x", {}, "iot is not a supported service for a target."),
        ("arn:aws:scheduler:::aws-sdk:sqs", {}, "Provided Arn is not in correct format."),
        (
            "arn:aws:scheduler:::aws-sdk:sqs:receiveMessage", {"Input": "{}"},
            ("arn:aws:scheduler:::aws-sdk:sqs:receiveMessage is not a supported target: operations that only read "
            "cannot be scheduled."),
        ),
        (
            "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", {"Input": "hello"},
            "Invalid RequestJson provided. Reason Request payload is not a JSON object.",
        ),
        (
            SCOPE.function_arn("worker"), {"Input": "hello"},
            "Input for target arn:aws:lambda:us-east-1:000000000000:function:worker is not a valid JSON text.",
        ),
        (
            SCOPE.queue_arn("line.fifo"), {},
            ("Parameter(s) MessageGroupId must be specified for target: "
            "arn:aws:sqs:us-east-1:000000000000:line.fifo."),
        ),
        (
            SCOPE.bus_arn("default"), {},
            ("Parameter(s) EventBridgeParameters must be specified for target: "
            "arn:aws:events:us-east-1:000000000000:event-bus/default."),
        ),
    ],
)  # fmt: skip
def test_what_a_target_may_not_be(stage: Stage, target: str, more: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create(stage, "often", "rate(1 minute)", target, **more)

    assert refused.value.message == message


def test_a_name_is_taken_once_in_a_group(stage: Stage) -> None:
    orders = stage.queue("orders")
    create(stage, "often", "rate(1 minute)", orders)
    stage.submit(CreateScheduleGroup(SCOPE, "reports", {}))

    create(stage, "often", "rate(1 minute)", orders, GroupName="reports")
    with pytest.raises(ScheduleExists, match=r"Schedule often already exists\."):
        create(stage, "often", "rate(1 minute)", orders)


def test_the_same_request_with_its_token_is_answered_as_before(stage: Stage) -> None:
    orders = stage.queue("orders")
    request = given("often", "rate(1 day)", orders, ClientToken="t-1")

    first = stage.submit(CreateSchedule(SCOPE, request))
    again = stage.submit(CreateSchedule(SCOPE, request))

    assert first == again
    assert fired_at(stage) == ["12:00:00"]
    with pytest.raises(ScheduleExists):
        stage.submit(CreateSchedule(SCOPE, {**request, "ClientToken": "t-2"}))
    stage.submit(DeleteSchedule(SCOPE, "often", None, "t-3"))
    stage.submit(DeleteSchedule(SCOPE, "often", None, "t-3"))
    with pytest.raises(ResourceNotFound):
        stage.submit(DeleteSchedule(SCOPE, "often", None, "t-4"))


def test_an_update_that_is_refused_changes_nothing(stage: Stage) -> None:
    orders = stage.queue("orders")
    create(stage, "often", "rate(1 hour)", orders)
    before = the(stage, "often").view()

    with pytest.raises(ValidationFailed, match=r"Invalid Schedule Expression rate\(1 second\)\."):
        update(stage, "often", "rate(1 second)", orders)
    with pytest.raises(ResourceNotFound):
        update(stage, "other", "rate(1 hour)", orders)

    assert the(stage, "often").view() == before


# Groups -------------------------------------------------------------------------------------------------


def test_a_group_takes_its_schedules_with_it(stage: Stage) -> None:
    orders = stage.queue("orders")
    arn = stage.submit(CreateScheduleGroup(SCOPE, "reports", {"a": "b"}))
    create(stage, "often", "rate(1 hour)", orders, GroupName="reports")

    stage.submit(DeleteScheduleGroup(SCOPE, "reports"))
    stage.advance("3h")

    assert arn == "arn:aws:scheduler:us-east-1:000000000000:schedule-group/reports"
    assert fired_at(stage) == ["12:00:00"]
    with pytest.raises(ResourceNotFound, match=r"Schedule group reports does not exist\."):
        stage.submit(DeleteScheduleGroup(SCOPE, "reports"))


def test_groups_have_names_of_their_own_a_quota_and_tags() -> None:
    stage = Stage(limits=Limits(schedule_groups=2))
    arn = stage.submit(CreateScheduleGroup(SCOPE, "reports", {"a": "b"}))

    with pytest.raises(ScheduleExists, match=r"Schedule group reports already exists\."):
        stage.submit(CreateScheduleGroup(SCOPE, "reports", {}))
    with pytest.raises(ScheduleExists):
        stage.submit(CreateScheduleGroup(SCOPE, "default", {}))
    with pytest.raises(ServiceQuotaExceeded):
        stage.submit(CreateScheduleGroup(SCOPE, "third", {}))
    with pytest.raises(ValidationFailed):
        stage.submit(DeleteScheduleGroup(SCOPE, "default"))
    stage.submit(TagScheduleGroup(arn, {"c": "d"}))
    stage.submit(UntagScheduleGroup(arn, ("a",)))
    assert stage.world.scheduler.schedules.group_of_arn(arn).tags == {"c": "d"}


def test_the_default_group_has_tags_before_it_has_schedules(stage: Stage) -> None:
    arn = SCOPE.schedule_group_arn("default")

    stage.submit(TagScheduleGroup(arn, {"a": "b"}))
    create(stage, "often", "rate(1 hour)", stage.queue("orders"))

    assert stage.world.scheduler.schedules.group_of_arn(arn).tags == {"a": "b"}
    with pytest.raises(ResourceNotFound, match=r"Schedule group nowhere does not exist\."):
        stage.submit(TagScheduleGroup(SCOPE.schedule_group_arn("nowhere"), {"a": "b"}))


# By hand ------------------------------------------------------------------------------------------------


def test_a_schedule_can_be_fired_by_hand_whatever_its_state(stage: Stage) -> None:
    orders = stage.queue("orders")
    arn = create(stage, "nightly", "cron(0 2 * * ? *)", orders, State="DISABLED", Input="now")

    fired = stage.submit(FireSchedule(arn))

    assert stage.bodies(orders) == ["now"]
    assert fired.failures == ()
    assert story(stage)[0] == "12:00:00 schedule nightly was fired by hand"
    with pytest.raises(ResourceNotFound):
        stage.submit(FireSchedule("arn:aws:scheduler:us-east-1:000000000000:schedule/default/other"))
    with pytest.raises(ResourceNotFound):
        stage.submit(FireSchedule("nonsense"))


def test_what_comes_next_is_told_with_the_reason_why_nothing_does(stage: Stage) -> None:
    orders = stage.queue("orders")
    create(stage, "nightly", "cron(0 2 * * ? *)", orders, ScheduleExpressionTimezone="Europe/Berlin")
    create(stage, "off", "rate(1 hour)", orders, State="DISABLED")
    create(stage, "soon", "rate(1 hour)", orders, StartDate="2026-11-22T00:00:00Z")
    create(stage, "past", "at(2026-01-01T00:00:00)", orders)

    told = {each.arn.rpartition("/")[2]: each for each in stage.world.scheduler.upcoming(2, stage.now)}

    assert [format_instant(at)[:16] for at in told["nightly"].times] == ["2026-11-22T01:00", "2026-11-23T01:00"]
    assert told["nightly"].why_not is None
    assert told["off"].times == ()
    assert told["off"].why_not == "it is DISABLED"
    assert told["soon"].why_not == "it starts at 2026-11-22T00:00:00.000Z"
    assert told["past"].why_not == "none of its times is still to come"
