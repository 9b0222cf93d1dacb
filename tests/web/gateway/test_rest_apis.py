"""REST APIs over HTTP: events, results, refusals, authorizers, validators and mapping templates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Answer, Serving, serving

HANDLERS = Path(__file__).parent / "handlers"
SETTINGS = f"""
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  say: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 10}}
  mapped: {{CodeUri: {HANDLERS}, Handler: rest.mapped, Timeout: 10}}
  authorize: {{CodeUri: {HANDLERS}, Handler: rest.authorize, Timeout: 10}}
rest_apis:
  petstore:
    stage: dev
    variables: {{env: test}}
    binary_types: [image/*]
    authorizers:
      tokens: {{function: authorize, validation: "[a-z]+", IdentitySource: [method.request.header.token], ttl: 60s}}
      requests:
        function: authorize
        type: REQUEST
        IdentitySource: [method.request.header.token, method.request.querystring.q]
    methods:
      ANY /echo: echo
      GET /pets/{{id}}: echo
      GET /pets/mine: echo
      ANY /all/{{proxy+}}: echo
      POST /say: say
      POST /hurry: {{function: say, timeout: 100ms}}
      GET /checked: {{function: echo, authorizer: tokens}}
      GET /checked/too: {{function: echo, authorizer: tokens}}
      GET /asked: {{function: echo, authorizer: requests}}
      GET /signed: {{function: echo, authorizer: AWS_IAM}}
      POST /strict:
        function: echo
        required: [querystring.kind, header.X-A]
        model: {{type: object, required: [name], properties: {{name: {{type: string}}}}}}
      OPTIONS /echo: {{mock: 204, responses: [{{status: 204, headers: {{Access-Control-Allow-Origin: "*"}}}}]}}
      POST /mapped/{{id}}:
        function: mapped
        template: >-
          {{"id": "$input.params('id')", "name": $input.json('$.name'), "raise": "$input.path('$.raise')",
          "stage": "$context.stage", "env": "$stageVariables.env"}}
        responses:
          - {{headers: {{X-Kind: good}}, template: '{{"said": $input.json("$.got")}}'}}
          - {{status: 400, pattern: "bad.*", template: '{{"why": "$input.path("$.errorMessage")"}}'}}
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


def ask(api: Serving, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return api.ask(method, f"/restapis/petstore/dev/_user_request_{path}", body, headers=named)


def event_of(api: Serving, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = ask(api, method, path, body, **headers)
    assert answer.status == 200, answer.content
    return answer.json


# Events ---------------------------------------------------------------------------------------------


def test_a_function_gets_the_event_of_a_rest_api(api: Serving) -> None:
    event = event_of(api, "GET", "/pets/7?a=1&a=2&plus=x+y", None, **{"X-tEsT": "v", "user-agent": "me"})

    context = event.pop("requestContext")
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/pets/{id}", "/pets/7", "GET")
    assert event["pathParameters"] == {"id": "7"}
    assert event["queryStringParameters"] == {"a": "2", "plus": "x y"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "plus": ["x y"]}
    assert event["stageVariables"] == {"env": "test"}
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    assert event["headers"]["User-Agent"] == "me"
    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["127.0.0.1"]
    assert "version" not in event
    assert "authorizer" not in context
    assert (context["path"], context["stage"], context["resourcePath"]) == ("/dev/pets/7", "dev", "/pets/{id}")
    assert sorted(context) == [
        "accountId", "apiId", "deploymentId", "domainName", "domainPrefix", "extendedRequestId", "httpMethod",
        "identity", "path", "protocol", "requestId", "requestTime", "requestTimeEpoch", "resourceId", "resourcePath",
        "stage",
    ]  # fmt: skip


def test_what_is_empty_is_null(api: Serving) -> None:
    event = event_of(api, "GET", "/echo")

    empty = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body")
    assert [event[name] for name in empty] == [None] * 4
    assert event["requestContext"]["identity"]["accessKey"] is None


@pytest.mark.parametrize(
    ("path", "told", "proxy"),
    [
        ("/all/proxy-value", "/all/proxy-value", "proxy-value"),
        ("/all/proxy-value/", "/all/proxy-value/", "proxy-value"),
        ("/all/proxy-value//double", "/all/proxy-value//double", "proxy-value//double"),
        ("//all/x", "/all/x", "x"),
        ("/all/user/test%2Balias@gmail.com/plus/a+b", "/all/user/test%2Balias@gmail.com/plus/a+b",
         "user/test%2Balias@gmail.com/plus/a+b"),
    ],
)  # fmt: skip
def test_paths_are_told_as_they_were_recorded(api: Serving, path: str, told: str, proxy: str) -> None:
    event = event_of(api, "GET", path)

    assert (event["path"], event["pathParameters"]["proxy"]) == (told, proxy)


def test_a_fixed_segment_goes_before_a_variable(api: Serving) -> None:
    assert event_of(api, "GET", "/pets/mine")["resource"] == "/pets/mine"


def test_a_binary_body_is_base64_and_any_other_text(api: Serving) -> None:
    binary = event_of(api, "POST", "/echo", b"\x00\xff", content_type="image/png")
    text = event_of(api, "POST", "/echo", b"hi", content_type="application/octet-stream")

    assert (binary["body"], binary["isBase64Encoded"]) == ("AP8=", True)
    assert (text["body"], text["isBase64Encoded"]) == ("hi", False)


# Results --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ({"statusCode": 200}, 200, b""),
        ({"headers": {"a": "b"}}, 200, b""),
        ({"statusCode": "201", "body": "made"}, 201, b"made"),
        ({"statusCode": "test"}, 502, b'{"message": "Internal server error"}'),
        ({}, 502, b'{"message": "Internal server error"}'),
        ({"statusCode": 200, "wrongValue": 1}, 502, b'{"message": "Internal server error"}'),
        ("justAString", 502, b'{"message": "Internal server error"}'),
        ({"statusCode": 200, "headers": None}, 200, b""),
        ({"statusCode": 200, "multiValueHeaders": {"a": "x"}}, 502, b'{"message": "Internal server error"}'),
        ({"statusCode": 200, "body": {"a": 1}}, 502, b'{"message": "Internal server error"}'),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, b"aGk="),
        ({"statusCode": 200, "headers": {"a": "x\r\nset-cookie: evil"}}, 502, b'{"message": "Internal server error"}'),
        ("raise", 502, b'{"message": "Internal server error"}'),
    ],
)  # fmt: skip
def test_results_become_answers_as_recorded(api: Serving, result: Any, status: int, body: bytes) -> None:
    answer = ask(api, "POST", "/say", result)

    assert (answer.status, answer.content) == (status, body)
    assert answer.headers.get("x-amzn-errortype") == (None if status < 500 else "InternalServerErrorException")


def test_headers_of_both_kinds_are_sent(api: Serving) -> None:
    result = {"statusCode": 200, "headers": {"a": "y", "b": True}, "multiValueHeaders": {"A": ["x"]}}
    answer = ask(api, "POST", "/say", result)

    assert answer.headers["b"] == "true"
    assert answer.headers["content-type"] == "application/json"
    assert "x-amzn-trace-id" in answer.headers
    assert "x-amz-apigw-id" in answer.headers


def test_base64_is_decoded_for_who_accepts_a_binary_type(api: Serving) -> None:
    result = {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}

    assert ask(api, "POST", "/say", result, accept="image/png").content == b"hi"
    assert ask(api, "POST", "/say", result, accept="text/plain, image/png").content == b"aGk="
    assert ask(api, "POST", "/say", {**result, "body": "?"}, accept="image/png").status == 500


def test_a_function_that_takes_too_long_is_not_waited_for(api: Serving) -> None:
    answer = ask(api, "POST", "/hurry", {"sleep": 1})

    assert (answer.status, answer.content) == (504, b'{"message": "Endpoint request timed out"}')


# What matches nothing -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nothing", "/say"])
def test_no_resource_and_no_method_are_one_refusal(api: Serving, path: str) -> None:
    answer = ask(api, "GET", path)

    assert (answer.status, answer.content) == (403, b'{"message":"Missing Authentication Token"}')
    assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_the_journal_says_why_nothing_matched(api: Serving) -> None:
    ask(api, "GET", "/say")

    facts = api.get("journal?newest=true&limit=20")
    reasons = [entry["reason"] for entry in facts if entry["fact"] == "RequestUnrouted"]
    assert reasons[-1] == "/say is there for POST, not for GET"


def test_a_stage_that_is_not_there_is_forbidden(api: Serving) -> None:
    answer = api.ask("GET", "/restapis/petstore/prod/_user_request_/echo")

    assert answer.status == 403


# Authorizers ----------------------------------------------------------------------------------------


def test_an_authorizer_is_asked_once_and_its_context_told_as_text(api: Serving) -> None:
    first = event_of(api, "GET", "/checked", token="allow")["requestContext"]["authorizer"]
    again = event_of(api, "GET", "/checked/too", token="allow")["requestContext"]["authorizer"]

    assert (first["principalId"], first["ok"], first["type"]) == ("me", "true", "TOKEN")
    assert isinstance(first["integrationLatency"], int)
    assert first["asked"] == again["asked"]


@pytest.mark.parametrize(
    ("token", "status", "body", "kind"),
    [
        (None, 401, b'{"message":"Unauthorized"}', "UnauthorizedException"),
        ("UPPER", 401, b'{"message":"Unauthorized"}', "UnauthorizedException"),
        ("unauthorized", 401, b'{"message":"Unauthorized"}', "UnauthorizedException"),
        ("deny", 403, b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
         "AccessDeniedException"),
        ("other", 403, b'{"Message":"User is not authorized to access this resource"}', "AccessDeniedException"),
        ("raise", 500, b'{"message":null}', "AuthorizerConfigurationException"),
        ("nonsense", 500, b'{"message":null}', "AuthorizerConfigurationException"),
    ],
)  # fmt: skip
def test_whom_the_authorizer_does_not_let_in(
    api: Serving, token: str | None, status: int, body: bytes, kind: str
) -> None:
    answer = ask(api, "GET", "/checked", **({"token": token} if token else {}))

    assert (answer.status, answer.content, answer.headers["x-amzn-errortype"]) == (status, body, kind)


def test_a_request_authorizer_sees_the_request(api: Serving) -> None:
    missing = ask(api, "GET", "/asked", token="allow")
    event = event_of(api, "GET", "/asked?q=1", token="allow")

    assert missing.status == 401
    assert event["requestContext"]["authorizer"]["type"] == "REQUEST"


def test_a_signature_names_its_account(api: Serving) -> None:
    unsigned = ask(api, "GET", "/signed")
    signature = "AWS4-HMAC-SHA256 Credential=111111111111/20261127/us-east-1/execute-api/aws4_request, Signature=x"
    event = event_of(api, "GET", "/signed", authorization=signature)

    assert unsigned.content == b'{"message":"Missing Authentication Token"}'
    assert event["requestContext"]["identity"]["accountId"] == "111111111111"


# Validators and mapping templates -------------------------------------------------------------------


def test_a_validator_refuses_before_the_function_is_asked(api: Serving) -> None:
    bare = ask(api, "POST", "/strict", {})
    wrong = ask(api, "POST", "/strict?kind=dog", {"name": 7}, x_a="1")
    right = ask(api, "POST", "/strict?kind=dog", {"name": "rex"}, x_a="1")

    assert bare.content == b'{"message":"Missing required request parameters: [kind, X-A]"}'
    assert (wrong.status, wrong.content) == (400, b'{"message":"Invalid request body"}')
    assert wrong.headers["x-amzn-errortype"] == "BadRequestException"
    assert right.status == 200


def test_a_mock_answers_a_preflight(api: Serving) -> None:
    answer = ask(api, "OPTIONS", "/echo")

    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert "x-amzn-trace-id" not in answer.headers


def test_a_template_makes_the_event_and_another_the_answer(api: Serving) -> None:
    answer = ask(api, "POST", "/mapped/7", {"name": "rex"})

    got = {"id": "7", "name": "rex", "raise": "", "stage": "dev", "env": "test"}
    assert (answer.status, answer.json) == (200, {"said": got})
    assert answer.headers["x-kind"] == "good"


def test_a_pattern_chooses_the_response_by_the_error(api: Serving) -> None:
    bad = ask(api, "POST", "/mapped/7", {"name": "rex", "raise": "bad request"})
    other = ask(api, "POST", "/mapped/7", {"name": "rex", "raise": "something"})

    assert (bad.status, bad.json) == (400, {"why": "bad request"})
    # What no pattern takes is the default's, errors too (recorded).
    assert other.status == 200
