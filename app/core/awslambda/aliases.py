"""Aliases of functions: names for versions, with some of the calls to a second one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.core.errors import InvalidParameterValue, ValidationFailed
from app.core.names import LATEST
from app.core.value import value

# Weights are drawn in thousandths of a percent: AWS takes any number from 0 to 1.
WEIGHT_SHARES = 100_000


@value(frozen=True, slots=True)
class Alias:
    """`second` is the version that gets `share` of the calls, from 0 to 1, in place of `version`."""

    name: str
    version: str
    description: str = ""
    revision: int = 0
    second: str | None = None
    share: float = 0.0

    @property
    def versions(self) -> tuple[str, ...]:
        return (self.version,) if self.second is None else (self.version, self.second)

    def choose(self, below: Callable[[int], int]) -> str:
        """The version that a call goes to; `below` draws a number, where there is something to draw."""
        if self.second is None:
            return self.version
        return self.second if below(WEIGHT_SHARES) < self.share * WEIGHT_SHARES else self.version


def aliased(alias: Alias, given: Mapping[str, Any], check_version: Callable[[str], None]) -> Alias:
    """The alias with what is given laid over it. Raises InvalidParameterValue, ValidationFailed and what
    `check_version` raises for a version that is not there."""
    version = given.get("FunctionVersion") or alias.version
    check_version(version)
    second, share = alias.second, alias.share
    routing = given.get("RoutingConfig")
    if routing is not None:
        second, share = _routing(routing.get("AdditionalVersionWeights") or {}, version, check_version)
    elif second == version:
        raise _included_already(version)
    if second is not None and version == LATEST:
        raise InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version")
    return replace(
        alias, version=version, description=given.get("Description", alias.description), second=second, share=share,
        revision=alias.revision + 1,
    )  # fmt: skip


def _routing(
    weights: Mapping[str, float], version: str, check_version: Callable[[str], None]
) -> tuple[str | None, float]:
    if len(weights) > 1:
        raise InvalidParameterValue("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for second, share in weights.items():
        # The model takes a weight of 1; Lambda does not, as all calls would go there (recorded).
        if not 0.0 <= share < 1.0:
            raise ValidationFailed(
                f"1 validation error detected: Value '{{{second}={share}}}' at 'routingConfig.additionalVersionWeights'"
                " failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than "
                "or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
            )
        if second == version:
            raise _included_already(version)
        if version == LATEST:
            raise InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version")
        check_version(second)
        return second, share
    return None, 0.0


def _included_already(version: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Invalid function version {version}. Function version {version} is already included in routing configuration."
    )
