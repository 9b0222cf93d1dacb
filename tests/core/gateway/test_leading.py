"""Which functions a target group or a distribution may lead to."""

from typing import Any

import pytest

from app.core.awslambda.deployment import Code
from app.core.commands import AddFunctionPermission, CreateFunction, PublishVersion
from app.core.commands.gateway import CheckEdgeFunctions, CheckTargets
from app.core.errors import AccessDenied
from app.core.facts import PermissionMissing
from app.core.gateway.leading import InvalidLambdaFunctionAssociation, InvalidTarget
from app.core.names import Arn
from tests.core.stage import SCOPE, Stage

GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/1"
GIVEN = {"Role": "arn:aws:iam::000000000000:role/r", "Runtime": "nodejs22.x", "Handler": "app.handler"}
TOO_LARGE = "is larger than the maximum allowed"


def deploy(stage: Stage, size: int = 10, **parameters: Any) -> Arn:
    """A function and its first version, whose ARN is given back."""
    arn = SCOPE.function_arn("web")
    stage.submit(CreateFunction(arn, {**GIVEN, **parameters}, Code("one", size)))
    stage.submit(PublishVersion(arn, {}))
    return f"{arn}:1"


# Target groups --------------------------------------------------------------------------------------


def test_a_function_of_the_settings_may_be_a_target() -> None:
    stage = Stage(enforces_permissions=True)

    stage.submit(CheckTargets(GROUP, (stage.function("web"),)))
    assert stage.of(PermissionMissing) == []


def test_without_a_permission_a_target_is_refused_where_permissions_are_enforced() -> None:
    stage = Stage(enforces_permissions=True)
    function = deploy(stage)
    target = CheckTargets(GROUP, (function.removesuffix(":1"),))
    with pytest.raises(AccessDenied) as refused:
        stage.submit(target)
    permission = {"StatementId": "elb", "Action": "lambda:InvokeFunction", "SourceArn": GROUP,
                  "Principal": "elasticloadbalancing.amazonaws.com"}  # fmt: skip
    stage.submit(AddFunctionPermission(target.functions[0], None, permission))

    stage.submit(target)
    assert refused.value.message == (
        f"elasticloadbalancing principal does not have permission to invoke {target.functions[0]} from target group "
        f"{GROUP}"
    )


def test_a_missing_permission_is_told_and_lets_through_otherwise() -> None:
    stage = Stage()
    function = deploy(stage)

    stage.submit(CheckTargets(GROUP, (function,)))
    assert [fact.source for fact in stage.of(PermissionMissing)] == [GROUP]


def test_a_target_group_has_one_function_that_is_there() -> None:
    stage = Stage()
    function = stage.function("web")

    for functions in ((SCOPE.function_arn("nothing"),), (function, function)):
        with pytest.raises(InvalidTarget):
            stage.submit(CheckTargets(GROUP, functions))


# The edge -------------------------------------------------------------------------------------------


def refusal(stage: Stage, *associations: tuple[str, Arn]) -> str:
    with pytest.raises(InvalidLambdaFunctionAssociation) as refused:
        stage.submit(CheckEdgeFunctions(associations))
    return refused.value.message


def test_a_published_version_may_be_at_the_edge() -> None:
    stage = Stage()
    function = deploy(stage, Timeout=5, MemorySize=128, size=1_048_576)

    stage.submit(CheckEdgeFunctions((("viewer-request", function), ("origin-response", function))))


def test_a_function_of_the_settings_may_be_at_the_edge_as_a_version() -> None:
    stage = Stage()
    function = stage.function("web")
    stage.submit(PublishVersion(function, {}))

    stage.submit(CheckEdgeFunctions((("viewer-request", f"{function}:1"),)))


@pytest.mark.parametrize("qualifier", ["", ":$LATEST", ":live"])
def test_only_a_numbered_version_may(qualifier: str) -> None:
    arn = SCOPE.function_arn("web") + qualifier

    assert refusal(Stage(), ("viewer-request", arn)) == (
        "The function ARN must reference a specific function version. (The ARN must end with the version number.) "
        f"ARN: {arn}"
    )


def test_it_has_to_be_in_the_first_region_and_there() -> None:
    elsewhere = "arn:aws:lambda:eu-west-1:000000000000:function:web:1"
    nowhere = f"{SCOPE.function_arn('nothing')}:1"

    assert refusal(Stage(), ("viewer-request", elsewhere)) == (
        f"The function must be in region 'us-east-1'. ARN: {elsewhere}"
    )
    assert refusal(Stage(), ("viewer-request", nowhere)).startswith(
        "Lambda@Edge cannot retrieve the specified Lambda function."
    )


@pytest.mark.parametrize(
    ("event", "parameters", "words"),
    [
        ("viewer-request", {"Timeout": 6}, f"The function timeout {TOO_LARGE} "),
        ("viewer-response", {"MemorySize": 129}, f"The function memory size {TOO_LARGE} "),
        ("origin-request", {"Timeout": 31}, f"The function timeout {TOO_LARGE} "),
        ("viewer-request", {"size": 1_048_577}, f"The function code size {TOO_LARGE} size "),
        ("origin-request", {"size": 52_428_801}, f"The function code size {TOO_LARGE} size "),
        ("origin-request", {"EphemeralStorage": {"Size": 1_024}}, f"The function ephemeral storage {TOO_LARGE} "),
        (
            "viewer-request",
            {"Environment": {"Variables": {"A": "b"}}},
            "The function cannot have environment variables.",
        ),
        ("viewer-request", {"VpcConfig": {"SubnetIds": ["a"]}}, "The function cannot have a VPC configuration."),
        ("viewer-request", {"TracingConfig": {"Mode": "Active"}}, "The function cannot have active tracing."),
        ("viewer-request", {"Architectures": ["arm64"]}, "The function architecture must be x86_64."),
        ("viewer-request", {"Runtime": "java21"}, "The function has an invalid runtime: java21."),
    ],
)
def test_what_the_edge_does_not_take_is_said(event: str, parameters: dict[str, Any], words: str) -> None:
    stage = Stage()
    function = deploy(stage, **parameters)

    told = refusal(stage, (event, function))
    assert told.startswith(words)
    assert told.endswith(f"Function: {function}")


def test_the_words_of_a_size_have_both_numbers() -> None:
    stage = Stage()
    function = deploy(stage, size=2_548_547)

    assert refusal(stage, ("viewer-request", function)) == (
        "The function code size is larger than the maximum allowed size for functions that are triggered by a "
        f"CloudFront event: 2548547 Max allowed: 1048576 Function: {function}"
    )


def test_an_event_has_one_function() -> None:
    stage = Stage()
    function = deploy(stage)

    assert "more than one" in refusal(stage, ("viewer-request", function), ("viewer-request", function))
    assert refusal(stage, ("viewer", function)).startswith("The event type is not one of viewer-request, ")
