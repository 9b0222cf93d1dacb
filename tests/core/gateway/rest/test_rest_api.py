"""Which method of a REST API takes a request, and what it says itself when none does."""

import orjson
import pytest

from app.core.gateway.request import GatewayRequest
from app.core.gateway.rest.api import (
    Deployment,
    IntegrationResponse,
    Resource,
    RestApi,
    RestIntegration,
    RestMethod,
    RestStage,
    Validator,
    matches_media_type,
    select,
    why_unrouted,
    with_stage_variables,
)
from app.core.gateway.rest.gateway_responses import GatewayError, GatewayResponse, answer_to
from app.core.gateway.rest.mapping import (
    Answered,
    chosen_response,
    evaluated,
    request_body,
    response_headers,
    with_path_parameters,
)
from app.core.gateway.rest.templates import TemplateInput
from app.core.gateway.rest.validation import check_request
from app.core.names import Scope


def api(**methods: tuple[str, ...]) -> RestApi:
    """By path, with `_` for a slash."""
    resources = tuple(
        Resource(path, path, {name: RestMethod(name) for name in names}) for path, names in methods.items()
    )
    return RestApi("a", "pets", Scope(), {"dev": RestStage("dev", Deployment("d", resources))})


PETS = api(**{"/": ("GET",), "/pets": ("GET", "ANY"), "/pets/{id}": ("GET",), "/{proxy+}": ("ANY",)})


@pytest.mark.parametrize(
    ("method", "path", "resource", "told"),
    [
        ("GET", "/dev", "/", "/"),
        ("GET", "/dev/pets", "/pets", "/pets"),
        ("PUT", "/dev/pets/", "/pets", "/pets/"),
        ("GET", "/dev/pets/7", "/pets/{id}", "/pets/7"),
        ("PUT", "/dev/pets/7", "/{proxy+}", "/pets/7"),
        ("GET", "/dev/a//b", "/{proxy+}", "/a//b"),
        ("GET", "//dev//pets", "/pets", "/pets"),
    ],
)
def test_the_most_specific_resource_takes_the_request(method: str, path: str, resource: str, told: str) -> None:
    selected = select(PETS, method, path)

    assert selected is not None
    assert selected.taken is not None
    assert (selected.taken.resource.path, selected.path) == (resource, told)


def test_a_greedy_variable_needs_something_to_take() -> None:
    selected = select(api(**{"/{proxy+}": ("ANY",)}), "GET", "/dev/")

    assert selected is not None
    assert selected.taken is None


def test_without_the_stage_nothing_is_there() -> None:
    assert select(PETS, "GET", "/prod/pets") is None
    assert "there are: dev" in why_unrouted(PETS, "GET", None)


def test_a_port_of_its_own_needs_no_stage_in_the_path() -> None:
    selected = select(PETS, "GET", "/pets", in_stage="dev")

    assert selected is not None
    assert selected.stage.name == "dev"


@pytest.mark.parametrize(
    ("content_type", "patterns", "is_binary"),
    [
        ("image/png", ("image/png",), True),
        ("image/png; q=1", ("image/*",), True),
        ("image/jpg", ("image/png",), False),
        ("a/test", ("*/test",), False),
        ("a/b", ("*/*",), True),
        (None, ("image/*",), False),
    ],
)
def test_binary_media_types(content_type: str | None, patterns: tuple[str, ...], is_binary: bool) -> None:
    assert matches_media_type(content_type, patterns) is is_binary


# Gateway responses ----------------------------------------------------------------------------------

REQUEST = GatewayRequest("GET", "/dev/x", headers=(("Origin", "o"),))


def test_a_refusal_stands_as_aws_writes_it() -> None:
    answer = answer_to(GatewayError("THROTTLED", "why"), {}, REQUEST, {}, {})

    assert (answer.status, answer.body) == (429, b'{"message":"Too Many Requests"}')
    assert answer.header("x-amzn-errortype") == "TooManyRequestsException"


