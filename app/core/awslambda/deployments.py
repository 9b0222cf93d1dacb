"""Functions as they are deployed: created, updated, published as versions, named by aliases, deleted.

What runs is in `functions.py`, the history of it in `families.py`. A function that the settings declare has one too,
but keeps its endpoint: its versions and aliases run what the settings say.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any

from app.core.awslambda.aliases import Alias, aliased
from app.core.awslambda.deployment import Code, access_key_ids_of, revision_id
from app.core.awslambda.families import Described, Families, Family, Version, alias_revision
from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.function_papers import check_revision, tagged
from app.core.awslambda.function_parameters import check_package, configured, created
from app.core.awslambda.functions import Functions, Route
from app.core.awslambda.layers import Layers
from app.core.awslambda.provisioning import Provisioning
from app.core.commands import DeleteFunction, PutFunction
from app.core.commands.deployments import (
    CreateAlias,
    CreateFunction,
    DeleteAlias,
    DeleteVersion,
    PublishVersion,
    UpdateAlias,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
)
from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.facts import Configured, Effect, ReleaseEndpoint
from app.core.limits import Limits
from app.core.names import LATEST, Arn, name_of
from app.core.time import Instant


@dataclass(slots=True)
class Deployments:
    """Deploys functions with their `layers` into `families` and `functions`; effects go to `outbox`."""

    limits: Limits
    outbox: list[Effect]
    functions: Functions
    families: Families
    provisioning: Provisioning
    layers: Layers
    _transitions: list[tuple[Instant, Arn]] = field(default_factory=list)

    def codes(self) -> Iterator[Code]:
        """The packages of all functions, versions and layers."""
        yield from self.families.codes()
        yield from self.layers.codes()

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            PutFunction: self.declare,
            DeleteFunction: self.delete_function,
            CreateFunction: self.create,
            UpdateFunctionCode: self.update_code,
            UpdateFunctionConfiguration: self.update_configuration,
            PublishVersion: self.publish_version,
            DeleteVersion: self.delete,
            CreateAlias: self.create_alias,
            UpdateAlias: self.update_alias,
            DeleteAlias: self.delete_alias,
        }

    # Functions ------------------------------------------------------------------------------------------

    def declare(self, command: PutFunction, now: Instant) -> None:
        """A function whose endpoint is somebody else's matter."""
        self.functions.put(command, now)
        family = self.families.all.setdefault(command.spec.arn, Family(now))
        family.modified_at, family.revision = now, family.revision + 1
        self.provisioning.declared_anew(command.spec.arn, now)

    def create(self, command: CreateFunction, now: Instant) -> Described:
        arn, given = command.function, command.parameters
        if self.functions.get(arn) is not None:
            raise ResourceConflict(f"Function already exist: {name_of(arn)}")
        environments = command.code.environments or self.limits.function_environments
        spec = FunctionSpec(arn, environments=environments, access_key_ids=access_key_ids_of(arn, environments))
        spec = created(spec, given, command.code, self.layers.used)
        tags = tagged({}, given.get("Tags") or {})
        self.functions.put(PutFunction(spec), now)
        family = self.families.all[arn] = Family(now, tags=tags)
        if self.limits.function_transition_ms:
            family.pending_until = now + self.limits.function_transition_ms
            self._await(family.pending_until, arn)
        told = self.families.latest(arn)
        if given.get("Publish"):
            told = self.families.describe(arn, self._publish(family, arn, "", now))
        self._settle_at_once(family)
        return replace(told, is_pending=True)

    def update_code(self, command: UpdateFunctionCode, now: Instant) -> Described:
        arn, given = command.function, command.parameters
        family, spec = self._changeable(arn, given)
        if spec.deployment is None:
            raise InvalidParameterValue(
                f"The code of {name_of(arn)} is where its settings say; it cannot be uploaded over the API."
            )
        architectures = tuple(given.get("Architectures") or spec.deployment.architectures)
        check_package(spec.deployment.package_type, command.code, "updating")
        deployment = replace(spec.deployment, code=command.code, architectures=architectures)
        if command.code.environments:
            spec = replace(
                spec, environments=command.code.environments,
                access_key_ids=access_key_ids_of(arn, command.code.environments),
            )  # fmt: skip
        if given.get("DryRun"):
            return replace(self.families.latest(arn), spec=replace(spec, deployment=deployment))
        self._change(family, replace(spec, deployment=deployment), now)
        if given.get("Publish"):
            return self.families.describe(arn, self._publish(family, arn, "", now))
        return self._updating(family, arn)

    def update_configuration(self, command: UpdateFunctionConfiguration, now: Instant) -> Described:
        family, spec = self._changeable(command.function, command.parameters)
        self._change(family, configured(spec, command.parameters, self.layers.used), now)
        return self._updating(family, command.function)

    def publish_version(self, command: PublishVersion, now: Instant) -> Described:
        arn, given = command.function, command.parameters
        family, spec = self._changeable(arn, given)
        asked, actual = given.get("CodeSha256"), spec.deployment.code.sha256 if spec.deployment else ""
        if asked and asked != actual:
            raise InvalidParameterValue(
                f"CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({actual}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        return self.families.describe(arn, self._publish(family, arn, given.get("Description") or "", now))

    def delete_function(self, command: DeleteFunction, now: Instant) -> None:
        self.delete(DeleteVersion(command.function), now)

    def delete(self, command: DeleteVersion, now: Instant) -> None:
        """Forget the function with all its versions, or one version of it."""
        arn, number = command.function, command.qualifier
        if number == LATEST:
            raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
        family = self.families.family(arn)
        if number is None:
            for version in list(family.versions):
                self._remove_version(arn, version, now)
            for name in family.aliases:
                self.functions.route(f"{arn}:{name}", None)
            self._release(self.functions[arn].spec)
            self.functions.delete(DeleteFunction(arn), now)
            del self.families.all[arn]
            return
        if not number.isdigit():
            raise InvalidParameterValue("Deletion of aliases is not currently supported.")
        users = sorted(alias.name for alias in family.aliases.values() if number in alias.versions)
        if users:
            raise ResourceConflict(
                f"Unable to delete version because the following aliases reference it: [{', '.join(users)}]"
            )
        if family.versions.pop(number, None) is not None:
            family.policies.pop(number, None)
            family.provisioned.pop(number, None)
            family.preparing.pop(number, None)
            family.runtime_management.pop(number, None)
            self._remove_version(arn, number, now)

    # Aliases --------------------------------------------------------------------------------------------

    def create_alias(self, command: CreateAlias, now: Instant) -> Alias:
        arn, given = command.function, command.parameters
        family = self.families.family(arn, given["FunctionVersion"])
        name = given["Name"]
        if name in family.aliases:
            raise ResourceConflict(f"Alias already exists: {arn}:{name}")
        alias = aliased(Alias(name, given["FunctionVersion"]), given, self._version_check(family, arn))
        return self._keep(family, arn, alias, now)

    def update_alias(self, command: UpdateAlias, now: Instant) -> Alias:
        arn, given = command.function, command.parameters
        family = self.families.family(arn)
        alias = family.aliases.get(command.name)
        if alias is None:
            raise ResourceNotFound(f"Alias not found: {arn}:{command.name}")
        check_revision(given, alias_revision(arn, alias))
        return self._keep(family, arn, aliased(alias, given, self._version_check(family, arn)), now)

    def delete_alias(self, command: DeleteAlias, now: Instant) -> None:
        """One that is not there is no matter (recorded: 204)."""
        family = self.families.family(command.function)
        if family.aliases.pop(command.name, None) is not None:
            family.policies.pop(command.name, None)
            family.provisioned.pop(command.name, None)
            self.functions.route(f"{command.function}:{command.name}", None)
            self.provisioning.apply(family, command.function, now)
            self._note(command.function, f"alias {command.name} deleted")

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return self._transitions[0][0] if self._transitions else None

    def wake(self, now: Instant) -> None:
        """Let transitions end: what was Pending is Active, what was InProgress is Successful."""
        while self._transitions and self._transitions[0][0] <= now:
            _, arn = heappop(self._transitions)
            family = self.families.all.get(arn)
            if family is None:
                continue
            if family.pending_until is not None and family.pending_until <= now:
                family.pending_until = None
                family.revision += 1
                self.functions[arn].is_pending = False
                self._note(arn, "is active")
            if family.updating_until is not None and family.updating_until <= now:
                family.updating_until = None
                family.revision += 1
                self._note(arn, "is updated")
            for number in [number for number, until in family.preparing.items() if until <= now]:
                del family.preparing[number]
                version = self.functions.exactly(f"{arn}:{number}")
                if version is not None:
                    version.is_pending = False
                    self._note(arn, f"version {number} is active")

    # Inside ---------------------------------------------------------------------------------------------

    def _changeable(self, arn: Arn, given: Mapping[str, Any]) -> tuple[Family, FunctionSpec]:
        """Raises ResourceNotFound, ResourceConflict while a transition is under way, PreconditionFailed."""
        family = self.families.family(arn)
        if family.pending_until is not None:
            raise ResourceConflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        if family.updating_until is not None:
            raise ResourceConflict(
                "The operation cannot be performed at this time. An update is in progress for resource: " + arn
            )
        check_revision(given, revision_id(arn, family.revision))
        return family, self.functions[arn].spec

    def _change(self, family: Family, spec: FunctionSpec, now: Instant) -> None:
        self._release(spec)
        self.functions.put(PutFunction(spec), now)
        family.modified_at, family.revision = now, family.revision + 1
        if self.limits.function_transition_ms:
            family.updating_until = now + self.limits.function_transition_ms
            self._await(family.updating_until, spec.arn)

    def _updating(self, family: Family, arn: Arn) -> Described:
        """What an update answers: it is in progress, however short that is."""
        told = replace(self.families.latest(arn), is_updating=True)
        self._settle_at_once(family)
        return told

    def _settle_at_once(self, family: Family) -> None:
        """The end of a transition is a revision of its own (recorded), also where it takes no time."""
        if not self.limits.function_transition_ms:
            family.revision += 1

    def _publish(self, family: Family, arn: Arn, description: str, now: Instant) -> str:
        """The number of a version like `$LATEST`: the last one where nothing has changed since it was published."""
        latest = self.functions[arn].spec
        number = str(family.published)
        if number in family.versions and _is_like(family.versions[number].source, latest):
            return number
        family.published += 1
        number = str(family.published)
        qualified = f"{arn}:{number}"
        spec = replace(
            latest, arn=qualified, access_key_ids=access_key_ids_of(qualified, latest.environments),
            description=description or latest.description,
        )  # fmt: skip
        family.versions[number] = Version(spec, latest, now)
        if spec.deployment is None:
            self.functions.route(qualified, Route(arn))
        else:
            self.functions.put_version(spec, now)
            if self.limits.function_transition_ms and spec.deployment.has_snapshots:
                family.preparing[number] = now + self.limits.function_transition_ms
                self.functions[qualified].is_pending = True
                heappush(self._transitions, (family.preparing[number], arn))
        self._note(arn, f"version {number} published")
        return number

    def _remove_version(self, arn: Arn, number: str, now: Instant) -> None:
        qualified = f"{arn}:{number}"
        self.functions.route(qualified, None)
        version = self.functions.exactly(qualified)
        if version is not None:
            self._release(version.spec)
            self.functions.delete(DeleteFunction(qualified), now)

    def _release(self, spec: FunctionSpec) -> None:
        if spec.deployment is not None:
            self.outbox.append(ReleaseEndpoint(spec.arn))

    def _keep(self, family: Family, arn: Arn, alias: Alias, now: Instant) -> Alias:
        family.aliases[alias.name] = alias
        second = None if alias.second is None else _versioned(arn, alias.second)
        self.functions.route(f"{arn}:{alias.name}", Route(_versioned(arn, alias.version), second, alias.share))
        self.provisioning.apply(family, arn, now)
        self._note(arn, f"alias {alias.name} is version {alias.version}")
        return alias

    def _version_check(self, family: Family, arn: Arn) -> Callable[[str], None]:
        def check(version: str) -> None:
            if version != LATEST and version not in family.versions:
                raise ResourceNotFound(f"Function not found: {arn}:{version}")

        return check

    def _await(self, at: Instant, arn: Arn) -> None:
        heappush(self._transitions, (at, arn))
        self.functions[arn].is_pending = self.families.all[arn].pending_until is not None

    def _note(self, arn: Arn, words: str) -> None:
        self.outbox.append(Configured(f"function {name_of(arn)}: {words}", function=arn))


def _is_like(source: FunctionSpec, latest: FunctionSpec) -> bool:
    """Whether `$LATEST` has the code and configuration of what a version was published from."""
    return latest == replace(
        source, reserved_concurrency=latest.reserved_concurrency, recursive_loop=latest.recursive_loop
    )


def _versioned(arn: Arn, version: str) -> Arn:
    return arn if version == LATEST else f"{arn}:{version}"
