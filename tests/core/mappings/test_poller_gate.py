"""Mappings whose function's role lacks a right: what is said when they are made, while they poll, and by explain."""

from dataclasses import replace

import pytest

from app.core.commands import PutFunction, SendMessage, SetQueueAttributes, UpdateEventSourceMapping
from app.core.errors import InvalidParameterValue
from app.core.explain import OfSend, Verdict, explain
from app.core.facts import CallerLacksAccess, MappingBlocked
from app.core.names import Arn
from tests.core.roles import deployed_with, roles
from tests.core.stage import SCOPE, Stage

NEEDED = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def played(*, enforced: bool) -> tuple[Stage, Arn, Arn]:
    """A stage with a queue, and a function with the role `app`."""
    stage = Stage(enforces_permissions=enforced)
    orders, worker = stage.queue("orders"), stage.function("worker")
    spec = stage.world.functions[worker].spec
    stage.submit(PutFunction(replace(spec, deployment=deployed_with(SCOPE, "app"))))
    return stage, orders, worker


@pytest.mark.parametrize("lacking", NEEDED)
def test_a_mapping_is_not_made_where_its_role_lacks_a_right(lacking: str) -> None:
    stage, orders, worker = played(enforced=True)
    stage.submit(roles(SCOPE, {"app": [each for each in NEEDED if each != lacking]}))

    with pytest.raises(InvalidParameterValue, match=f"to call {lacking[4:]} on SQS"):
        stage.mapping(orders, worker)

    assert stage.world.mappings.all() == []
    (told,) = stage.of(CallerLacksAccess)
    assert (told.action, told.is_blocked) == (lacking, True)


def test_it_is_made_and_every_right_it_lacks_is_told_where_permissions_are_not_enforced() -> None:
    stage, orders, worker = played(enforced=False)
    stage.submit(roles(SCOPE, {"app": ["logs:*"]}))

    stage.mapping(orders, worker)

    assert [told.action for told in stage.of(CallerLacksAccess)] == list(NEEDED)


def test_a_role_that_nobody_told_of_lacks_nothing() -> None:
    stage, orders, worker = played(enforced=True)
    stage.submit(roles(SCOPE, {"another": []}))

    stage.mapping(orders, worker)

    assert not stage.of(CallerLacksAccess)


def test_a_deny_in_the_queues_own_policy_keeps_the_pollers_out_too() -> None:
    stage, orders, worker = played(enforced=True)
    stage.submit(roles(SCOPE, {"app": NEEDED}))
    stage.mapping(orders, worker)
    deny = '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sqs:ReceiveMessage"}}'

    stage.submit(SetQueueAttributes(orders, {"Policy": deny}))
    stage.send(orders)
    assert stage.calls == []
    stage.submit(SetQueueAttributes(orders, {"Policy": ""}))

    assert len(stage.calls) == 1
    assert len(stage.of(MappingBlocked)) == 1


def test_explain_names_the_right_that_is_lacking() -> None:
    words = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    for enforced in (True, False):
        stage, orders, worker = played(enforced=enforced)
        stage.submit(roles(SCOPE, {"app": NEEDED}))
        stage.mapping(orders, worker)
        stage.advance("1s")
        stage.submit(roles(SCOPE, {"app": []}))
        told = len(stage.of(CallerLacksAccess))

        explained = explain(stage.world, OfSend(SendMessage(orders, "{}")), now=stage.now)

        said = [(step.verdict, step.text) for step in explained.steps if words in step.text]
        if enforced:
            assert said == [(Verdict.NO, f"mapping orders → worker does not poll: {words}")]
            assert explained.conclusion.text.startswith("would not fire: mapping orders → worker does not poll")
        else:
            assert said == [(Verdict.NOTE, f"AWS would not poll for orders → worker: {words}")]
            assert explained.conclusion.verdict is Verdict.YES
        assert len(stage.of(CallerLacksAccess)) == told, "asking tells nothing"


def test_a_mapping_that_lacks_a_right_can_be_disabled_and_not_enabled() -> None:
    stage, orders, worker = played(enforced=True)
    stage.submit(roles(SCOPE, {"app": NEEDED}))
    uuid = stage.mapping(orders, worker)
    stage.submit(roles(SCOPE, {"app": []}))

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": False}))

    with pytest.raises(InvalidParameterValue, match="does not have permissions to call ReceiveMessage"):
        stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": True}))
