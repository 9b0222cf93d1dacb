"""Who may do what with a queue: every kind of caller, enforced and not, told once, decided anew when it has to be."""

import json
from typing import Any

import pytest

from app.core.awslambda.deployment import Code, Deployment, access_key_ids_of
from app.core.awslambda.function import FunctionSpec
from app.core.commands import (
    AddPermission,
    Admit,
    CreateQueue,
    DescribeIdentities,
    PutFunction,
    ReceiveMessage,
    SendMessage,
    SetQueueAttributes,
    TagQueue,
    UntagQueue,
)
from app.core.commands.access import Caller, Identity, KeyOwner
from app.core.errors import AccessDenied, QueueDoesNotExist, QueueOutOfReach
from app.core.explain import OfSend, Verdict, explain
from app.core.facts import CallerLacksAccess
from tests.core.stage import SCOPE, Stage

OTHER = "111111111111"
ANN = f"arn:aws:iam::{SCOPE.account}:user/ann"
ROLE = f"arn:aws:iam::{SCOPE.account}:role/service-role/work"
SESSION = f"arn:aws:sts::{SCOPE.account}:assumed-role/work/nightly"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, action: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*", **more}


def enforcing() -> Stage:
    return Stage(enforces_permissions=True)


def admit(stage: Stage, operation: str, key: str | None = None, account: str = SCOPE.account, **more: Any) -> Any:
    """What somebody with that key gets."""
    queue = SCOPE.queue_arn("orders")
    command = {"SendMessage": SendMessage(queue, "hello"), "ReceiveMessage": ReceiveMessage(queue)}.get(operation)
    return stage.submit(Admit(queue, operation, Caller(account, key, **more), command))


def tell(stage: Stage, arn: str, *policies: str, boundary: str | None = None, shown_as: str | None = None) -> None:
    """The store has one user or role, whose key is `KEY`."""
    identity = Identity(arn, policies, boundary)
    stage.submit(DescribeIdentities({arn: identity}, {"KEY": KeyOwner(arn, shown_as or arn)}))


def refused(stage: Stage, operation: str, **more: Any) -> str:
    with pytest.raises(AccessDenied) as caught:
        admit(stage, operation, **more)
    return caught.value.message


# Accounts -------------------------------------------------------------------------------------------


def test_the_owner_of_a_queue_without_a_policy_is_asked_nothing_from_the_second_time_on() -> None:
    stage = enforcing()
    orders = stage.queue("orders")
    access = stage.world.queue_access

    assert access.lets_in(orders, "SendMessage", Caller(SCOPE.account, "test"))
    assert access.cleared == {"test": {orders}}
    assert not stage.of(CallerLacksAccess)


def test_a_new_policy_is_asked_at_once() -> None:
    stage = enforcing()
    orders = stage.queue("orders")
    admit(stage, "SendMessage", "test")

    stage.submit(SetQueueAttributes(orders, {"Policy": document(statement("Deny", "sqs:*", Principal="*"))}))

    assert "explicit deny in a resource-based policy" in refused(stage, "SendMessage", key="test")
    stage.submit(SetQueueAttributes(orders, {"Policy": ""}))
    assert admit(stage, "SendMessage", "test").message_id


def test_a_refused_call_does_nothing_and_is_told_each_time_where_permissions_are_enforced() -> None:
    stage = enforcing()
    orders = stage.queue("orders")

    for _ in range(2):
        refused(stage, "SendMessage", key=OTHER, account=OTHER)

    assert not list(stage.world.queues[orders])
    assert [fact.text for fact in stage.of(CallerLacksAccess)] == [
        f"arn:aws:iam::{OTHER}:root may not sqs:SendMessage orders: no resource-based policy allows it: blocked"
    ] * 2


