"""All there is of each function that was declared or deployed: versions, aliases, policies, tags, to be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.core.access.permissions import Policy, allows
from app.core.awslambda.aliases import Alias
from app.core.awslambda.deployment import Code, revision_id
from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.functions import Functions
from app.core.awslambda.provisioned import ProvisionedConcurrency
from app.core.errors import InvalidParameterValue, ProvisionedConcurrencyNotFound, ResourceNotFound
from app.core.names import LATEST, Arn
from app.core.time import Instant
from app.core.value import value

NO_VERSION = "The function resource provided must be an alias or a published version."


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
    runtime_management: dict[str, tuple[str, Arn | None]] = field(default_factory=dict)
    """When the runtime is updated, by qualifier, and the runtime version that was chosen by hand."""
    preparing: dict[str, Instant] = field(default_factory=dict)
    """Until when snapshots of published versions are made (SnapStart)."""


@dataclass(slots=True)
class Families:
    """The families of functions by unqualified ARN; what runs of them is in `functions`."""

    functions: Functions
    all: dict[Arn, Family] = field(default_factory=dict)

    # Reading --------------------------------------------------------------------------------------------

    def describe(self, function: Arn, qualifier: str | None = None) -> Described:
        """Raises ResourceNotFound for a function, a version or an alias that is not there."""
        family = self.family(function, qualifier)
        if qualifier in family.aliases:
            qualifier = family.aliases[qualifier].version
        if qualifier in (None, LATEST):
            return self.latest(function)
        version = family.versions.get(qualifier)
        if version is None:
            raise ResourceNotFound(f"Function not found: {function}:{qualifier}")
        return Described(
            version.spec, qualifier, revision_id(function, qualifier, version.revision), version.modified_at,
            is_pending=qualifier in family.preparing,
        )  # fmt: skip

    def versions(self, function: Arn) -> list[Described]:
        """`$LATEST`, and the published ones in their order. Raises ResourceNotFound."""
        family = self.family(function)
        return [self.latest(function), *(self.describe(function, number) for number in family.versions)]

    def codes(self) -> Iterator[Code]:
        """Of everything that is deployed, with its layers."""
        for arn, family in self.all.items():
            for spec in (self.functions[arn].spec, *(version.spec for version in family.versions.values())):
                if spec.deployment is not None:
                    yield spec.deployment.code
                    yield from (use.code for use in spec.deployment.layers if use.code is not None)

    def aliases(self, function: Arn) -> list[Alias]:
        """By name. Raises ResourceNotFound."""
        return sorted(self.family(function).aliases.values(), key=lambda alias: alias.name)

    def alias(self, function: Arn, name: str) -> Alias:
        """Raises ResourceNotFound."""
        found = self.family(function).aliases.get(name)
        if found is None:
            raise ResourceNotFound(f"Cannot find alias arn: {function}:{name}")
        return found

    def runtime_management(self, function: Arn, qualifier: str) -> tuple[str, Arn | None]:
        """Of `$LATEST` or a version. Raises ResourceNotFound."""
        family = self.family(function)
        self.check_qualifier(family, function, qualifier)
        return family.runtime_management.get(qualifier, ("Auto", None))

    def tags(self, function: Arn) -> Mapping[str, str]:
        return self.family(function).tags

    def policy(self, function: Arn, qualifier: str | None) -> tuple[Policy, str]:
        """The resource policy and its revision id. Raises ResourceNotFound where there is none."""
        family = self.family(function)
        self.check_qualifier(family, function, qualifier)
        policy = family.policies.get(qualifier or "")
        if not policy:
            raise ResourceNotFound("The resource you requested does not exist.")
        return policy, revision_id(function, qualifier, policy.document)

    def provisioned(self, function: Arn, qualifier: str) -> ProvisionedConcurrency:
        """Raises ResourceNotFound, InvalidParameterValue, ProvisionedConcurrencyNotFound."""
        if qualifier == LATEST:
            raise InvalidParameterValue(NO_VERSION)
        family = self.qualified(function, qualifier)
        found = family.provisioned.get(qualifier)
        if found is None:
            raise ProvisionedConcurrencyNotFound
        return found

    def all_provisioned(self, function: Arn) -> Mapping[str, ProvisionedConcurrency]:
        return self.family(function).provisioned

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
        arn, qualifier = _parts(function_arn)
        function, family = self.functions.get(arn), self.all.get(arn)
        if function is None or family is None or function.spec.deployment is None:
            return True
        policy = family.policies.get(qualifier, Policy())
        return allows(policy, principal, action, source_arn, source_account, context)

    def family(self, function: Arn, qualifier: str | None = None) -> Family:
        family = self.all.get(function)
        if family is None:
            named = f"{function}:{qualifier}" if qualifier else function
            raise ResourceNotFound(f"Function not found: {named}")
        return family

    def qualified(self, function: Arn, qualifier: str) -> Family:
        """The family with this version or alias, which is looked for first: also what is no function lacks it."""
        family = self.all.get(function)
        self.check_qualifier(family or Family(0), function, qualifier)
        return self.family(function)

    def latest(self, arn: Arn) -> Described:
        family = self.all[arn]
        return Described(
            self.functions[arn].spec, LATEST, revision_id(arn, family.revision), family.modified_at,
            family.pending_until is not None, family.updating_until is not None,
        )  # fmt: skip

    def check_qualifier(self, family: Family, arn: Arn, qualifier: str | None) -> None:
        if qualifier is None or qualifier == LATEST or qualifier in family.versions or qualifier in family.aliases:
            return
        if qualifier.isdigit():
            raise ResourceNotFound(f"Function not found: {arn}:{qualifier}")
        raise ResourceNotFound(f"Cannot find alias arn: {arn}:{qualifier}")


def alias_revision(function: Arn, alias: Alias) -> str:
    return revision_id(function, alias.name, alias.revision)


def _parts(function_arn: Arn) -> tuple[Arn, str]:
    """The unqualified ARN and the qualifier, "" for none and for `$LATEST`."""
    parts = function_arn.split(":")
    qualifier = ":".join(parts[7:])
    return ":".join(parts[:7]), "" if qualifier == LATEST else qualifier