def test_a_whole_class_may_be_changed_where_the_type_is_not() -> None:
    changed = {
        "DEFAULT_4XX": GatewayResponse(parameters={"gatewayresponse.header.A": "method.request.header.origin"}),
        "THROTTLED": GatewayResponse(status=420, templates={"application/json": "slow, $context.stage"}),
    }

    forbidden = answer_to(GatewayError("INVALID_API_KEY", "why"), changed, REQUEST, {}, {})
    throttled = answer_to(GatewayError("THROTTLED", "why"), changed, REQUEST, {"stage": "dev"}, {})

    assert (forbidden.status, forbidden.header("a"), forbidden.body) == (403, "o", b'{"message":"Forbidden"}')
    assert (throttled.status, throttled.body) == (420, b"slow, dev")


# Validators and mappings ----------------------------------------------------------------------------


def test_a_model_is_asked_for_its_own_media_type_only() -> None:
    method = RestMethod("POST", validator=Validator(body=True), models={"application/json": {"required": ["a"]}})

    check_request(method, {}, b"<xml/>", "application/xml")
    check_request(method, {}, b'{"a":1}', None)
    with pytest.raises(GatewayError) as refused:
        check_request(method, {}, b"{", "application/json; charset=utf-8")

    assert refused.value.type == "BAD_REQUEST_BODY"


@pytest.mark.parametrize(
    ("passthrough", "has_template", "passes"),
    [
        ("WHEN_NO_MATCH", True, True),
        ("WHEN_NO_TEMPLATES", True, False),
        ("WHEN_NO_TEMPLATES", False, True),
        ("NEVER", False, False),
    ],
)
def test_what_has_no_template_passes_as_is_said(passthrough: str, has_template: bool, passes: bool) -> None:
    templates = {"application/json": "{}"} if has_template else {}
    integration = RestIntegration(passthrough=passthrough, templates=templates)
    try:
        body = request_body(integration, "<xml/>", "application/xml", TemplateInput("<xml/>")).text
    except GatewayError as error:
        body = error.type

    assert body == ("<xml/>" if passes else "UNSUPPORTED_MEDIA_TYPE")


def test_a_response_is_chosen_by_its_pattern_or_is_the_default() -> None:
    responses = (IntegrationResponse(400, "bad.*"), IntegrationResponse(200), IntegrationResponse(500, "["))

    chosen = [chosen_response(responses, selector).status for selector in ("bad\nthing", "very bad", None, "[")]

    assert chosen == [400, 200, 200, 200]
    with pytest.raises(GatewayError, match="no default"):
        chosen_response(responses[:1], None)


def test_parameters_come_from_where_they_are_said_to() -> None:
    names = {
        "method": {
            "request": {
                "header": {"x-a.b": "1"}, "querystring": {"q": "2"}, "path": {"id": "3"}, "body": '{"c":4}',
            }
        },
        "context": {"identity": {"sourceIp": "5"}},
        "stageVariables": {"v": "6"},
    }  # fmt: skip
    sources = (
        "'0'", "method.request.header.X-A.b", "method.request.querystring.q", "method.request.path.id",
        "method.request.body.c", "context.identity.sourceIp", "stageVariables.v", "context.none",
    )  # fmt: skip

    assert [evaluated(source, names) for source in sources] == ["0", "1", "2", "3", "4", "5", "6", None]


def test_a_response_takes_headers_and_parts_of_the_answer() -> None:
    response = IntegrationResponse(
        parameters={
            "method.response.header.A": "integration.response.header.X-B",
            "method.response.header.B": "integration.response.body.deep.c",
            "method.response.header.C": "'c'",
            "method.response.header.D": "integration.response.body.none",
        }
    )
    answered = Answered(orjson.dumps({"deep": {"c": [1]}}), {"x-b": "b"})

    assert response_headers(response, answered, {}) == {"A": "b", "B": "[1]", "C": "c"}


def test_uris_take_stage_variables_and_path_parameters() -> None:
    assert with_stage_variables("f:${stageVariables.fn}/x${stageVariables.none}", {"fn": "a"}) == "f:a/x"
    assert with_path_parameters("http://h/{proxy}/{id}", {"proxy": "a/b"}) == "http://h/a/b/{id}"
