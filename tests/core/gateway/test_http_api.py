"""HTTP APIs: which stage and route a path leads to, and why none does."""

import pytest

from app.core.gateway.http_api import HttpApi, Integration, Route, Routing, Stage, select, why_unrouted
from app.core.gateway.routes import parse_route_key
from tests.core.stage import SCOPE


def api(*keys: str, stages: tuple[str, ...] = ("$default",)) -> HttpApi:
    routes = tuple(Route(parse_route_key(key), Integration(function="f")) for key in keys)
    return HttpApi("a1", "shop", SCOPE, {name: Stage(name, Routing.of(routes)) for name in stages}, routes=routes)


def chosen(made: HttpApi, method: str, path: str, **more: str) -> tuple[str, str, str | None] | None:
    found = select(made, method, path, **more)
    if found is None:
        return None
    return found.stage.name, found.path, found.route.key.text if found.route else None


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("/dev/pets", ("dev", "/pets", "GET /pets")),
        ("/dev", ("dev", "/", None)),
        ("/pets", ("$default", "/pets", "GET /pets")),
        ("/$default/pets", ("$default", "/$default/pets", None)),
        ("/devil", ("$default", "/devil", None)),
        ("/%64ev/pets", ("dev", "/pets", "GET /pets")),
    ],
)
def test_the_first_segment_may_name_a_stage(path: str, result: tuple[str, str, str | None]) -> None:
    assert chosen(api("GET /pets", stages=("$default", "dev")), "GET", path) == result


def test_without_a_default_stage_a_path_has_to_name_one() -> None:
    made = api("GET /pets", stages=("dev",))

    assert chosen(made, "GET", "/pets") is None
    assert chosen(made, "GET", "/pets", in_stage="dev") == ("dev", "/pets", "GET /pets")


def test_the_default_route_takes_what_no_other_does() -> None:
    made = api("GET /pets", "$default")

    assert chosen(made, "POST", "/pets") == ("$default", "/pets", "$default")
    assert chosen(made, "GET", "/") == ("$default", "/", "$default")


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("POST", "/pets", "/pets is there for GET, not for POST"),
        ("GET", "/pets/", "mind the slash at its end"),
        (
            "GET",
            "/dogs",
            "as /, where pets may follow; stage $default of shop has no $default route; routes: GET /pets",
        ),
    ],
)
def test_why_no_route_takes_it_is_told(method: str, path: str, sentence: str) -> None:
    made = api("GET /pets")

    assert sentence in why_unrouted(made, method, path, select(made, method, path))


def test_why_no_stage_takes_it_is_told() -> None:
    made = api("GET /pets", stages=("dev", "prod"))

    assert why_unrouted(made, "GET", "/pets", None).endswith("there is no $default stage; stages: dev, prod")


@pytest.mark.parametrize(
    ("key", "arn"),
    [
        ("GET /pets/{id}", "arn:aws:execute-api:us-east-1:000000000000:a1/dev/GET/pets/{id}"),
        ("ANY /{proxy+}", "arn:aws:execute-api:us-east-1:000000000000:a1/dev/*/{proxy+}"),
        ("$default", "arn:aws:execute-api:us-east-1:000000000000:a1/dev/$default"),
    ],
)
def test_a_permission_is_asked_for_with_the_routes_arn(key: str, arn: str) -> None:
    assert api().arn_of("dev", parse_route_key(key)) == arn