def test_where_they_are_not_enforced_it_is_done_and_told_once_for_each_caller_action_and_queue() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    for account in (OTHER, OTHER, "222222222222"):
        admit(stage, "SendMessage", account, account)
    admit(stage, "ReceiveMessage", OTHER, OTHER)

    assert len(list(stage.world.queues[orders])) == 3
    assert [(fact.principal[13:25], fact.action) for fact in stage.of(CallerLacksAccess)] == [
        (OTHER, "sqs:SendMessage"),
        ("222222222222", "sqs:SendMessage"),
        (OTHER, "sqs:ReceiveMessage"),
    ]
    assert stage.world.queue_access.lets_in(orders, "SendMessage", Caller(OTHER, OTHER)), (
        "there is nothing more to tell"
    )


def test_a_queue_of_the_settings_lets_every_account_in_but_not_past_an_explicit_deny() -> None:
    stage = enforcing()
    orders = SCOPE.queue_arn("orders")
    stage.submit(CreateQueue(orders, {}, permits_all=True))
    assert admit(stage, "SendMessage", OTHER, OTHER).message_id

    stage.submit(SetQueueAttributes(orders, {"Policy": document(statement("Deny", "sqs:SendMessage", Principal="*"))}))

    assert "explicit deny" in refused(stage, "SendMessage", key=OTHER, account=OTHER)
    assert "tagqueue" in refused(stage, "TagQueue", key=OTHER, account=OTHER), "which is the owner's alone"


def test_what_is_denied_over_http_only_says_so() -> None:
    deny = statement("Deny", "sqs:*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    for stage in (Stage(), enforcing()):
        stage.queue("orders", Policy=document(deny))
        assert admit(stage, "SendMessage", "test", is_secure=True).message_id

        if stage.world.queue_access.is_enforced:
            refused(stage, "SendMessage", key="test")
        else:
            admit(stage, "SendMessage", "test")

        (told,) = stage.of(CallerLacksAccess)
        assert "its policy wants HTTPS (aws:SecureTransport), and this call came over HTTP" in told.text
        assert told.text.endswith("blocked" if told.is_blocked else "AWS would let it over HTTPS only")


def test_a_queue_that_is_not_there_is_what_is_said_first() -> None:
    with pytest.raises(QueueDoesNotExist):
        admit(enforcing(), "SendMessage", OTHER, OTHER)


def test_only_another_account_is_not_told_whether_there_is_a_queue() -> None:
    stage = enforcing()
    orders = stage.queue("orders", Policy=document(statement("Deny", "sqs:GetQueueUrl", Principal="*")))

    with pytest.raises(QueueOutOfReach):
        admit(stage, "GetQueueUrl", OTHER, OTHER)
    with pytest.raises(AccessDenied):
        stage.submit(Admit(orders, "GetQueueUrl", Caller(SCOPE.account, "test")))


def test_a_policy_that_is_none_lets_no_other_account_in_and_keeps_the_owner_in() -> None:
    stage = enforcing()
    stage.queue("orders", Policy='{"Statement": [{"Effect": "Allow", "Principal": 7, "Action": 8}]}')

    assert admit(stage, "SendMessage", "test").message_id
    refused(stage, "SendMessage", key=OTHER, account=OTHER)


def test_keys_without_end_are_not_remembered_without_end() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    access = stage.world.queue_access

    for number in range(25_000):
        access.lets_in(orders, "SendMessage", Caller(SCOPE.account, f"key-{number}"))

    assert len(access.cleared) <= 10_000


# Users and roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "end"),
    [
        ([], "because no identity-based policy allows the sqs:sendmessage action"),
        ([document(EVERYTHING)], None),
        ([document(statement("Allow", ["sqs:Send*"]))], None),
        ([document(statement("Allow", "sqs:ReceiveMessage"))], "because no identity-based policy allows the sqs:send"),
        ([document(statement("Allow", "s3:*")), document(statement("Allow", "sqs:SendMessage"))], None),
        (
            [document(EVERYTHING), document(statement("Deny", "sqs:SendMessage"))],
            "with an explicit deny in an identity-",
        ),
        ([document({**EVERYTHING, "Resource": "arn:aws:sqs:*:*:invoices"})], "because no identity-based policy allows"),
        ([document({**EVERYTHING, "Resource": "arn:aws:sqs:*:*:ord*"})], None),
        ([document({"Effect": "Allow", "Action": "*", "NotResource": "*:orders"})], "because no identity-based policy"),
        ([document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})], None),
    ],
)
def test_a_user_may_what_an_identity_policy_allows_and_none_denies(policies: list[str], end: str | None) -> None:
    stage = enforcing()
    orders = stage.queue("orders")
    tell(stage, ANN, *policies)

    if end is None:
        assert admit(stage, "SendMessage", "KEY").message_id
    else:
        message = refused(stage, "SendMessage", key="KEY")
        assert message.startswith(
            f"User: {ANN} is not authorized to perform: sqs:sendmessage on resource: {orders} {end}"
        )


