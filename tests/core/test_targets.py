"""Targets: a parcel reaches what its ARN names, and whoever sent it is told what came of it."""

import pytest

from app.core.chain import Cause
from app.core.commands import AddFunctionPermission, CreateFunction, DeclareBucket, PutBucketNotification
from app.core.deployment import Code
from app.core.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidParameterValue,
    QueueDoesNotExist,
    Refused,
    ResourceNotFound,
)
from app.core.facts import Configured, Effect, PermissionMissing
from app.core.function import SucceedAfter
from app.core.names import Arn
from app.core.notification import NotificationConfiguration, NotificationRule
from app.core.targets import Parcel, Targets, Teller
from app.core.time import Instant
from tests.core.stage import NOON, SCOPE, Stage


class Told:
    """Keeps what a delivery was settled with."""

    def __init__(self) -> None:
        self.answers: list[Refused | None] = []

    def __call__(self, refusal: Refused | None, now: Instant) -> None:
        self.answers.append(refusal)


def deliver(targets: Targets, target: Arn, told: Told) -> None:
    targets.deliver(Parcel(target, b'{"id": 7}', Cause("1-a"), "rule nightly"), NOON, told)


def test_a_queue_gets_the_parcel_as_a_message() -> None:
    stage, told = Stage(), Told()
    orders = stage.queue("orders")

    deliver(stage.world._targets, orders, told)

    assert told.answers == [None]
    assert stage.world.queue(orders).visible_count == 1


def test_a_queue_that_is_not_there_is_told_and_not_raised() -> None:
    told = Told()

    deliver(Stage().world._targets, SCOPE.queue_arn("nowhere"), told)

    assert [type(answer) for answer in told.answers] == [QueueDoesNotExist]


def test_a_function_gets_the_parcel_as_an_asynchronous_event() -> None:
    stage, told = Stage(), Told()
    resize = stage.function("resize", SucceedAfter())

    deliver(stage.world._targets, resize, told)
    stage.queue("any")  # whatever the world is asked next
    stage.advance("1s")

    assert told.answers == [None]
    assert stage.story() == [
        "resize accepted an event from rule nightly", "resize called by rule nightly", "resize succeeded",
    ]  # fmt: skip


@pytest.mark.parametrize("arn", ["layer:nothing", "function:a b", "function:nobody"])
def test_what_is_no_function_of_lambdas_is_told_and_not_raised(arn: str) -> None:
    told = Told()

    deliver(Stage().world._targets, f"arn:aws:lambda:us-east-1:000000000000:{arn}", told)

    (refusal,) = told.answers
    assert isinstance(refusal, ResourceNotFound)


def test_a_service_that_is_not_emulated_refuses() -> None:
    told = Told()

    deliver(Targets(), "arn:aws:redshift:us-east-1:000000000000:cluster:c", told)
    deliver(Targets(), "no arn at all", told)

    assert [type(answer) for answer in told.answers] == [InvalidParameterValue] * 2


def test_a_target_that_is_there_exists() -> None:
    stage = Stage()
    stage.queue("orders")
    targets = stage.world._targets

    assert targets.exists(SCOPE.queue_arn("orders"))
    assert not targets.exists(SCOPE.queue_arn("nowhere"))
    assert not targets.exists(SCOPE.function_arn("nobody"))
    assert not targets.exists("orders")


def test_what_a_delivery_comes_to_is_told_before_what_it_led_to() -> None:
    outbox: list[Effect] = [Configured("before")]
    teller = Teller(outbox)
    outbox.append(Configured("led to"))

    teller.tell(Configured("delivered"))
    teller.goes_on_later()
    teller.tell(Configured("settled later"))

    assert [fact.text for fact in outbox if isinstance(fact, Configured)] == [
        "before", "delivered", "led to", "settled later",
    ]  # fmt: skip


class TestPermissions:
    """Only a function that was deployed over the API has to permit who invokes it."""

    RULE = "arn:aws:events:us-east-1:000000000000:rule/nightly"
    RESIZE = SCOPE.function_arn("resize")

    def stage(self, *, enforces: bool) -> Stage:
        stage = Stage(enforces_permissions=enforces)
        given = {"Role": "arn:aws:iam::000000000000:role/r", "Runtime": "python3.12", "Handler": "a.b"}
        stage.submit(CreateFunction(self.RESIZE, given, Code("sha", 1)))
        return stage

    def deliver(self, stage: Stage, principal: str | None = "events.amazonaws.com") -> list[Refused | None]:
        told = Told()
        parcel = Parcel(self.RESIZE, b"{}", Cause("1-a"), "rule nightly", principal, self.RULE)
        stage.world._targets.deliver(parcel, NOON, told)
        stage.queue("any")  # whatever the world is asked next
        return told.answers

    def test_without_a_permission_it_is_warned_of_once(self) -> None:
        stage = self.stage(enforces=False)

        assert [self.deliver(stage), self.deliver(stage)] == [[None], [None]]
        (warning,) = stage.of(PermissionMissing)
        assert warning.text == (
            f"events.amazonaws.com has no permission to invoke resize for {self.RULE}: AWS would not let it"
        )

    def test_where_permissions_are_enforced_it_is_blocked(self) -> None:
        stage = self.stage(enforces=True)

        assert [type(answer) for answer in self.deliver(stage)] == [AccessDenied]
        assert stage.calls == []

    def test_with_a_permission_it_goes_through(self) -> None:
        stage = self.stage(enforces=True)
        given = {
            "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
            "SourceArn": self.RULE,
        }  # fmt: skip
        stage.submit(AddFunctionPermission(self.RESIZE, None, given))

        assert self.deliver(stage) == [None]
        assert stage.of(PermissionMissing) == []

    def test_a_bucket_may_not_notify_a_function_that_does_not_permit_it(self) -> None:
        stage = self.stage(enforces=True)
        stage.submit(DeclareBucket(SCOPE, "photos"))
        rule = NotificationRule("r", self.RESIZE, ("s3:ObjectCreated:*",), "")
        notify = PutBucketNotification("photos", NotificationConfiguration((rule,)))

        with pytest.raises(InvalidArgument) as refusal:
            stage.submit(notify)
        given = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
        stage.submit(AddFunctionPermission(self.RESIZE, None, given))
        stage.submit(notify)

        assert refusal.value.arguments["ArgumentValue1"] == f"Not authorized to invoke function [{self.RESIZE}]"

    def test_a_role_needs_none(self) -> None:
        assert self.deliver(self.stage(enforces=True), principal=None) == [None]

    def test_a_declared_function_permits_all(self) -> None:
        stage = Stage(enforces_permissions=True)
        stage.function("resize")

        assert self.deliver(stage) == [None]
