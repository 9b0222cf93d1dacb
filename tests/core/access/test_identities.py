"""Whose a key is, and by which names policies mean them."""

import json

from app.core.access.identities import Principal, Verdict, is_named_itself, policy_says, root_of, session_of
from app.core.access.permissions import read_policy
from app.core.commands import DescribeIdentities
from app.core.commands.access import Caller, Identity, KeyOwner
from tests.core.stage import SCOPE, Stage

ANN = f"arn:aws:iam::{SCOPE.account}:user/staff/ann"
ROLE = f"arn:aws:iam::{SCOPE.account}:role/service-role/work"
SESSION = f"arn:aws:sts::{SCOPE.account}:assumed-role/work/s1"
QUEUE = SCOPE.queue_arn("orders")


def who(key: str | None) -> Principal:
    stage = Stage()
    identities = {arn: Identity(arn, ()) for arn in (ANN, ROLE)}
    keys = {"AKIAANN": KeyOwner(ANN, ANN), "ASIAWORK": KeyOwner(ROLE, SESSION), "AKIALOST": KeyOwner("gone", "gone")}
    stage.submit(DescribeIdentities(identities, keys))
    return stage.world.queue_access.identities.caller(Caller("222222222222", key))


def test_a_key_is_a_users_a_sessions_or_that_of_the_account_it_is_said_to_be_of() -> None:
    assert who("AKIAANN").arn == ANN
    assert who("ASIAWORK").arn == SESSION
    assert who("AKIALOST").arn == who("test").arn == who(None).arn == root_of("222222222222")


def test_somebody_has_all_names_that_a_policy_may_have_for_them() -> None:
    root = root_of(SCOPE.account)

    assert who("AKIAANN").names == (ANN, root)
    assert who("ASIAWORK").names == (SESSION, ROLE, root)
    assert who("test").names == (root_of("222222222222"),)


def test_condition_keys_tell_of_a_session_by_its_role() -> None:
    assert who("ASIAWORK").context == {
        "aws:principalarn": ROLE, "aws:principalaccount": SCOPE.account, "aws:principaltype": "AssumedRole",
    }  # fmt: skip
    assert who("AKIAANN").context["aws:username"] == "ann"
    assert who("test").context["aws:principaltype"] == "Account"


def test_a_session_has_no_path_in_its_arn() -> None:
    assert session_of(ROLE, "s1") == SESSION


def test_a_queues_policy_allows_denies_or_does_not_mention() -> None:
    ann = who("AKIAANN")
    policy = read_policy(
        json.dumps(
            {
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": SCOPE.account}, "Action": "sqs:*", "Resource": QUEUE},
                    {"Sid": "no", "Effect": "Deny", "Principal": {"AWS": ANN}, "Action": "sqs:Purge*"},
                ]
            }
        )
    )

    assert policy_says(policy, ann, "sqs:SendMessage", QUEUE, {}).verdict is Verdict.ALLOWED
    assert policy_says(policy, ann, "sqs:SendMessage", f"{QUEUE}2", {}).verdict is Verdict.UNMENTIONED
    denied = policy_says(policy, ann, "sqs:PurgeQueue", QUEUE, {})
    assert (denied.verdict, denied.statement) == (Verdict.DENIED, "no")
    assert not is_named_itself(policy, ann, "sqs:SendMessage", QUEUE, {}), "the account is, and leaves it to others"
