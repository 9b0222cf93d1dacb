"""What Lambda says of the parameters of a function that it does not take, beyond what its model says."""

from typing import Any

import pytest

from app.core.awslambda.deployment import Code, Deployment, LayerUse
from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.function_parameters import configured, created
from app.core.errors import InvalidParameterValue

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:l"
GIVEN = {"Role": "arn:aws:iam::000000000000:role/r", "Runtime": "python3.12", "Handler": "app.handler"}


def make(**parameters: Any) -> tuple[FunctionSpec, Deployment]:
    given = {name: text for name, text in {**GIVEN, **parameters}.items() if text is not None}
    spec = created(FunctionSpec(ARN), given, Code("sha", 10), LayerUse)
    assert spec.deployment is not None
    return spec, spec.deployment


def test_what_is_not_given_has_lambdas_defaults() -> None:
    spec, deployment = make()

    assert (spec.timeout_s, spec.memory_mb, spec.description) == (3, 128, "")
    assert (deployment.architectures, deployment.ephemeral_storage_mb, deployment.variables) == (("x86_64",), 512, None)


def test_what_is_given_is_kept() -> None:
    spec, deployment = make(
        Timeout=9, MemorySize=512, Description="d", Environment={"Variables": {"A": "b"}}, Layers=[f"{LAYER}:1"],
        TracingConfig={"Mode": "Active"}, EphemeralStorage={"Size": 1024}, Architectures=["arm64"],
        DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"},
    )  # fmt: skip

    assert (spec.timeout_s, spec.memory_mb, spec.description) == (9, 512, "d")
    assert spec.dead_letter_target == "arn:aws:sqs:us-east-1:000000000000:dead"
    assert (deployment.variables, deployment.layers) == ({"A": "b"}, (LayerUse(f"{LAYER}:1"),))
    assert (deployment.ephemeral_storage_mb, deployment.architectures) == (1024, ("arm64",))
    assert deployment.others == {"TracingConfig": {"Mode": "Active"}}


def test_an_update_lays_what_is_given_over_what_there_is() -> None:
    spec, _ = make(Timeout=9, Environment={"Variables": {"A": "b"}}, TracingConfig={"Mode": "Active"})

    changed = configured(spec, {"MemorySize": 256, "LoggingConfig": {"LogFormat": "JSON"}}, LayerUse)

    assert changed.deployment is not None
    assert (changed.timeout_s, changed.memory_mb, changed.deployment.variables) == (9, 256, {"A": "b"})
    assert set(changed.deployment.others) == {"TracingConfig", "LoggingConfig"}
    assert configured(changed, {"Environment": {}, "DeadLetterConfig": {}}, LayerUse).deployment.variables == {}  # type: ignore[union-attr]


@pytest.mark.parametrize("runtime", ["python3.12", "nodejs22.x", "provided.al2023", "java21", "python3.8", "go1.x"])
def test_runtimes_of_today_and_of_yesterday_are_taken(runtime: str) -> None:
    assert make(Runtime=runtime)[1].runtime == runtime


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"Runtime": "cobol"},
            r"Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy",
        ),
        ({"Runtime": None}, "Runtime and Handler are mandatory parameters for functions created with deployment"),
        ({"Handler": None}, "Runtime and Handler are mandatory parameters for functions created with deployment"),
        ({"PackageType": "Image"}, "Please don't provide Handler or Runtime or Layer when the intended PackageType"),
        ({"Environment": {"Variables": {"AWS_REGION": "x", "_HANDLER": "y"}}}, "in this request: AWS_REGION, _HANDLER"),
        ({"Environment": {"Variables": {"A": "x" * 4_096}}}, r"exceeded the 4KB limit\. String measured: {\"A\":\"xxx"),
        ({"Layers": [f"{LAYER}{n}:1" for n in range(6)]}, r"Cannot reference more than 5 layers\."),
        ({"Layers": [f"{LAYER}:1", f"{LAYER}:2"]}, "Two different versions of the same layer are not allowed"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::b"}}, "The provided dead letter target is invalid"),
        ({"DeadLetterConfig": {"TargetArn": "dead"}}, "The provided dead letter target is invalid"),
    ],
)
def test_what_lambda_does_not_take(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameterValue, match=words):
        make(**parameters)