def test_a_boundary_is_the_most_that_a_user_may() -> None:
    stage = enforcing()
    stage.queue("orders")

    tell(stage, ANN, document(EVERYTHING), boundary=document(statement("Allow", "s3:*")))
    assert refused(stage, "SendMessage", key="KEY").endswith(
        "because no permissions boundary allows the sqs:sendmessage action"
    )
    tell(stage, ANN, document(EVERYTHING), boundary=document(EVERYTHING, statement("Deny", "sqs:*")))
    assert refused(stage, "SendMessage", key="KEY").endswith("with an explicit deny in a permissions boundary")
    tell(stage, ANN, document(EVERYTHING), boundary=document(EVERYTHING))
    assert admit(stage, "SendMessage", "KEY").message_id


@pytest.mark.parametrize(
    ("principal", "is_let_in"),
    [("*", True), (ANN, True), (SCOPE.account, False), (f"arn:aws:iam::{SCOPE.account}:root", False), (OTHER, False)],
)
def test_in_ones_own_account_the_queues_policy_is_enough_where_it_names_oneself(
    principal: str, *, is_let_in: bool
) -> None:
    stage = enforcing()
    stage.queue("orders", Policy=document(statement("Allow", "sqs:SendMessage", Principal={"AWS": principal})))
    tell(stage, ANN)

    if is_let_in:
        assert admit(stage, "SendMessage", "KEY").message_id
    else:
        assert "no identity-based policy" in refused(stage, "SendMessage", key="KEY")


def test_another_accounts_user_needs_both() -> None:
    bob = f"arn:aws:iam::{OTHER}:user/bob"
    stage = enforcing()
    orders = stage.queue("orders")

    tell(stage, bob, document(EVERYTHING))
    assert "no resource-based policy" in refused(stage, "SendMessage", key="KEY")
    stage.submit(AddPermission(orders, "l", (OTHER,), ("SendMessage",)))
    assert admit(stage, "SendMessage", "KEY").message_id
    tell(stage, bob)
    assert "no identity-based policy" in refused(stage, "SendMessage", key="KEY")


def test_a_session_is_named_as_one_and_meant_by_its_roles_arn() -> None:
    stage = enforcing()
    orders = stage.queue("orders")
    tell(stage, ROLE, shown_as=SESSION)

    assert refused(stage, "SendMessage", key="KEY").startswith(f"User: {SESSION} is not authorized")
    stage.submit(SetQueueAttributes(orders, {"Policy": document(statement("Allow", "sqs:*", Principal={"AWS": ROLE}))}))
    assert admit(stage, "SendMessage", "KEY").message_id


def test_a_function_is_its_role() -> None:
    stage = enforcing()
    stage.queue("orders")
    function = SCOPE.function_arn("work")
    key = access_key_ids_of(function, 1)[0]
    deployment = Deployment(ROLE, Code("0" * 64, 1, ""))
    stage.submit(PutFunction(FunctionSpec(function, access_key_ids=(key,), deployment=deployment)))

    assert admit(stage, "SendMessage", key).message_id, "nobody has used IAM, so its role is anybody's"
    tell(stage, ROLE, document(statement("Allow", "logs:*")))
    session = f"arn:aws:sts::{SCOPE.account}:assumed-role/work/work"
    assert refused(stage, "SendMessage", key=key).startswith(f"User: {session} is not authorized")
    tell(stage, ROLE, document(statement("Allow", "sqs:SendMessage")))
    assert admit(stage, "SendMessage", key).message_id


