"""Functions as they are deployed: versions, aliases, states on the clock, permissions, and what runs where."""

from typing import Any

import pytest

from app.core.awslambda.deployment import Code
from app.core.awslambda.families import Described
from app.core.awslambda.invocation import HandlerFailed, Succeeded
from app.core.commands import (
    AddFunctionPermission,
    CreateAlias,
    CreateFunction,
    DeleteAlias,
    DeleteVersion,
    Invoke,
    PublishVersion,
    PutProvisionedConcurrency,
    PutReservedConcurrency,
    RemoveFunctionPermission,
    TagFunction,
    UntagFunction,
    UpdateAlias,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
)
from app.core.errors import (
    InvalidParameterValue,
    PreconditionFailed,
    ProvisionedConcurrencyNotFound,
    ResourceConflict,
    ResourceNotFound,
    TooManyRequests,
)
from app.core.facts import EventDropped, InvocationStarted
from app.core.limits import Limits
from tests.core.stage import SCOPE, Stage

ARN = SCOPE.function_arn("resize")
GIVEN = {"Role": "arn:aws:iam::000000000000:role/r", "Runtime": "python3.12", "Handler": "app.handler"}
EVENTS = {"StatementId": "s1", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
SLOWLY = Limits(function_transition_ms=5_000, provisioned_transition_ms=60_000)


def create(stage: Stage, code: str = "one", **parameters: Any) -> Described:
    described: Described = stage.submit(CreateFunction(ARN, {**GIVEN, **parameters}, Code(code, 10)))
    return described


def update_code(stage: Stage, code: str, **parameters: Any) -> Described:
    described: Described = stage.submit(UpdateFunctionCode(ARN, parameters, Code(code, 10)))
    return described


def configure(stage: Stage, **parameters: Any) -> Described:
    described: Described = stage.submit(UpdateFunctionConfiguration(ARN, parameters))
    return described


def publish(stage: Stage, **parameters: Any) -> str:
    version: str = stage.submit(PublishVersion(ARN, parameters)).version
    return version


def sha(described: Described) -> str:
    assert described.spec.deployment is not None
    return described.spec.deployment.code.sha256


def invoke(stage: Stage, qualifier: str | None = None, *, function: str = "resize") -> str:
    """The version that a call ran on."""
    waiting = stage.submit(Invoke(SCOPE, function, b"{}", qualifier=qualifier))
    ran = stage.calls[-1].version
    stage.settle(Succeeded(b"null"), call=stage.calls[-1])
    assert stage.answers[waiting.waiter].version == ran
    return ran


class TestStates:
    def test_a_function_is_active_at_once_unless_a_limit_says_otherwise(self) -> None:
        stage = Stage()

        assert create(stage).is_pending
        assert not stage.world.families.describe(ARN).is_pending

    def test_while_it_is_created_it_can_be_neither_called_nor_changed(self) -> None:
        stage = Stage(limits=SLOWLY)
        create(stage)

        with pytest.raises(ResourceConflict, match="currently in the following state: Pending"):
            stage.invoke("resize")
        with pytest.raises(ResourceConflict, match="currently in the following state: Pending"):
            configure(stage, Timeout=5)
        stage.advance("5s")
        stage.invoke("resize")
        assert len(stage.calls) == 1

    def test_while_it_is_updated_it_runs_but_is_not_changed(self) -> None:
        stage = Stage(limits=SLOWLY)
        create(stage)
        stage.advance("5s")
        assert configure(stage, Timeout=5).is_updating

        with pytest.raises(ResourceConflict, match=f"An update is in progress for resource: {ARN}"):
            update_code(stage, "two")
        stage.invoke("resize")
        stage.advance("5s")

        assert not stage.world.families.describe(ARN).is_updating
        assert stage.calls[0].timeout_ms == 5_000

    def test_each_change_is_a_revision_and_an_old_one_changes_nothing(self) -> None:
        stage = Stage()
        created = create(stage).revision_id
        first = stage.world.families.describe(ARN).revision_id
        second = configure(stage, Timeout=5, RevisionId=first).revision_id

        assert created != first, "becoming active is a revision too (recorded)"
        with pytest.raises(PreconditionFailed, match="does not match the latest Revision Id"):
            configure(stage, Timeout=6, RevisionId=first)

        assert first != second
        assert stage.world.families.describe(ARN).spec.timeout_s == 5


class TestCode:
    def test_a_name_is_taken_once(self) -> None:
        stage = Stage()
        create(stage)

        with pytest.raises(ResourceConflict, match="Function already exist: resize"):
            create(stage)

    def test_new_code_lets_go_of_what_ran_the_old(self) -> None:
        stage = Stage()
        create(stage)

        assert sha(update_code(stage, "two")) == "two"
        assert stage.released == [ARN]

    def test_a_dry_run_changes_nothing(self) -> None:
        stage = Stage()
        create(stage)

        assert sha(update_code(stage, "two", DryRun=True)) == "two"
        assert sha(stage.world.families.describe(ARN)) == "one"
        assert stage.released == []

    def test_the_code_of_a_declared_function_is_not_uploaded(self) -> None:
        stage = Stage()
        stage.function("resize")

        with pytest.raises(InvalidParameterValue, match="The code of resize is where its settings say"):
            update_code(stage, "two")
        with pytest.raises(InvalidParameterValue, match="Environment of resize is what its settings say"):
            configure(stage, Environment={"Variables": {}})
        described = configure(stage, Timeout=9)
        assert (described.spec.timeout_s, described.spec.deployment) == (9, None)


class TestVersions:
    def test_a_version_keeps_the_code_and_the_configuration_it_was_published_with(self) -> None:
        stage = Stage()
        create(stage, Timeout=4)
        assert publish(stage, Description="good") == "1"
        update_code(stage, "two")
        configure(stage, Timeout=9)

        version = stage.world.families.describe(ARN, "1")

        assert (sha(version), version.spec.timeout_s, version.spec.description) == ("one", 4, "good")
        assert invoke(stage, "1") == "1"
        assert [invoke(stage), invoke(stage, "$LATEST")] == ["$LATEST", "$LATEST"]

    def test_nothing_new_is_no_new_version(self) -> None:
        stage = Stage()
        create(stage)

        assert [publish(stage), publish(stage, Description="again")] == ["1", "1"]
        update_code(stage, "two")
        assert publish(stage) == "2"

    def test_a_number_is_not_given_again(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(DeleteVersion(ARN, "1"))

        assert publish(stage) == "2"
        with pytest.raises(ResourceNotFound, match=rf"Function not found: {ARN}:1$"):
            stage.world.families.describe(ARN, "1")

    def test_only_the_code_that_is_there_is_published(self) -> None:
        stage = Stage()
        create(stage)

        with pytest.raises(InvalidParameterValue, match=r"CodeSHA256 \(other\) is different from current CodeSHA256"):
            publish(stage, CodeSha256="other")

    def test_a_version_that_an_alias_names_stays(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")

        with pytest.raises(ResourceConflict, match=r"the following aliases reference it: \[live\]"):
            stage.submit(DeleteVersion(ARN, "1"))
        with pytest.raises(InvalidParameterValue, match=r"\$LATEST version cannot be deleted without deleting"):
            stage.submit(DeleteVersion(ARN, "$LATEST"))
        with pytest.raises(InvalidParameterValue, match="Deletion of aliases is not currently supported"):
            stage.submit(DeleteVersion(ARN, "live"))

    def test_versions_share_what_is_reserved(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(PutReservedConcurrency(ARN, 1))
        stage.submit(Invoke(SCOPE, "resize", b"{}", qualifier="1"))

        with pytest.raises(TooManyRequests) as refusal:
            stage.invoke("resize")

        assert refusal.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"

    def test_the_deleted_function_takes_everything_with_it(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")
        stage.submit(DeleteVersion(ARN))

        for qualifier in (None, "1", "live"):
            with pytest.raises(ResourceNotFound):
                stage.submit(Invoke(SCOPE, "resize", b"{}", qualifier=qualifier))
        assert stage.released == [f"{ARN}:1", ARN]
        create(stage)
        assert publish(stage) == "1"

    def test_a_call_that_runs_ends_on_the_code_it_began_with(self) -> None:
        stage = Stage()
        create(stage)
        waiting = stage.submit(Invoke(SCOPE, "resize", b"{}"))
        update_code(stage, "two")

        stage.settle(Succeeded(b'"old"'))

        assert stage.answers[waiting.waiter].outcome == Succeeded(b'"old"')


class TestAliases:
    def test_a_call_of_an_alias_runs_its_version_under_the_aliass_name(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        live = stage.alias(ARN, "live", "1")

        assert invoke(stage, "live") == invoke(stage, function="resize:live") == invoke(stage, function=live) == "1"
        update_code(stage, "two", Publish=True)
        stage.submit(UpdateAlias(ARN, "live", {"FunctionVersion": "2"}))
        assert invoke(stage, "live") == "2"

    def test_the_arn_as_it_was_invoked_is_what_the_handler_sees(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")

        stage.submit(Invoke(SCOPE, "resize", b"{}", qualifier="live"))

        assert stage.calls[0].function_arn == f"{ARN}:live"

    def test_a_weighted_alias_draws_its_version_from_the_seed(self) -> None:
        def drawn(seed: int) -> list[str]:
            stage = Stage(seed=seed)
            create(stage, Publish=True)
            update_code(stage, "two", Publish=True)
            stage.alias(ARN, "live", "1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
            return [invoke(stage, "live") for _ in range(60)]

        first = drawn(1)

        assert first == drawn(1)
        assert first != drawn(2)
        assert 15 < first.count("2") < 45

    def test_a_queued_event_runs_on_what_the_alias_points_to_by_then(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")
        stage.invoke(f"{ARN}:live", event=True)
        stage.settle(HandlerFailed("E", "no", b"{}"))
        update_code(stage, "two", Publish=True)
        stage.submit(UpdateAlias(ARN, "live", {"FunctionVersion": "2"}))

        stage.advance("1m")

        assert [call.version for call in stage.calls] == ["2"]

    def test_an_event_of_an_alias_that_is_gone_is_dropped(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")
        stage.submit(PutReservedConcurrency(ARN, 1))
        stage.invoke("resize")
        stage.invoke(f"{ARN}:live", event=True)
        stage.submit(DeleteAlias(ARN, "live"))

        stage.advance("2s")

        assert [fact.condition for fact in stage.of(EventDropped)] == ["FunctionDeleted"]

    def test_names_and_revisions(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")

        with pytest.raises(ResourceConflict, match=f"Alias already exists: {ARN}:live"):
            stage.submit(CreateAlias(ARN, {"Name": "live", "FunctionVersion": "1"}))
        with pytest.raises(PreconditionFailed):
            stage.submit(UpdateAlias(ARN, "live", {"RevisionId": "another"}))
        with pytest.raises(ResourceNotFound, match=f"Alias not found: {ARN}:none"):
            stage.submit(UpdateAlias(ARN, "none", {}))
        with pytest.raises(ResourceNotFound, match=f"Cannot find alias arn: {ARN}:none"):
            stage.world.families.alias(ARN, "none")
        stage.submit(DeleteAlias(ARN, "none"))

    def test_a_mapping_to_an_alias_feeds_its_version(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        orders = stage.queue("orders")
        stage.mapping(orders, stage.alias(ARN, "live", "1"))
        stage.send(orders)

        stage.settle(Succeeded(b"null"))

        assert stage.bodies(orders) == []

    def test_a_declared_function_has_versions_and_aliases_that_run_what_is_declared(self) -> None:
        stage = Stage()
        stage.function("resize")
        assert publish(stage) == "1"
        stage.alias(ARN, "live", "1")

        stage.submit(Invoke(SCOPE, "resize", b"{}", qualifier="live"))
        (call,) = stage.calls
        stage.settle()

        assert (call.version, call.function_arn) == ("$LATEST", f"{ARN}:live")
        assert next(iter(stage.answers.values())).version == "1"


class TestPermissions:
    def test_each_qualifier_has_a_policy_of_its_own(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(AddFunctionPermission(ARN, "1", EVENTS))

        def permits(arn: str) -> bool:
            return stage.world.families.permits(arn, "events.amazonaws.com", None)

        assert [permits(ARN), permits(f"{ARN}:$LATEST"), permits(f"{ARN}:1")] == [False, False, True]

    def test_a_change_of_the_policy_is_a_revision_of_the_function(self) -> None:
        stage = Stage()
        create(stage)
        before = stage.world.families.describe(ARN).revision_id
        stage.submit(AddFunctionPermission(ARN, None, {**EVENTS, "RevisionId": before}))

        with pytest.raises(PreconditionFailed):
            stage.submit(RemoveFunctionPermission(ARN, None, "s1", before))
        stage.submit(RemoveFunctionPermission(ARN, None, "s1"))
        with pytest.raises(ResourceNotFound, match="The resource you requested does not exist"):
            stage.world.families.policy(ARN, None)

    def test_latest_by_its_name_has_none(self) -> None:
        stage = Stage()
        create(stage)

        with pytest.raises(InvalidParameterValue, match=r"do not support adding policies for \$LATEST"):
            stage.submit(AddFunctionPermission(ARN, "$LATEST", EVENTS))
        with pytest.raises(ResourceNotFound, match=f"Function not found: {ARN}:7"):
            stage.submit(AddFunctionPermission(ARN, "7", EVENTS))
        with pytest.raises(ResourceNotFound, match=f"Cannot find alias arn: {ARN}:none"):
            stage.submit(AddFunctionPermission(ARN, "none", EVENTS))


class TestProvisioned:
    def test_it_is_ready_by_the_clock(self) -> None:
        stage = Stage(limits=Limits(provisioned_transition_ms=60_000))
        create(stage, Publish=True)
        stage.submit(PutProvisionedConcurrency(ARN, "1", 2))
        stage.warm()

        config = stage.world.families.provisioned(ARN, "1")
        assert [config.status(stage.now), config.status(stage.now + 60_000)] == ["IN_PROGRESS", "READY"]
        assert config.available(stage.now) == 0

    def test_its_environments_are_started_before_they_are_called(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(PutProvisionedConcurrency(ARN, "1", 9))
        before = stage.world.families.provisioned(ARN, "1").status(stage.now)

        wish = stage.warm()

        config = stage.world.families.provisioned(ARN, "1")
        assert (wish.function, wish.count, len(wish.access_key_ids)) == (f"{ARN}:1", 9, 9)
        assert (before, config.status(stage.now), config.available(stage.now)) == ("IN_PROGRESS", "READY", 9)
        assert stage.story()[-1] == "resize has 9 of 9 provisioned environments of version 1"

    def test_an_alias_that_moves_takes_its_environments_along(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")
        stage.submit(PutProvisionedConcurrency(ARN, "live", 2))
        stage.warm()
        stage.submit(UpdateFunctionConfiguration(ARN, {"Timeout": 9}))
        stage.submit(PublishVersion(ARN, {}))

        stage.submit(UpdateAlias(ARN, "live", {"FunctionVersion": "2"}))

        assert {(wish.function, wish.count) for wish in stage.warmings} == {(f"{ARN}:1", 0), (f"{ARN}:2", 2)}

    def test_a_failing_init_fails_it_and_calls_run_on_demand(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(PutProvisionedConcurrency(ARN, "1", 2))

        stage.warm(0, "FUNCTION_ERROR_INIT_FAILURE")
        stage.invoke(f"{ARN}:1")

        config = stage.world.families.provisioned(ARN, "1")
        assert (config.status(stage.now), config.failure) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
        (started,) = stage.of(InvocationStarted)
        assert (started.provisioned, started.is_spillover) == (0, False)

    def test_an_answer_that_is_out_of_date_is_let_go(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(PutProvisionedConcurrency(ARN, "1", 2))
        stage.submit(PutProvisionedConcurrency(ARN, "1", 3))

        stage.warm()

        assert stage.world.families.provisioned(ARN, "1").status(stage.now) == "IN_PROGRESS"
        stage.warm()
        assert stage.world.families.provisioned(ARN, "1").available(stage.now) == 3

    def test_calls_beyond_it_spill_over(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.submit(PutProvisionedConcurrency(ARN, "1", 1))
        stage.warm()

        for _ in range(2):
            stage.invoke(f"{ARN}:1")

        assert [(fact.provisioned_in_use, fact.is_spillover) for fact in stage.of(InvocationStarted)] == [
            (1, False),
            (1, True),
        ]

    def test_a_version_has_it_once(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        stage.alias(ARN, "live", "1")
        stage.submit(PutProvisionedConcurrency(ARN, "live", 2))

        with pytest.raises(ResourceConflict, match="Version is pointed by a Provisioned Concurrency alias"):
            stage.submit(PutProvisionedConcurrency(ARN, "1", 2))
        stage.submit(PutProvisionedConcurrency(ARN, "live", None))
        stage.submit(PutProvisionedConcurrency(ARN, "1", 2))
        with pytest.raises(ResourceConflict, match="on an already Provisioned version"):
            stage.submit(PutProvisionedConcurrency(ARN, "live", 2))
        assert stage.world.functions[ARN].provisioned == {"1": 2}

    def test_it_moves_with_its_alias_and_is_within_what_is_reserved(self) -> None:
        stage = Stage()
        create(stage, Publish=True)
        update_code(stage, "two", Publish=True)
        stage.alias(ARN, "live", "1")
        stage.submit(PutReservedConcurrency(ARN, 3))
        with pytest.raises(InvalidParameterValue, match="should not be greater than the reservedConcurrentExecution"):
            stage.submit(PutProvisionedConcurrency(ARN, "live", 4))
        stage.submit(PutProvisionedConcurrency(ARN, "live", 2))
        stage.submit(UpdateAlias(ARN, "live", {"FunctionVersion": "2"}))

        assert stage.world.functions[ARN].provisioned == {"2": 2}
        with pytest.raises(InvalidParameterValue, match=r"1 should not be lower than function's total provisioned"):
            stage.submit(PutReservedConcurrency(ARN, 1))

    def test_latest_has_none(self) -> None:
        stage = Stage()
        create(stage)

        with pytest.raises(InvalidParameterValue, match="cannot be applied to unpublished function versions"):
            stage.submit(PutProvisionedConcurrency(ARN, "$LATEST", 1))
        publish(stage)
        with pytest.raises(ProvisionedConcurrencyNotFound, match="No Provisioned Concurrency Config found for this"):
            stage.world.families.provisioned(ARN, "1")


def test_tags_are_laid_over_each_other_and_have_a_number() -> None:
    stage = Stage()
    create(stage, Tags={"team": "a", "env": "dev"})
    stage.submit(TagFunction(ARN, {"team": "b"}))
    stage.submit(UntagFunction(ARN, ("env", "none")))

    assert stage.world.families.tags(ARN) == {"team": "b"}
    with pytest.raises(InvalidParameterValue, match="Number of tags exceeds"):
        stage.submit(TagFunction(ARN, {str(number): "x" for number in range(50)}))
