"""Functions whose environment variables are encrypted with a key, and what comes of it when the key fails."""

import json

import pytest

from app.core.awslambda.deployment import Code
from app.core.commands import CreateFunction, DescribeKeys, KeyState
from app.core.errors import InvocationRefused
from tests.core.stage import NOON, SCOPE, Stage

KEY = "arn:aws:kms:us-east-1:000000000000:key/one"
ROLE = "arn:aws:iam::000000000000:role/app"
DAY_MS = 86_400_000


def stage_with(**parameters: object) -> Stage:
    stage = Stage()
    given = {
        "Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler", "KMSKeyArn": KEY,
        "Environment": {"Variables": {"SECRET": "x"}}, **parameters,
    }  # fmt: skip
    stage.submit(CreateFunction(SCOPE.function_arn("work"), given, Code("c2hhMjU2", 1)))
    return stage


def refused_with(stage: Stage) -> str | None:
    """The code that the next invocation is refused with; None if it begins."""
    try:
        stage.invoke("work")
    except InvocationRefused as refused:
        return refused.code
    return None


def denying(principal: str) -> str:
    statement = {"Effect": "Deny", "Principal": {"AWS": principal}, "Action": "kms:Decrypt", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (KeyState("Enabled"), None),
        (KeyState("Disabled"), "KMSDisabledException"),
        (KeyState("PendingDeletion", NOON + 7 * DAY_MS), "KMSInvalidStateException"),
        (KeyState("PendingImport"), "KMSInvalidStateException"),
        (KeyState("PendingDeletion", NOON), "KMSNotFoundException"),
        (KeyState("Enabled", policy=denying(ROLE)), "KMSAccessDeniedException"),
        (KeyState("Enabled", policy=denying("arn:aws:iam::000000000000:role/other")), None),
    ],
)
def test_the_state_of_the_key_decides(key: KeyState, code: str | None) -> None:
    stage = stage_with()

    stage.submit(DescribeKeys(SCOPE, {KEY: key}))

    assert refused_with(stage) == code


def test_a_key_that_the_store_never_had_is_taken_for_granted() -> None:
    assert refused_with(stage_with()) is None


def test_a_key_that_is_deleted_is_not_found_from_then_on() -> None:
    stage = stage_with()
    stage.submit(DescribeKeys(SCOPE, {KEY: KeyState("PendingDeletion", NOON + 7 * DAY_MS)}))

    stage.advance("6d")
    before = refused_with(stage)
    stage.advance("2d")

    assert (before, refused_with(stage)) == ("KMSInvalidStateException", "KMSNotFoundException")


def test_a_key_that_is_not_told_of_any_more_is_deleted() -> None:
    stage = stage_with()
    stage.submit(DescribeKeys(SCOPE, {KEY: KeyState("Enabled")}))

    stage.submit(DescribeKeys(SCOPE, {}))

    assert refused_with(stage) == "KMSNotFoundException"


@pytest.mark.parametrize("parameters", [{"Environment": {"Variables": {}}}, {"KMSKeyArn": ""}])
def test_without_variables_or_without_a_key_nothing_is_decrypted(parameters: dict[str, object]) -> None:
    stage = stage_with(**parameters)

    stage.submit(DescribeKeys(SCOPE, {KEY: KeyState("Disabled")}))

    assert refused_with(stage) is None
