"""What is said of a function beside its code: who may invoke it, when its runtime is updated, and its tags."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.access.permissions import Policy, permission
from app.core.awslambda.families import Families, Family, alias_revision
from app.core.commands.deployments import (
    AddFunctionPermission,
    PutRuntimeManagement,
    RemoveFunctionPermission,
    TagFunction,
    UntagFunction,
)
from app.core.errors import InvalidParameterValue, PreconditionFailed, ResourceNotFound
from app.core.facts import Configured, Effect
from app.core.names import LATEST, Arn, name_of
from app.core.time import Instant

_TAGS_MOST = 50


@dataclass(slots=True)
class Papers:
    """Writes into `families`; effects go to `outbox`."""

    outbox: list[Effect]
    families: Families

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            AddFunctionPermission: self.add_permission,
            RemoveFunctionPermission: self.remove_permission,
            TagFunction: self.tag,
            UntagFunction: self.untag,
            PutRuntimeManagement: self.manage_runtime,
        }

    def add_permission(self, command: AddFunctionPermission, now: Instant) -> str:
        """The statement's document."""
        arn, qualifier, given = command.function, command.qualifier, command.parameters
        if qualifier == LATEST:
            raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
        family = self.families.family(arn)
        self.families.check_qualifier(family, arn, qualifier)
        check_revision(given, self._revision_for_policy(family, arn, qualifier))
        statement = permission(given, resource=f"{arn}:{qualifier}" if qualifier else arn)
        key = qualifier or ""
        family.policies[key] = family.policies.get(key, Policy()).with_statement(statement)
        self._revise(family, arn, qualifier)
        self._note(arn, f"permission {statement.sid} added")
        return statement.document

    def remove_permission(self, command: RemoveFunctionPermission, now: Instant) -> None:
        arn, qualifier = command.function, command.qualifier
        family = self.families.all.get(arn)
        if family is None:
            raise ResourceNotFound(f"No policy found for: {arn}")
        self.families.check_qualifier(family, arn, qualifier)
        key = qualifier or ""
        policy = family.policies.get(key, Policy()).without_statement(command.statement_id)
        check_revision({"RevisionId": command.revision_id}, self._revision_for_policy(family, arn, qualifier))
        if policy.statements:
            family.policies[key] = policy
        else:
            del family.policies[key]
        self._revise(family, arn, qualifier)
        self._note(arn, f"permission {command.statement_id} removed")

    def manage_runtime(self, command: PutRuntimeManagement, now: Instant) -> PutRuntimeManagement:
        """Raises ResourceNotFound, InvalidParameterValue where the runtime version is missing, or is too much."""
        family = self.families.family(command.function)
        self.families.check_qualifier(family, command.function, command.qualifier)
        is_manual = command.update_on == "Manual"
        if is_manual != (command.runtime_version is not None):
            # The texts are UNCONFIRMED.
            need = "must be provided" if is_manual else "can only be provided"
            raise InvalidParameterValue(f"RuntimeVersionArn {need} when UpdateRuntimeOn is Manual.")
        family.runtime_management[command.qualifier] = (command.update_on, command.runtime_version)
        self._note(command.function, f"its runtime is updated: {command.update_on}")
        return command

    def tag(self, command: TagFunction, now: Instant) -> None:
        family = self.families.family(command.function)
        family.tags = tagged(family.tags, command.tags)
        family.revision += 1

    def untag(self, command: UntagFunction, now: Instant) -> None:
        family = self.families.family(command.function)
        family.tags = {key: text for key, text in family.tags.items() if key not in command.keys}
        family.revision += 1

    # Inside ---------------------------------------------------------------------------------------------

    def _revision_for_policy(self, family: Family, arn: Arn, qualifier: str | None) -> str:
        if qualifier in family.aliases:
            return alias_revision(arn, family.aliases[qualifier])
        return self.families.describe(arn, qualifier).revision_id

    def _revise(self, family: Family, arn: Arn, qualifier: str | None) -> None:
        """A change of a policy is a new revision of what it is of."""
        if qualifier is None:
            family.revision += 1
        elif qualifier in family.aliases:
            alias = family.aliases[qualifier]
            family.aliases[qualifier] = replace(alias, revision=alias.revision + 1)
        else:
            family.versions[qualifier].revision += 1

    def _note(self, arn: Arn, words: str) -> None:
        self.outbox.append(Configured(f"function {name_of(arn)}: {words}", function=arn))


def check_revision(given: Mapping[str, Any], latest: str) -> None:
    """Raises PreconditionFailed where the caller knows another revision than the latest."""
    known = given.get("RevisionId")
    if known and known != latest:
        raise PreconditionFailed


def tagged(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The tags with those that are given laid over them. Raises InvalidParameterValue for more than fifty."""
    tags = {**before, **given}
    if len(tags) > _TAGS_MOST:
        raise InvalidParameterValue("Number of tags exceeds resource tag limit.")
    return tags