def test_a_key_that_nobody_is_known_to_have_is_the_roots() -> None:
    stage = enforcing()
    stage.queue("orders")
    tell(stage, ANN)

    assert admit(stage, "SendMessage", "test").message_id
    assert admit(stage, "SendMessage").message_id


def test_a_user_may_make_a_queue_only_where_a_policy_allows_it() -> None:
    stage = enforcing()
    made = SCOPE.queue_arn("made")
    tell(stage, ANN)

    with pytest.raises(AccessDenied, match="sqs:createqueue on resource: arn:aws:sqs:us-east-1:000000000000:made"):
        stage.submit(Admit(made, "CreateQueue", Caller(SCOPE.account, "KEY"), CreateQueue(made)))
    with pytest.raises(AccessDenied, match="sqs:listqueues"):
        stage.submit(Admit(SCOPE.queue_arn(""), "ListQueues", Caller(SCOPE.account, "KEY")))
    assert stage.of(CallerLacksAccess)[-1].target == "arn:aws:sqs:us-east-1:000000000000:*"


def test_what_the_store_tells_again_changes_nothing() -> None:
    stage = enforcing()
    orders = stage.queue("orders")
    tell(stage, ANN, document(EVERYTHING))
    admit(stage, "SendMessage", "test")

    tell(stage, ANN, document(EVERYTHING))

    assert orders in stage.world.queue_access.cleared["test"]


def test_a_move_task_needs_the_rights_to_move() -> None:
    stage = enforcing()
    stage.queue("orders")
    tell(stage, ANN, document(statement("Allow", ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage"])))

    assert "perform: sqs:deletemessage" in refused(stage, "StartMessageMoveTask", key="KEY")


def test_a_function_that_gets_another_role_is_judged_by_that() -> None:
    stage = enforcing()
    stage.queue("orders")
    function = SCOPE.function_arn("work")
    key = access_key_ids_of(function, 1)[0]
    for role in ("nobody", ROLE):
        deployment = Deployment(role, Code("c2hhMjU2", 1))
        tell(stage, ROLE)
        stage.submit(PutFunction(FunctionSpec(function, access_key_ids=(key,), deployment=deployment)))
        if role == "nobody":
            assert admit(stage, "SendMessage", key).message_id

    assert "no identity-based policy" in refused(stage, "SendMessage", key=key)


def test_a_tag_of_the_queue_may_be_the_condition() -> None:
    stage = enforcing()
    orders = stage.queue("orders")
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    tell(stage, ANN, document(statement("Allow", "sqs:*", Condition=blue)))

    assert "no identity-based policy" in refused(stage, "SendMessage", key="KEY")
    stage.submit(TagQueue(orders, {"team": "blue"}))
    assert admit(stage, "SendMessage", "KEY").message_id
    stage.submit(UntagQueue(orders, ("team",)))
    refused(stage, "SendMessage", key="KEY")


def test_explain_says_what_policies_would_say_to_who_sends() -> None:
    deny = document(statement("Deny", "sqs:SendMessage", Principal="*"))
    words = f"arn:aws:iam::{SCOPE.account}:root is not authorized to perform: sqs:sendmessage on resource"
    for stage in (Stage(), enforcing()):
        orders = stage.queue("orders", Policy=deny)

        explained = explain(stage.world, OfSend(SendMessage(orders, "{}")), now=stage.now)

        said = [step for step in explained.steps if words in step.text]
        assert [step.verdict for step in said] == [Verdict.NO if stage.world.queue_access.is_enforced else Verdict.NOTE]
        assert not stage.of(CallerLacksAccess), "asking tells nothing"
