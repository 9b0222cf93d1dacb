"""Provisioned concurrency: what is to be warm of a function, and what came of warming it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.core.awslambda.deployment import access_key_ids_of
from app.core.awslambda.families import NO_VERSION, Families, Family
from app.core.awslambda.function import Function, FunctionSpec
from app.core.awslambda.functions import Functions
from app.core.awslambda.provisioned import ProvisionedConcurrency
from app.core.commands import SettleWarming
from app.core.commands.deployments import PutProvisionedConcurrency
from app.core.errors import InvalidParameterValue, ResourceConflict
from app.core.facts import Configured, Effect, EnvironmentsProvisioned, WarmEnvironments
from app.core.limits import Limits
from app.core.names import LATEST, Arn, name_of
from app.core.time import Instant

_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."


@dataclass(slots=True)
class Provisioning:
    """Writes into `families`; effects go to `outbox`."""

    limits: Limits
    outbox: list[Effect]
    functions: Functions
    families: Families

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {PutProvisionedConcurrency: self.put_provisioned, SettleWarming: self.settle_warming}

    def put_provisioned(self, command: PutProvisionedConcurrency, now: Instant) -> ProvisionedConcurrency | None:
        """Raises in AWS's words."""
        arn, qualifier = command.function, command.qualifier
        if qualifier == LATEST:
            raise InvalidParameterValue(NO_VERSION if command.requested is None else _UNPUBLISHED)
        family = self.families.qualified(arn, qualifier)
        if command.requested is None:
            family.provisioned.pop(qualifier, None)
            self.apply(family, arn, now)
            return None
        self._check_provisioned(family, arn, qualifier, command.requested)
        ready_at = now + self.limits.provisioned_transition_ms
        config = family.provisioned[qualifier] = ProvisionedConcurrency(command.requested, now, ready_at)
        self.apply(family, arn, now)
        words = f"function {name_of(arn)}: provisioned concurrency of {qualifier} is {command.requested}"
        self.outbox.append(Configured(words, function=arn))
        return config

    def settle_warming(self, command: SettleWarming, now: Instant) -> None:
        """What came of starting the environments of a function or version; an answer that is out of date is let go."""
        at_work = self.functions.exactly(command.function)
        family = self.families.all.get(at_work.arn) if at_work is not None else None
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

    def apply(self, family: Family, arn: Arn, now: Instant) -> None:
        """Let what is provisioned hold for each version: by its own number, or by an alias that points to it."""
        wanted = {number: config.requested for number, config in family.provisioned.items() if number.isdigit()}
        for alias in family.aliases.values():
            if alias.name in family.provisioned:
                wanted[alias.version] = family.provisioned[alias.name].requested
        function = self.functions[arn]
        function.provisioned_as = {number: number for number in wanted} | {
            alias.version: alias.name for alias in family.aliases.values() if alias.name in family.provisioned
        }
        if function.provisioned != wanted:
            function.provisioned = wanted
            self._warm(family, function, now)
            self.functions.changed(function, now)

    def declared_anew(self, function: Arn, now: Instant) -> None:
        """The function has another endpoint, where nothing is warm yet."""
        family = self.families.all[function]
        if family.warm.pop(function, 0):
            self._warm(family, self.functions[function], now)

    # Inside ---------------------------------------------------------------------------------------------

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


def _are_our_processes(spec: FunctionSpec) -> bool:
    """Whether there can be more environments by saying so."""
    return bool(spec.access_key_ids) and spec.access_key_ids == access_key_ids_of(spec.arn, spec.environments)
