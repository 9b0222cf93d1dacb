"""Functions as they are deployed: created, updated, published as versions, named by aliases, permitted and tagged.

What runs is in `functions.py`; this is the history and the paperwork of it. A function that the settings declare has
both too, but keeps its endpoint: its versions and aliases run what the settings say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any

from app.core.aliases import Alias, aliased
from app.core.commands import DeleteFunction, PutFunction, SettleWarming
from app.core.commands.deployments import (
    AddFunctionPermission,
    CreateAlias,
    CreateFunction,
    DeleteAlias,
    DeleteVersion,
    PublishVersion,
    PutProvisionedConcurrency,
    RemoveFunctionPermission,
    TagFunction,
    UntagFunction,
    UpdateAlias,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
)
from app.core.deployment import access_key_ids_of, revision_id
from app.core.errors import (
    InvalidParameterValue,
    PreconditionFailed,
    ProvisionedConcurrencyNotFound,
    ResourceConflict,
    ResourceNotFound,
)
from app.core.facts import Configured, Effect, EnvironmentsProvisioned, ReleaseEndpoint, WarmEnvironments
from app.core.function import Function, FunctionSpec
from app.core.function_parameters import check_package, configured, created
from app.core.functions import Functions, Route
from app.core.layers import Layers
from app.core.limits import Limits
from app.core.names import LATEST, Arn, name_of
from app.core.permissions import Policy, allows, permission
from app.core.provisioned import ProvisionedConcurrency
from app.core.time import Instant
from app.core.value import value

_TAGS_MOST = 50
_NO_VERSION = "The function resource provided must be an alias or a published version."
_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."


@value(frozen=True, slots=True)
class Described:
    """One version as GetFunction tells of it. `version` is a number or `$LATEST`."""

    spec: FunctionSpec
    version: str
    revision_id: str
    modified_at: Instant
    is_pending: bool = False
    is_updating: bool = False


@dataclass(slots=True)
class Version:
    """`source` is what `$LATEST` was when it was published."""

    spec: FunctionSpec
    source: FunctionSpec
    modified_at: Instant
    revision: int = 0


@dataclass(slots=True)
class Family:
    """All there is of one function. `policies` and `provisioned` are by qualifier, "" for none.

    `pending_until` and `updating_until` are when a transition ends by the clock.
    """

    modified_at: Instant
    revision: int = 0
    published: int = 0
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    provisioned: dict[str, ProvisionedConcurrency] = field(default_factory=dict)
    warm: dict[Arn, int] = field(default_factory=dict)
    """How many environments were wished to be warm, by function or version at work."""
    pending_until: Instant | None = None
    updating_until: Instant | None = None


@dataclass(slots=True)
class Deployments:
    """The families of functions by unqualified ARN; effects go to `outbox`."""

    limits: Limits
    outbox: list[Effect]
    functions: Functions
    layers: Layers
    _families: dict[Arn, Family] = field(default_factory=dict)
    _transitions: list[tuple[Instant, Arn]] = field(default_factory=list)

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
            AddFunctionPermission: self.add_permission,
            RemoveFunctionPermission: self.remove_permission,
            TagFunction: self.tag,
            UntagFunction: self.untag,
            PutProvisionedConcurrency: self.put_provisioned,
            SettleWarming: self.settle_warming,
        }

    # Reading --------------------------------------------------------------------------------------------

    def describe(self, function: Arn, qualifier: str | None = None) -> Described:
        """Raises ResourceNotFound for a function, a version or an alias that is not there."""
        family = self._family(function, qualifier)
        if qualifier in family.aliases:
            qualifier = family.aliases[qualifier].version
        if qualifier in (None, LATEST):
            return self._latest(function)
        version = family.versions.get(qualifier)
        if version is None:
            raise ResourceNotFound(f"Function not found: {function}:{qualifier}")
        return Described(
            version.spec, qualifier, revision_id(function, qualifier, version.revision), version.modified_at
        )

    def versions(self, function: Arn) -> list[Described]:
        """`$LATEST`, and the published ones in their order. Raises ResourceNotFound."""
        family = self._family(function)
        return [self._latest(function), *(self.describe(function, number) for number in family.versions)]

    def aliases(self, function: Arn) -> list[Alias]:
        """By name. Raises ResourceNotFound."""
        return sorted(self._family(function).aliases.values(), key=lambda alias: alias.name)

    def alias(self, function: Arn, name: str) -> Alias:
        """Raises ResourceNotFound."""
        found = self._family(function).aliases.get(name)
        if found is None:
            raise ResourceNotFound(f"Cannot find alias arn: {function}:{name}")
        return found

    def tags(self, function: Arn) -> Mapping[str, str]:
        return self._family(function).tags

    def policy(self, function: Arn, qualifier: str | None) -> tuple[Policy, str]:
        """The resource policy and its revision id. Raises ResourceNotFound where there is none."""
        family = self._family(function)
        self._check_qualifier(family, function, qualifier)
        policy = family.policies.get(qualifier or "")
        if not policy:
            raise ResourceNotFound("The resource you requested does not exist.")
        return policy, revision_id(function, qualifier, policy.document)

    def provisioned(self, function: Arn, qualifier: str) -> ProvisionedConcurrency:
        """Raises ResourceNotFound, InvalidParameterValue, ProvisionedConcurrencyNotFound."""
        if qualifier == LATEST:
            raise InvalidParameterValue(_NO_VERSION)
        family = self._qualified_family(function, qualifier)
        found = family.provisioned.get(qualifier)
        if found is None:
            raise ProvisionedConcurrencyNotFound
        return found

    def all_provisioned(self, function: Arn) -> Mapping[str, ProvisionedConcurrency]:
        return self._family(function).provisioned

    def count(self) -> int:
        """How many functions were deployed over the API."""
        return sum(function.spec.deployment is not None for function in self.functions.all())

    def permits(
        self,
        function_arn: Arn,
        principal: str,
        source_arn: Arn | None,
        source_account: str | None = None,
        action: str = "lambda:InvokeFunction",
        context: Mapping[str, str] | None = None,
    ) -> bool:
        """Whether a service may invoke the function as it is named, for that source.

        A function of the settings permits all: its triggers are declared beside it.
        """
        arn, qualifier = _split(function_arn)
        function, family = self.functions.get(arn), self._families.get(arn)
        if function is None or family is None or function.spec.deployment is None:
            return True
        policy = family.policies.get(qualifier, Policy())
        return allows(policy, principal, action, source_arn, source_account, context)

    # Functions ------------------------------------------------------------------------------------------

    def declare(self, command: PutFunction, now: Instant) -> None:
        """A function whose endpoint is somebody else's matter."""
        self.functions.put(command, now)
        family = self._families.setdefault(command.spec.arn, Family(now))
        family.modified_at, family.revision = now, family.revision + 1
        if family.warm.pop(command.spec.arn, 0):
            # Its endpoint is a new one.
            self._warm(family, self.functions[command.spec.arn], now)

    def create(self, command: CreateFunction, now: Instant) -> Described:
        arn, given = command.function, command.parameters
        if self.functions.get(arn) is not None:
            raise ResourceConflict(f"Function already exist: {name_of(arn)}")
        environments = command.code.environments or self.limits.function_environments
        spec = FunctionSpec(arn, environments=environments, access_key_ids=access_key_ids_of(arn, environments))
        spec = created(spec, given, command.code, self.layers.used)
        tags = _tagged({}, given.get("Tags") or {})
        self.functions.put(PutFunction(spec), now)
        family = self._families[arn] = Family(now, tags=tags)
        if self.limits.function_transition_ms:
            family.pending_until = now + self.limits.function_transition_ms
            self._await(family.pending_until, arn)
        told = self._latest(arn)
        if given.get("Publish"):
            told = self.describe(arn, self._publish(family, arn, "", now))
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
            return replace(self._latest(arn), spec=replace(spec, deployment=deployment))
        self._change(family, replace(spec, deployment=deployment), now)
        if given.get("Publish"):
            return self.describe(arn, self._publish(family, arn, "", now))
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
        return self.describe(arn, self._publish(family, arn, given.get("Description") or "", now))

    def delete_function(self, command: DeleteFunction, now: Instant) -> None:
        self.delete(DeleteVersion(command.function), now)

    def delete(self, command: DeleteVersion, now: Instant) -> None:
        """Forget the function with all its versions, or one version of it."""
        arn, number = command.function, command.qualifier
        if number == LATEST:
            raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
        family = self._family(arn)
        if number is None:
            for version in list(family.versions):
                self._remove_version(arn, version, now)
            for name in family.aliases:
                self.functions.route(f"{arn}:{name}", None)
            self._release(self.functions[arn].spec)
            self.functions.delete(DeleteFunction(arn), now)
            del self._families[arn]
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
            self._remove_version(arn, number, now)

    # Aliases --------------------------------------------------------------------------------------------

    def create_alias(self, command: CreateAlias, now: Instant) -> Alias:
        arn, given = command.function, command.parameters
        family = self._family(arn, given["FunctionVersion"])
        name = given["Name"]
        if name in family.aliases:
            raise ResourceConflict(f"Alias already exists: {arn}:{name}")
        alias = aliased(Alias(name, given["FunctionVersion"]), given, self._version_check(family, arn))
        return self._keep(family, arn, alias, now)

    def update_alias(self, command: UpdateAlias, now: Instant) -> Alias:
        arn, given = command.function, command.parameters
        family = self._family(arn)
        alias = family.aliases.get(command.name)
        if alias is None:
            raise ResourceNotFound(f"Alias not found: {arn}:{command.name}")
        self._check_revision(given, alias_revision(arn, alias))
        return self._keep(family, arn, aliased(alias, given, self._version_check(family, arn)), now)

    def delete_alias(self, command: DeleteAlias, now: Instant) -> None:
        """One that is not there is no matter (recorded: 204)."""
        family = self._family(command.function)
        if family.aliases.pop(command.name, None) is not None:
            family.policies.pop(command.name, None)
            family.provisioned.pop(command.name, None)
            self.functions.route(f"{command.function}:{command.name}", None)
            self._apply_provisioned(family, command.function, now)
            self._note(command.function, f"alias {command.name} deleted")

    # Permissions, tags, provisioned concurrency ---------------------------------------------------------

    def add_permission(self, command: AddFunctionPermission, now: Instant) -> str:
        """The statement's document."""
        arn, qualifier, given = command.function, command.qualifier, command.parameters
        if qualifier == LATEST:
            raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
        family = self._family(arn)
        self._check_qualifier(family, arn, qualifier)
        self._check_revision(given, self._revision_for_policy(family, arn, qualifier))
        statement = permission(given, resource=f"{arn}:{qualifier}" if qualifier else arn)
        key = qualifier or ""
        family.policies[key] = family.policies.get(key, Policy()).with_statement(statement)
        self._revise(family, arn, qualifier)
        self._note(arn, f"permission {statement.sid} added")
        return statement.document

    def remove_permission(self, command: RemoveFunctionPermission, now: Instant) -> None:
        arn, qualifier = command.function, command.qualifier
        family = self._families.get(arn)
        if family is None:
            raise ResourceNotFound(f"No policy found for: {arn}")
        self._check_qualifier(family, arn, qualifier)
        key = qualifier or ""
        policy = family.policies.get(key, Policy()).without_statement(command.statement_id)
        self._check_revision({"RevisionId": command.revision_id}, self._revision_for_policy(family, arn, qualifier))
        if policy.statements:
            family.policies[key] = policy
        else:
            del family.policies[key]
        self._revise(family, arn, qualifier)
        self._note(arn, f"permission {command.statement_id} removed")

    def tag(self, command: TagFunction, now: Instant) -> None:
        family = self._family(command.function)
        family.tags = _tagged(family.tags, command.tags)
        family.revision += 1

    def untag(self, command: UntagFunction, now: Instant) -> None:
        family = self._family(command.function)
        family.tags = {key: text for key, text in family.tags.items() if key not in command.keys}
        family.revision += 1

    def put_provisioned(self, command: PutProvisionedConcurrency, now: Instant) -> ProvisionedConcurrency | None:
        """Raises in the words of spec E."""
        arn, qualifier = command.function, command.qualifier
        if qualifier == LATEST:
            raise InvalidParameterValue(_NO_VERSION if command.requested is None else _UNPUBLISHED)
        family = self._qualified_family(arn, qualifier)
        if command.requested is None:
            family.provisioned.pop(qualifier, None)
            self._apply_provisioned(family, arn, now)
            return None
        self._check_provisioned(family, arn, qualifier, command.requested)
        ready_at = now + self.limits.provisioned_transition_ms
        config = family.provisioned[qualifier] = ProvisionedConcurrency(command.requested, now, ready_at)
        self._apply_provisioned(family, arn, now)
        self._note(arn, f"provisioned concurrency of {qualifier} is {command.requested}")
        return config

    def settle_warming(self, command: SettleWarming, now: Instant) -> None:
        """What came of starting the environments of a function or version; an answer that is out of date is let go."""
        at_work = self.functions.exactly(command.function)
        family = self._families.get(at_work.arn) if at_work is not None else None
        if at_work is None or family is None or family.warm.get(command.function) != command.wanted:
            return
        for qualifier, config in list(family.provisioned.items()):
            alias = family.aliases.get(qualifier)
            version = qualifier if alias is None else alias.version
            if self.functions.get(f"{at_work.arn}:{version}") is not at_work:
                continue
            ready = min(command.ready, config.requested)
            family.provisioned[qualifier] = replace(config, warmed=ready, failure=command.failure)
            self.outbox.append(EnvironmentsProvisioned(at_work.arn, version, config.requested, ready, command.failure))
            if command.failure is not None:
                at_work.main.provisioned = {**at_work.main.provisioned, version: 0}
        self.functions.changed(at_work.main, now)

    # Time -----------------------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        return self._transitions[0][0] if self._transitions else None

    def wake(self, now: Instant) -> None:
        """Let transitions end: what was Pending is Active, what was InProgress is Successful."""
        while self._transitions and self._transitions[0][0] <= now:
            _, arn = heappop(self._transitions)
            family = self._families.get(arn)
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

    # Inside ---------------------------------------------------------------------------------------------

    def _family(self, function: Arn, qualifier: str | None = None) -> Family:
        family = self._families.get(function)
        if family is None:
            named = f"{function}:{qualifier}" if qualifier else function
            raise ResourceNotFound(f"Function not found: {named}")
        return family

    def _qualified_family(self, function: Arn, qualifier: str) -> Family:
        """The family with this version or alias, which is looked for first: also what is no function lacks it."""
        family = self._families.get(function)
        self._check_qualifier(family or Family(0), function, qualifier)
        return self._family(function)

    def _latest(self, arn: Arn) -> Described:
        family = self._families[arn]
        return Described(
            self.functions[arn].spec, LATEST, revision_id(arn, family.revision), family.modified_at,
            family.pending_until is not None, family.updating_until is not None,
        )  # fmt: skip

    def _changeable(self, arn: Arn, given: Mapping[str, Any]) -> tuple[Family, FunctionSpec]:
        """Raises ResourceNotFound, ResourceConflict while a transition is under way, PreconditionFailed."""
        family = self._family(arn)
        if family.pending_until is not None:
            raise ResourceConflict(
                "The operation cannot be performed at this time. The function is currently in the following state: "
                "Pending"
            )
        if family.updating_until is not None:
            raise ResourceConflict(
                "The operation cannot be performed at this time. An update is in progress for resource: " + arn
            )
        self._check_revision(given, revision_id(arn, family.revision))
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
        told = replace(self._latest(arn), is_updating=True)
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
        self._apply_provisioned(family, arn, now)
        self._note(arn, f"alias {alias.name} is version {alias.version}")
        return alias

    def _version_check(self, family: Family, arn: Arn) -> Callable[[str], None]:
        def check(version: str) -> None:
            if version != LATEST and version not in family.versions:
                raise ResourceNotFound(f"Function not found: {arn}:{version}")

        return check

    def _check_qualifier(self, family: Family, arn: Arn, qualifier: str | None) -> None:
        if qualifier is None or qualifier == LATEST or qualifier in family.versions or qualifier in family.aliases:
            return
        if qualifier.isdigit():
            raise ResourceNotFound(f"Function not found: {arn}:{qualifier}")
        raise ResourceNotFound(f"Cannot find alias arn: {arn}:{qualifier}")

    def _revision_for_policy(self, family: Family, arn: Arn, qualifier: str | None) -> str:
        if qualifier in family.aliases:
            return alias_revision(arn, family.aliases[qualifier])
        return self.describe(arn, qualifier).revision_id

    def _revise(self, family: Family, arn: Arn, qualifier: str | None) -> None:
        """A change of a policy is a new revision of what it is of."""
        if qualifier is None:
            family.revision += 1
        elif qualifier in family.aliases:
            alias = family.aliases[qualifier]
            family.aliases[qualifier] = replace(alias, revision=alias.revision + 1)
        else:
            family.versions[qualifier].revision += 1

    def _check_revision(self, given: Mapping[str, Any], latest: str) -> None:
        known = given.get("RevisionId")
        if known and known != latest:
            raise PreconditionFailed

    def _check_provisioned(self, family: Family, arn: Arn, qualifier: str, requested: int) -> None:
        alias = family.aliases.get(qualifier)
        if alias is not None and alias.version in family.provisioned:
            raise ResourceConflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        if alias is not None and alias.version == LATEST:
            raise InvalidParameterValue(_UNPUBLISHED)
        if any(qualifier == other.version and other.name in family.provisioned for other in family.aliases.values()):
            raise ResourceConflict("Version is pointed by a Provisioned Concurrency alias")
        version = qualifier if alias is None else alias.version
        self.functions.concurrency.check_provisioned(arn, version, requested)

    def _apply_provisioned(self, family: Family, arn: Arn, now: Instant) -> None:
        """Let what is provisioned hold for each version: by its own number, or by an alias that points to it."""
        wanted = {number: config.requested for number, config in family.provisioned.items() if number.isdigit()}
        for alias in family.aliases.values():
            if alias.name in family.provisioned:
                wanted[alias.version] = family.provisioned[alias.name].requested
        function = self.functions[arn]
        if function.provisioned != wanted:
            function.provisioned = wanted
            self._warm(family, function, now)
            self.functions.changed(function, now)

    def _warm(self, family: Family, function: Function, now: Instant) -> None:
        """Wish that as many environments are started as are provisioned, where that has changed."""
        wanted: dict[Arn, int] = {}
        for version, count in function.provisioned.items():
            at_work = self.functions.get(f"{function.arn}:{version}")
            if at_work is not None:
                wanted[at_work.spec.arn] = wanted.get(at_work.spec.arn, 0) + count
        for member in function.members:
            arn = member.spec.arn
            count = wanted.get(arn, 0)
            if count == family.warm.get(arn, 0):
                continue
            family.warm[arn] = count
            if count > member.spec.environments and _are_our_processes(member.spec):
                self.functions.grow(member, count)
            if member.spec.script is None:
                self.outbox.append(WarmEnvironments(arn, count, member.spec.access_key_ids))
            else:
                self.settle_warming(SettleWarming(arn, count, count), now)

    def _await(self, at: Instant, arn: Arn) -> None:
        heappush(self._transitions, (at, arn))
        self.functions[arn].is_pending = self._families[arn].pending_until is not None

    def _note(self, arn: Arn, words: str) -> None:
        self.outbox.append(Configured(f"function {name_of(arn)}: {words}", function=arn))


def _are_our_processes(spec: FunctionSpec) -> bool:
    """Whether there can be more environments by saying so."""
    return bool(spec.access_key_ids) and spec.access_key_ids == access_key_ids_of(spec.arn, spec.environments)


def alias_revision(function: Arn, alias: Alias) -> str:
    return revision_id(function, alias.name, alias.revision)


def _is_like(source: FunctionSpec, latest: FunctionSpec) -> bool:
    """Whether `$LATEST` has the code and configuration of what a version was published from."""
    return latest == replace(
        source, reserved_concurrency=latest.reserved_concurrency, recursive_loop=latest.recursive_loop
    )


def _versioned(arn: Arn, version: str) -> Arn:
    return arn if version == LATEST else f"{arn}:{version}"


def _split(function_arn: Arn) -> tuple[Arn, str]:
    """The unqualified ARN and the qualifier, "" for none and for `$LATEST`."""
    parts = function_arn.split(":")
    qualifier = ":".join(parts[7:])
    return ":".join(parts[:7]), "" if qualifier == LATEST else qualifier


def _tagged(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    tags = {**before, **given}
    if len(tags) > _TAGS_MOST:
        raise InvalidParameterValue("Number of tags exceeds resource tag limit.")
    return tags
