"""Layers: published versions of folders that functions find under /opt, and who may use them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.access.permissions import Policy, permission
from app.core.awslambda.deployment import Code, LayerUse, revision_id
from app.core.commands.deployments import (
    AddLayerPermission,
    DeleteLayerVersion,
    PublishLayerVersion,
    RemoveLayerPermission,
)
from app.core.errors import InvalidParameterValue, PreconditionFailed, ResourceNotFound
from app.core.facts import Configured, Effect
from app.core.names import Arn, Scope, parse_arn
from app.core.time import Instant

_BELOW_ONE = "Layer Version Cannot be less than 1"
_LAYER_REVISION = (
    "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the "
    "latest Revision Id"
)


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """`layer` is the layer's ARN; `about` has AWS's members that are told again as they came."""

    layer: Arn
    number: int
    code: Code
    created_at: Instant
    about: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    @property
    def arn(self) -> Arn:
        return f"{self.layer}:{self.number}"

    @property
    def name(self) -> str:
        return self.layer.rpartition(":")[2]

    @property
    def policy_revision(self) -> str:
        return revision_id(self.arn, self.policy.document)


@dataclass(slots=True)
class _Layer:
    versions: dict[int, LayerVersion] = field(default_factory=dict)
    published: int = 0


@dataclass(slots=True)
class Layers:
    """All layers by ARN; effects go to `outbox`."""

    outbox: list[Effect]
    _layers: dict[Arn, _Layer] = field(default_factory=dict)

    # Reading --------------------------------------------------------------------------------------------

    def version(self, layer: Arn, number: int) -> LayerVersion:
        """Raises ResourceNotFound, InvalidParameterValue."""
        if number < 1:
            raise InvalidParameterValue(_BELOW_ONE)
        found = self._layers.get(layer)
        if found is None or number not in found.versions:
            raise ResourceNotFound("The resource you requested does not exist.")
        return found.versions[number]

    def codes(self) -> Iterator[Code]:
        """Of every version that is there."""
        for layer in self._layers.values():
            for version in layer.versions.values():
                yield version.code

    def permitted(self, layer: Arn, number: int) -> LayerVersion:
        """The same where its policy is meant: what is not there is then told otherwise (recorded)."""
        try:
            return self.version(layer, number)
        except ResourceNotFound:
            raise ResourceNotFound(f"Layer version {layer}:{number} does not exist.") from None

    def versions(self, layer: Arn) -> list[LayerVersion]:
        """The newest first; none for a layer that is not there."""
        found = self._layers.get(layer)
        return sorted(found.versions.values(), key=lambda version: -version.number) if found else []

    def newest(self, scope: Scope) -> list[LayerVersion]:
        """The newest version of each layer that has one, by name."""
        newest = [self.versions(arn)[0] for arn, layer in self._layers.items() if layer.versions]
        return sorted(
            (version for version in newest if parse_arn(version.layer).scope == scope), key=lambda each: each.name
        )

    def used(self, arn: Arn) -> LayerUse:
        """The layer version as a function uses it. Raises InvalidParameterValue for one that is not there.

        One of another account is taken as it is: AWS's own layers and vendors' cannot be fetched from here.
        """
        layer, _, number = arn.rpartition(":")
        found = self._layers.get(layer)
        if found is not None and number.isdigit() and int(number) in found.versions:
            return LayerUse(arn, found.versions[int(number)].code)
        if found is None and self._is_elsewhere(layer):
            return LayerUse(arn)
        raise InvalidParameterValue(f"Layer version {arn} does not exist.")

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            PublishLayerVersion: self.publish,
            DeleteLayerVersion: self.delete,
            AddLayerPermission: self.add_permission,
            RemoveLayerPermission: self.remove_permission,
        }

    # Verbs ----------------------------------------------------------------------------------------------

    def publish(self, command: PublishLayerVersion, now: Instant) -> LayerVersion:
        layer = self._layers.setdefault(command.layer, _Layer())
        # A number is never given twice, not even after all versions were deleted (configuration-layers).
        layer.published += 1
        version = LayerVersion(command.layer, layer.published, command.code, now, command.about)
        layer.versions[version.number] = version
        self.outbox.append(Configured(f"layer {version.name}:{version.number} published"))
        return version

    def delete(self, command: DeleteLayerVersion, now: Instant) -> None:
        """Functions that use it keep it, as on AWS; one that is not there is no matter."""
        if command.number < 1:
            raise InvalidParameterValue(_BELOW_ONE)
        layer = self._layers.get(command.layer)
        if layer is not None and layer.versions.pop(command.number, None) is not None:
            self.outbox.append(Configured(f"layer {command.layer.rpartition(':')[2]}:{command.number} deleted"))

    def add_permission(self, command: AddLayerPermission, now: Instant) -> tuple[str, str]:
        """The statement's document, and the policy's revision."""
        version = self.permitted(command.layer, command.number)
        self._check_revision(version, command.parameters.get("RevisionId"))
        statement = permission(command.parameters, resource=version.arn)
        version = replace(version, policy=version.policy.with_statement(statement))
        self._layers[command.layer].versions[command.number] = version
        return statement.document, version.policy_revision

    def remove_permission(self, command: RemoveLayerPermission, now: Instant) -> None:
        version = self.permitted(command.layer, command.number)
        self._check_revision(version, command.revision_id)
        version = replace(version, policy=version.policy.without_statement(command.statement_id))
        self._layers[command.layer].versions[command.number] = version

    # Inside ---------------------------------------------------------------------------------------------

    def _check_revision(self, version: LayerVersion, known: str | None) -> None:
        if known and known != version.policy_revision:
            raise PreconditionFailed(_LAYER_REVISION)

    def _is_elsewhere(self, layer: Arn) -> bool:
        """Whether nobody here has published in the layer's account."""
        try:
            account = parse_arn(layer).account
        except ValueError:
            return False
        # A twelve-digit account of zeros is ours unless told otherwise; vendors have others.
        return account != "0" * 12 and all(parse_arn(known).account != account for known in self._layers)
