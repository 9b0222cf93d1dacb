"""Layers: versions that are numbered once, who uses them, and what their policies say."""

import pytest

from app.core.awslambda.deployment import Code, LayerUse
from app.core.awslambda.layers import LayerVersion
from app.core.commands import AddLayerPermission, DeleteLayerVersion, PublishLayerVersion, RemoveLayerPermission
from app.core.errors import InvalidParameterValue, PreconditionFailed, ResourceNotFound
from tests.core.stage import NOON, SCOPE, Stage

TOOLS = "arn:aws:lambda:us-east-1:000000000000:layer:tools"
EVERYBODY = {"StatementId": "s1", "Action": "lambda:GetLayerVersion", "Principal": "*"}


def publish(stage: Stage, layer: str = TOOLS, code: str = "sha") -> LayerVersion:
    version: LayerVersion = stage.submit(PublishLayerVersion(layer, Code(code, 10), {"Description": "tools"}))
    return version


def test_versions_are_numbered_and_listed_with_the_newest_first() -> None:
    stage = Stage()
    first, second = publish(stage), publish(stage, code="sha2")

    assert (first.arn, first.created_at) == (f"{TOOLS}:1", NOON)
    assert [version.number for version in stage.world.layers.versions(TOOLS)] == [2, 1]
    assert stage.world.layers.newest(SCOPE) == [second]


def test_a_number_is_never_given_twice() -> None:
    stage = Stage()
    publish(stage)
    stage.submit(DeleteLayerVersion(TOOLS, 1))

    assert publish(stage).number == 2
    with pytest.raises(ResourceNotFound):
        stage.world.layers.version(TOOLS, 1)


def test_deleting_what_is_not_there_is_no_matter_but_a_number_below_one_is_none() -> None:
    stage = Stage()
    stage.submit(DeleteLayerVersion(TOOLS, 7))

    with pytest.raises(InvalidParameterValue, match=r"Layer Version Cannot be less than 1$"):
        stage.submit(DeleteLayerVersion(TOOLS, 0))


def test_a_function_uses_a_version_that_is_there_or_anothers_account() -> None:
    stage = Stage()
    version = publish(stage)
    elsewhere = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:4"

    assert stage.world.layers.used(version.arn) == LayerUse(version.arn, Code("sha", 10))
    assert stage.world.layers.used(elsewhere) == LayerUse(elsewhere)
    with pytest.raises(InvalidParameterValue, match=rf"Layer version {TOOLS}:7 does not exist\."):
        stage.world.layers.used(f"{TOOLS}:7")


def test_its_policy_is_its_own_and_has_revisions() -> None:
    stage = Stage()
    publish(stage)
    _, revision = stage.submit(AddLayerPermission(TOOLS, 1, EVERYBODY))

    with pytest.raises(PreconditionFailed):
        stage.submit(RemoveLayerPermission(TOOLS, 1, "s1", "another"))
    stage.submit(RemoveLayerPermission(TOOLS, 1, "s1", revision))

    assert stage.world.layers.version(TOOLS, 1).policy.statements == ()
