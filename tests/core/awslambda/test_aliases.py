"""Aliases: what AWS takes for one, and which version a call goes to."""

import pytest

from app.core.awslambda.aliases import WEIGHT_SHARES, Alias, aliased
from app.core.errors import InvalidParameterValue, Refused, ResourceNotFound, ValidationFailed


def check(version: str) -> None:
    if version not in ("1", "2", "$LATEST"):
        raise ResourceNotFound(f"Function not found: f:{version}")


def routed(version: str, **weights: float) -> Alias:
    given = {"RoutingConfig": {"AdditionalVersionWeights": {name.strip("v"): share for name, share in weights.items()}}}
    return aliased(Alias("live", version), given, check)


def test_all_calls_go_to_its_version() -> None:
    assert Alias("live", "3").choose(lambda _: 0) == "3"


@pytest.mark.parametrize(("drawn", "version"), [(0, "2"), (WEIGHT_SHARES // 4 - 1, "2"), (WEIGHT_SHARES // 4, "1")])
def test_with_a_second_version_a_share_goes_there(drawn: int, version: str) -> None:
    assert routed("1", v2=0.25).choose(lambda _: drawn) == version


@pytest.mark.parametrize(
    ("version", "weights", "refusal", "words"),
    [
        ("1", {"v2": 0.1, "v3": 0.1}, InvalidParameterValue, "Number of items in AdditionalVersionWeights cannot be"),
        ("1", {"v1": 0.1}, InvalidParameterValue, "Function version 1 is already included in routing configuration."),
        ("$LATEST", {"v1": 0.1}, InvalidParameterValue, r"\$LATEST is not supported for an alias pointing to more"),
        ("1", {"v2": 1.0}, ValidationFailed, r"Value '{2=1.0}' at 'routingConfig.additionalVersionWeights' failed"),
        ("1", {"v9": 0.1}, ResourceNotFound, "Function not found: f:9"),
        ("7", {}, ResourceNotFound, "Function not found: f:7"),
    ],
)
def test_what_lambda_does_not_take(version: str, weights: dict[str, float], refusal: type[Refused], words: str) -> None:
    with pytest.raises(refusal, match=words):
        routed(version, **weights)


def test_an_empty_routing_takes_the_second_version_away() -> None:
    alias = aliased(routed("1", v2=0.5), {"RoutingConfig": {"AdditionalVersionWeights": {}}}, check)

    assert (alias.second, alias.versions) == (None, ("1",))


def test_moving_to_the_second_version_needs_another_routing() -> None:
    with pytest.raises(InvalidParameterValue, match="already included in routing configuration"):
        aliased(routed("1", v2=0.5), {"FunctionVersion": "2"}, check)


def test_what_is_not_given_stays() -> None:
    alias = aliased(Alias("live", "1", "the good one"), {"FunctionVersion": "2"}, check)

    assert (alias.version, alias.description, alias.revision) == ("2", "the good one", 1)
