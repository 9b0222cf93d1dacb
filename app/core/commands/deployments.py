"""What can be asked of functions as they are deployed: code, versions, aliases, layers, permissions, tags."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.core.awslambda.deployment import Code
from app.core.names import Arn
from app.core.value import value


@value(frozen=True, slots=True)
class CreateFunction:
    """`parameters` has AWS's names and JSON values. Answers `Described`."""

    function: Arn
    parameters: Mapping[str, Any]
    code: Code


@value(frozen=True, slots=True)
class UpdateFunctionCode:
    """Answers `Described`, of the version that was published if `Publish` is given."""

    function: Arn
    parameters: Mapping[str, Any]
    code: Code


@value(frozen=True, slots=True)
class UpdateFunctionConfiguration:
    function: Arn
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class PublishVersion:
    """Answers `Described`: the version that is new, or the latest one where nothing changed since."""

    function: Arn
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeleteVersion:
    """The whole function without a qualifier."""

    function: Arn
    qualifier: str | None = None


@value(frozen=True, slots=True)
class CreateAlias:
    """`parameters` has AWS's names: `Name`, `FunctionVersion`, `RoutingConfig`, …. Answers the `Alias`."""

    function: Arn
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class UpdateAlias:
    function: Arn
    name: str
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeleteAlias:
    function: Arn
    name: str


@value(frozen=True, slots=True)
class AddFunctionPermission:
    """Answers the statement's document."""

    function: Arn
    qualifier: str | None
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class RemoveFunctionPermission:
    function: Arn
    qualifier: str | None
    statement_id: str
    revision_id: str | None = None


@value(frozen=True, slots=True)
class TagFunction:
    function: Arn
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagFunction:
    function: Arn
    keys: tuple[str, ...]


@value(frozen=True, slots=True)
class PutRuntimeManagement:
    """When the runtime of a version is updated: Auto, FunctionUpdate or Manual, then with the ARN of a runtime version.
    Nothing comes of it here but that it is told again. Answers both."""

    function: Arn
    qualifier: str
    update_on: str
    runtime_version: Arn | None = None


@value(frozen=True, slots=True)
class PutProvisionedConcurrency:
    """None takes it away. Answers the `ProvisionedConcurrency`."""

    function: Arn
    qualifier: str
    requested: int | None


@value(frozen=True, slots=True)
class PublishLayerVersion:
    """`layer` is the layer's ARN; `about` has AWS's names. Answers the `LayerVersion`."""

    layer: Arn
    code: Code
    about: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeleteLayerVersion:
    layer: Arn
    number: int


@value(frozen=True, slots=True)
class AddLayerPermission:
    """Answers the statement's document and the policy's revision."""

    layer: Arn
    number: int
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class RemoveLayerPermission:
    layer: Arn
    number: int
    statement_id: str
    revision_id: str | None = None


DeploymentCommand: TypeAlias = (
    CreateFunction
    | UpdateFunctionCode
    | UpdateFunctionConfiguration
    | PublishVersion
    | DeleteVersion
    | CreateAlias
    | UpdateAlias
    | DeleteAlias
    | AddFunctionPermission
    | RemoveFunctionPermission
    | TagFunction
    | UntagFunction
    | PutRuntimeManagement
    | PutProvisionedConcurrency
    | PublishLayerVersion
    | DeleteLayerVersion
    | AddLayerPermission
    | RemoveLayerPermission
)
