"""HTTP APIs, function URLs, load balancers and distributions in the settings: read, and told off."""

from pathlib import Path

import pytest

from app.core.gateway.distribution import Distribution
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi
from app.core.gateway.load_balancer import FixedAnswer, LoadBalancer, Redirect
from app.settings import Settings, SettingsError, loads

FUNCTIONS = "functions:\n  web: {script: {succeed_after: 0s}}\n"


def load(text: str) -> Settings:
    return loads(FUNCTIONS + text, {}, folder=Path("/nowhere"))


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(text)
    return [str(problem) for problem in raised.value.problems]


def test_an_api_is_a_few_lines() -> None:
    (api,) = load("apis:\n  shop:\n    port: 3000\n    routes:\n      ANY /{proxy+}: web\n").fronts

    assert isinstance(api, HttpApi)
    assert (api.id, api.name, api.port) == ("shop", "shop", 3_000)
    route = api.routes[0]
    assert route.integration is not None
    assert route.integration.function == "arn:aws:lambda:us-east-1:000000000000:function:web"
    assert route.integration.payload_version == "2.0"


def test_the_others_are_too() -> None:
    url, balancer, site = load(
        "urls: {hello: web}\n"
        "load_balancers: {front: {rules: [{path: /api/*, function: web}, {fixed: {status: 404}}]}}\n"
        "distributions: {site: {origin: {bucket: photos}, functions: {viewer-request: web}}}\n"
    ).fronts

    assert isinstance(url, FunctionUrl)
    assert isinstance(balancer, LoadBalancer)
    assert isinstance(site, Distribution)
    assert [group.name for group in balancer.rules[0].groups] == ["front-1"]
    assert balancer.rules[1].action == FixedAnswer(404, "text/plain", "")
    assert site.behaviors[0].origin.bucket == "photos"


def test_a_rule_says_what_it_takes_and_where_that_goes() -> None:
    (balancer,) = load(
        "load_balancers: {front: {rules: [{headers: {X-A: 1*}, query: {v: [1, 2]}, source_ip: 10.0.0.0/8,"
        " redirect: {status: 301, host: b.example, port: 443}}]}}\n".replace("[1, 2]", "['1', '2']").replace(
            "1*", "'1*'"
        )
    ).fronts

    assert isinstance(balancer, LoadBalancer)
    rule = balancer.rules[0]
    assert rule.action == Redirect(301, host="b.example", port="443")
    assert (rule.headers, rule.queries, rule.sources) == (
        (("x-a", ("1*",)),), ((("v", "1"), ("v", "2")),), ("10.0.0.0/8",),
    )  # fmt: skip


def test_a_route_may_not_map_what_the_gateway_keeps() -> None:
    with pytest.raises(SettingsError) as told:
        load('apis: {shop: {routes: {GET /: {function: web, parameters: {"overwrite:header.Via": a}}}}}\n')

    assert "Operations on header Via are restricted" in str(told.value)


def test_a_name_that_no_host_can_have_gets_an_id_of_its_own() -> None:
    (api,) = load("apis: {My Shop: {routes: {GET /: web}}}\n").fronts

    assert api.name == "My Shop"
    assert api.id.isalnum()
    assert len(api.id) == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "apis: {a: {routes: {GET /: wbe}}}",
            "apis.a.routes.GET /: there is no function named 'wbe'; did you",
        ),
        ("apis: {a: {routes: {FETCH /: web}}}", "is no route key"),
        ("apis: {a: {routes: {GET /: {}}}}", "must lead to one of function, url and aws"),
        ("apis: {a: {routes: {GET /: {function: web, payload: 3}}}}", "must be 1.0 or 2.0"),
        ("apis: {a: {routes: {GET /: {function: web, timeout: 31s}}}}", "must be from 50ms to 30s"),
        ("apis: {a: {routes: {GET /: {function: web, authorizer: x}}}}", "there is no authorizer named 'x'"),
        ("apis: {a: {routes: {'GET /{x}': web, 'GET /{y}': web}}}", "another route for GET /{y}"),
        ("apis: {a: {}}", "routes is missing"),
        ("apis: {a: {routes: {}, port: 0}}", "must be from 1 to 65535"),
        ("apis: {a: {routes: {}, port: 4566}}", "port 4566 is where everything else listens"),
        ("apis: {a: {routes: {}, port: 1}, b: {routes: {}, port: 1}}", "port 1 is that of a already"),
        ("apis: {a: {routes: {}}}\nurls: {a: web}", "the HTTP API a has this name already"),
        ("apis: {a: {routes: {}, authorizers: {x: {}}}}", "must have either an issuer"),
        ("apis: {a: {routes: {}, authorizers: {x: {issuer: i, keys: none.json}}}}", "cannot be read"),
        ("urls: {u: {AuthType: SOME, function: web}}", "must be NONE or AWS_IAM"),
        ("load_balancers: {l: {rules: [{path: /}]}}", "must lead to one of function, fixed and redirect"),
        ("distributions: {d: {origin: {}}}", "must be either a url or a bucket"),
        ("distributions: {d: {origin: {bucket: b}, functions: {request: web}}}", "there is no such event"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    assert any(told in problem for problem in problems(text)), problems(text)
