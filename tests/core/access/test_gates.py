"""Gates: who may invoke a function, and what is told of a permission that is missing."""

import pytest

from app.core.awslambda.deployment import Code
from app.core.chain import Cause
from app.core.commands import AddFunctionPermission, CreateFunction, DeclareBucket, Invoke, PutBucketNotification
from app.core.delivery.targets import Parcel
from app.core.errors import AccessDenied, InvalidArgument, Refused
from app.core.facts import PermissionMissing
from app.core.names import Scope
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from tests.core.stage import NOON, SCOPE, Stage


class TestOfFunctions:
    """Only a function that was deployed over the API has to permit who invokes it."""

    RULE = "arn:aws:events:us-east-1:000000000000:rule/nightly"
    RESIZE = SCOPE.function_arn("resize")

    def stage(self, *, enforces: bool) -> Stage:
        stage = Stage(enforces_permissions=enforces)
        given = {"Role": "arn:aws:iam::000000000000:role/r", "Runtime": "python3.12", "Handler": "a.b"}
        stage.submit(CreateFunction(self.RESIZE, given, Code("sha", 1)))
        return stage

    def deliver(self, stage: Stage, principal: str | None = "events.amazonaws.com") -> list[Refused | None]:
        answers: list[Refused | None] = []
        parcel = Parcel(self.RESIZE, b"{}", Cause("1-a"), "rule nightly", principal, self.RULE)
        stage.world.targets.deliver(parcel, NOON, lambda refusal, _: answers.append(refusal))
        stage.queue("any")  # whatever the world is asked next
        return answers

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

    def test_another_account_needs_one_and_ones_own_does_not(self) -> None:
        stage = self.stage(enforces=True)
        stage.submit(Invoke(SCOPE, self.RESIZE, b"{}"))

        with pytest.raises(AccessDenied):
            stage.submit(Invoke(Scope(account="111122223333"), self.RESIZE, b"{}"))
        given = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "111122223333"}
        stage.submit(AddFunctionPermission(self.RESIZE, None, given))
        stage.submit(Invoke(Scope(account="111122223333"), self.RESIZE, b"{}"))

        assert len(stage.calls) == 2
