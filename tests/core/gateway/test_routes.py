"""Routes: which of them takes a path, in which order of preference, and how fast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.gateway.routes import Routes, check_template, nearest, parse_route_key


def routes(*keys: str, greedy_last: bool = True) -> Routes[str]:
    made: Routes[str] = Routes(greedy_last=greedy_last)
    for key in keys:
        parsed = parse_route_key(key)
        made.add(parsed.method, parsed.path, key)
    return made


def taken(made: Routes[str], request: str) -> str | None:
    method, _, path = request.partition(" ")
    found = made.match(method, path)
    return found.route if found is not None else None


# HTTP API guide, http-api-develop-routes: the table of its example, and the rules around it.
PREFERENCES = [
    ("GET /pets/dog/1", "GET /pets/dog/1"),
    ("GET /pets/dog/2", "GET /pets/dog/{id}"),
    ("GET /pets/cat/1", "GET /pets/{proxy+}"),
    ("POST /test/5", "ANY /{proxy+}"),
    ("DELETE /pets/dog/1", "ANY /{proxy+}"),
    ("GET /", None),
]


@pytest.mark.parametrize(("request_line", "route"), PREFERENCES)
def test_the_most_specific_route_takes_a_request(request_line: str, route: str | None) -> None:
    made = routes("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}")

    assert taken(made, request_line) == route


def test_a_method_of_its_own_goes_before_any() -> None:
    made = routes("ANY /pets", "GET /pets")

    assert taken(made, "GET /pets") == "GET /pets"
    assert taken(made, "PUT /pets") == "ANY /pets"


def test_a_route_of_the_whole_path_goes_before_a_greedy_one_that_begins_like_it() -> None:
    keys = ("ANY /a/{proxy+}", "ANY /{x}/b")

    assert taken(routes(*keys), "GET /a/b") == "ANY /{x}/b"
    assert taken(routes(*keys, greedy_last=False), "GET /a/b") == "ANY /a/{proxy+}"


@pytest.mark.parametrize(
    ("path", "variables"),
    [
        ("/v1/a", {"proxy": "a"}),
        ("/v1/a//b", {"proxy": "a//b"}),
        ("/v1/a%2Fb", {"proxy": "a%2Fb"}),
        ("/v1/../etc", {"proxy": "../etc"}),
        ("/v1/a;b=c", {"proxy": "a;b=c"}),
        ("/v1/a/", {"proxy": "a/"}),
    ],
)
def test_a_greedy_variable_has_the_rest_of_the_path_as_it_is(path: str, variables: dict[str, str]) -> None:
    found = routes("ANY /v1/{proxy+}").match("GET", path)

    assert found is not None
    assert found.variables == variables


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1//", "//v1/a", "/V1/a"])
def test_a_greedy_variable_needs_something(path: str) -> None:
    assert routes("ANY /v1/{proxy+}").match("GET", path) is None


def test_a_slash_at_the_end_is_another_path() -> None:
    made = routes("GET /pets", "GET /dogs/{id}")

    assert made.match("GET", "/pets/") is None
    assert made.match("GET", "/dogs/") is None


def test_a_fixed_segment_may_come_percent_encoded() -> None:
    made = routes("GET /caf\u00e9/menu")

    assert taken(made, "GET /caf%C3%A9/menu") == "GET /caf\u00e9/menu"


def test_two_routes_cannot_take_the_same() -> None:
    with pytest.raises(ValueError, match="another route for GET /pets/"):
        routes("GET /pets/{id}", "GET /pets/{name}")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("GET", "no route key"),
        ("FETCH /a", "no route key"),
        ("get /a", "no route key"),
        ("GET a", "no route key"),
        ("GET /a{id}", "not a whole segment"),
        ("GET /{id", "not a whole segment"),
        ("GET /{a+}/b", "goes on after its greedy variable"),
        ("GET /{id}/{id}", "twice"),
    ],
)
def test_what_is_no_route_key_is_refused(key: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_route_key(key)


def test_a_thousand_segments_are_one_path_like_another() -> None:
    long = "/x" * 5_000

    assert taken(routes("GET /{proxy+}", "GET /{a}/{b}/c"), f"GET {long}") == "GET /{proxy+}"


def test_variables_at_every_level_do_not_multiply() -> None:
    # 2**12 templates that differ from the asked path at their last segment only.
    made: Routes[int] = Routes()
    for number in range(2**12):
        bits = f"{number:012b}"
        made.add("GET", "".join(f"/{{v{at}}}" if bit == "1" else "/a" for at, bit in enumerate(bits)) + "/end", number)

    found = made.match("GET", "/a" * 12 + "/end")

    assert found is not None
    assert found.route == 0
    assert made.match("GET", "/a" * 12 + "/other") is None


@given(
    st.lists(st.sampled_from(["a", "b", "{v}", "{w+}"]), min_size=1, max_size=4), st.text(alphabet="ab/", max_size=8)
)
def test_a_route_found_alone_is_what_its_template_says(segments: list[str], tail: str) -> None:
    template = "/" + "/".join(segments)
    try:
        check_template(template)
    except ValueError:
        return
    made: Routes[str] = Routes()
    made.add("GET", template, template)
    path = "/" + tail

    found = made.match("GET", path)

    if found is not None:
        filled = template
        for name, value in found.variables.items():
            filled = filled.replace(f"{{{name}}}", value, 1).replace(f"{{{name}+}}", value, 1)
        assert filled == path


def test_a_path_that_no_route_takes_is_followed_as_far_as_it_goes() -> None:
    routes: Routes[str] = Routes()
    for path in ("/pets", "/pets/{id}/toys", "/pets/special/{proxy+}", "/dogs"):
        routes.add("GET", path, path)

    assert routes.reach("/cats/7") == ("/", ["pets", "dogs"])
    assert routes.reach("/pets/7/balls") == ("/pets/7", ["toys"])
    assert routes.reach("/pets/special") == ("/pets/special", ["{…+}"])
    assert routes.reach("/pets/7/toys/1") == ("/pets/7/toys", [])
    assert Routes[str]().reach("/a") == ("/", [])
    assert nearest(routes, "/pets/7/balls") == ": it fits as far as /pets/7, where toys may follow"
    assert nearest(routes, "/pets/7/toys/1") == ": it fits as far as /pets/7/toys, where nothing more comes"
