"""What became of every execution: whatever targets answer, each ends once, and no later than it is allowed to."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.core.delivery.outside_calls import AwsAnswered, AwsRefused, NoAnswer, OutsideAnswer
from app.core.facts import ScheduleDeadLettered, ScheduleDelivered, ScheduleDropped, ScheduleFired, ScheduleRetried
from app.core.time import MINUTE_MS, SECOND_MS
from tests.core.schedule.stage import create, the
from tests.core.stage import Stage

ANSWERS: tuple[OutsideAnswer, ...] = (
    AwsAnswered({}), NoAnswer("nobody"), AwsRefused("ThrottlingException", "slow down"),
    AwsRefused("ValidationException", "no"),
)  # fmt: skip
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"

expressions = st.sampled_from(["rate(1 minute)", "rate(7 minutes)", "cron(0/3 * * * ? *)", "at(2026-11-21T12:05:00)"])
answers = st.lists(st.integers(0, len(ANSWERS) - 1), max_size=60)


@given(expressions, st.integers(0, 3), st.integers(60, 600), st.integers(0, 5), answers, st.booleans())
def test_every_execution_ends_once(
    expression: str, retries: int, age_s: int, window: int, answers: list[int], has_letters: bool
) -> None:
    stage = Stage()
    letters = stage.queue("letters")
    flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": window} if window else {"Mode": "OFF"}
    create(
        stage, "timed", expression, STREAM, KinesisParameters={"PartitionKey": "k"}, FlexibleTimeWindow=flexible,
        RetryPolicy={"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": age_s},
        EndDate="2026-11-21T12:20:00Z", **({"DeadLetterConfig": {"Arn": letters}} if has_letters else {}),
    )  # fmt: skip

    for answer in answers:
        stage.advance("20s")
        if stage.outside:
            stage.settle_outside(ANSWERS[answer])
    for _ in range(500):
        stage.advance("10s")
        while stage.outside:
            stage.settle_outside(ANSWERS[1])

    begun = {fact.execution: at for at, fact in stage.facts if isinstance(fact, ScheduleFired)}
    ends = (ScheduleDelivered, ScheduleDropped, ScheduleDeadLettered)
    ended = Counter(fact.execution for _, fact in stage.facts if isinstance(fact, ends))
    assert ended == Counter(begun.keys()), "each ends, and once"
    assert the(stage, "timed").open == 0
    assert the(stage, "timed").next_at is None
    assert len(stage.of(ScheduleDeadLettered)) == stage.at(letters).visible_count
    assert not (stage.of(ScheduleDropped) if has_letters else stage.of(ScheduleDeadLettered))
    attempts = Counter(fact.execution for fact in stage.of(ScheduleRetried))
    assert all(count <= retries for count in attempts.values())
    for at, fact in stage.facts:
        if isinstance(fact, ScheduleFired):
            assert 0 <= at - fact.scheduled_at <= window * MINUTE_MS
        if isinstance(fact, ScheduleRetried):
            assert fact.at <= begun[fact.execution] + age_s * SECOND_MS
