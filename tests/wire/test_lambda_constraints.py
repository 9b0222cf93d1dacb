"""Constraints of Lambda's model, told as its front end tells them."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.session import Session

from app.core.errors import ValidationFailed
from app.wire.awslambda.constraints import check_constraints

MODEL = Session().get_service_model("lambda")
GIVEN = {"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", "Code": {}}


def broken(operation: str, **params: Any) -> str:
    with pytest.raises(ValidationFailed) as refusal:
        check_constraints(MODEL.operation_model(operation).input_shape, params)
    return refusal.value.message


def test_what_the_model_takes_is_let_pass() -> None:
    check_constraints(MODEL.operation_model("CreateFunction").input_shape, {**GIVEN, "Tags": {"größe ": "1"}})


def test_a_pattern_is_told_with_the_value() -> None:
    assert broken("CreateFunction", **{**GIVEN, "Role": "r1"}) == (
        r"1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular "
        r"expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
    )


def test_several_are_counted() -> None:
    told = broken("CreateFunction", **{**GIVEN, "MemorySize": 1, "Timeout": 0})

    assert told == (
        "2 validation errors detected: Value '1' at 'memorySize' failed to satisfy constraint: Member must have value "
        "greater than or equal to 128; Value '0' at 'timeout' failed to satisfy constraint: Member must have value "
        "greater than or equal to 1"
    )


def test_what_is_missing_is_null() -> None:
    assert broken("CreateFunction", FunctionName="f", Code={}) == (
        "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null"
    )


def test_keys_and_values_of_a_map_are_told_together() -> None:
    told = broken(
        "CreateAlias", FunctionName="f", Name="live", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 2.0}},
    )  # fmt: skip

    where = "Value '{$LATEST=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint:"
    keys, values = told.removeprefix("2 validation errors detected: ").split("; ")
    assert keys == (
        f"{where} Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must "
        "have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must "
        "not be null]"
    )
    assert values == (
        f"{where} Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
        "have value greater than or equal to 0.0, Member must not be null]"
    )


def test_members_of_a_list_are_told_together() -> None:
    told = broken("CreateFunction", **{**GIVEN, "Layers": ["x", "y"]})

    assert told.startswith(
        "1 validation error detected: Value '[x, y]' at 'layers' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must have length less than or equal to "
    )


def test_members_told_elsewhere_are_let_pass() -> None:
    shape = SimpleNamespace(required_members=["A"], members={})

    check_constraints(shape, {}, but=("A",))
