"""Lambda authorizers: what their answers allow, and how long that holds."""

from typing import Any

import pytest

from app.core.gateway.authorizers import (
    AuthorizerCache,
    BadAuthorizerAnswer,
    identity_values,
    policy_verdict,
    simple_verdict,
)
from app.core.gateway.request import GatewayRequest

ARN = "arn:aws:execute-api:us-east-1:000000000000:shop/$default/GET/pets"
NOON = 1_795_262_400_000


def policy(*statements: tuple[str, Any], action: Any = "execute-api:Invoke") -> dict[str, Any]:
    return {
        "principalId": "me",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": action, "Resource": arn} for effect, arn in statements],
        },
        "context": {"tier": 1},
    }


@pytest.mark.parametrize(
    ("statements", "allows", "denies"),
    [
        ([("Allow", ARN)], True, False),
        ([("Allow", "arn:aws:execute-api:*:*:shop/*/GET/*")], True, False),
        ([("Allow", ["x", ARN])], True, False),
        ([("Allow", "*"), ("Deny", ARN)], False, True),
        ([("Deny", "*")], False, True),
        ([("Allow", "arn:aws:execute-api:*:*:other/*")], False, False),
        ([], False, False),
    ],
)
def test_a_policy_allows_what_it_names(statements: list[tuple[str, Any]], allows: bool, denies: bool) -> None:
    verdict = policy_verdict(policy(*statements))

    assert (verdict.allows(ARN), verdict.denies(ARN)) == (allows, denies)
    assert (verdict.principal, verdict.context) == ("me", {"tier": 1})


def test_a_statement_of_another_action_says_nothing() -> None:
    assert not policy_verdict(policy(("Allow", "*"), action="s3:GetObject")).allows(ARN)
    assert policy_verdict(policy(("Allow", "*"), action=["s3:*", "execute-api:*"])).allows(ARN)


@pytest.mark.parametrize("answer", [None, "yes", {}, {"principalId": "me"}, {"policyDocument": {"Statement": []}},
                                    {**policy(), "context": [1]}, {**policy(), "principalId": 7},
                                    policy(("Maybe", "*"))])  # fmt: skip
def test_what_is_no_policy_is_told(answer: Any) -> None:
    with pytest.raises(BadAuthorizerAnswer):
        policy_verdict(answer)


def test_a_simple_answer_allows_or_not() -> None:
    assert simple_verdict({"isAuthorized": True, "context": {"a": [1]}}).allows(ARN)
    assert not simple_verdict({"isAuthorized": False}).allows(ARN)
    for answer in (None, {}, {"isAuthorized": "true"}, {"isAuthorized": True, "context": 1}):
        with pytest.raises(BadAuthorizerAnswer):
            simple_verdict(answer)


@pytest.mark.parametrize(
    ("sources", "values"),
    [
        (("$request.header.Authorization",), ("token",)),
        (("$request.header.authorization", "$request.querystring.q"), ("token", "a b")),
        (("$context.routeKey", "$stageVariables.env"), ("GET /", "dev")),
        (("$request.header.missing",), None),
        (("$request.querystring.empty",), None),
        ((), ()),
    ],
)
def test_identity_sources_select(sources: tuple[str, ...], values: tuple[str, ...] | None) -> None:
    request = GatewayRequest("GET", "/", "q=a+b&empty=", (("authorization", "token"),))

    found = identity_values(sources, request, context={"routeKey": "GET /"}, stage_variables={"env": "dev"})

    assert found == values


def test_a_verdict_holds_until_its_time_is_over() -> None:
    cache, verdict = AuthorizerCache(), simple_verdict({"isAuthorized": True})
    cache.keep(("shop", "check", "token"), verdict, ttl_s=60, now=NOON)

    assert cache.find(("shop", "check", "token"), now=NOON + 59_999) is verdict
    assert cache.find(("shop", "check", "token"), now=NOON + 60_000) is None
    assert cache.find(("shop", "check", "other"), now=NOON) is None


def test_nothing_is_kept_for_no_time_or_of_an_api_that_changed() -> None:
    cache, verdict = AuthorizerCache(), simple_verdict({"isAuthorized": True})
    cache.keep(("shop", "a"), verdict, ttl_s=0, now=NOON)
    cache.keep(("shop", "b"), verdict, ttl_s=60, now=NOON)
    cache.forget("shop")

    assert cache.find(("shop", "a"), now=NOON) is None
    assert cache.find(("shop", "b"), now=NOON) is None
