"""What a parameter mapping may say: the rest is refused when it is given."""

import pytest

from app.core.errors import InvalidParameterValue
from app.core.gateway.parameter_rules import (
    SUBTYPES,
    check_request_parameters,
    check_response_parameters,
    check_service_parameters,
)

MAPPING = "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
SELECTION = "Invalid selection expression specified: Validation Result: warnings : [], errors : "
QUEUE = {"QueueUrl": "http://localhost/000000000000/orders", "MessageBody": "$request.body"}


def refused(check: object, *given: object) -> str:
    with pytest.raises(InvalidParameterValue) as refusal:
        check(*given)  # type: ignore[operator]
    return refusal.value.message


def test_every_action_at_every_place_may_be_said() -> None:
    check_request_parameters(
        {
            "append:header.x-a": "$request.header.b",
            "overwrite:header.Host": "${request.path.id}.example",
            "remove:header.x-c": "''",
            "append:querystring.q": "$request.querystring.r",
            "overwrite:querystring.q": "$context.authorizer.claims.sub",
            "remove:querystring.s": "",
            "overwrite:path": "/v1/${request.path}/$literal",
        }
    )
    check_response_parameters(
        {"200": {"append:header.x-a": "$response.header.b"}, "599": {"overwrite:statuscode": "$response.body.code"}}
    )


@pytest.mark.parametrize(
    "key",
    ["append:path", "remove:path", "overwrite:path.x", "overwrite:header", "replace:header.a", "header.a",
     "overwrite:statuscode", "integration.request.header.a"],
)  # fmt: skip
def test_a_key_that_changes_nothing_is_refused(key: str) -> None:
    told = refused(check_request_parameters, {key: "a"})

    assert told == f"{MAPPING}[Invalid Request Actioned Parameter destination specified: {key}]"


@pytest.mark.parametrize(
    "key", ["append:overwrite.static", "overwrite:path", "append:statuscode", "append:querystring.a"]
)
def test_a_key_that_changes_nothing_of_an_answer_is_refused(key: str) -> None:
    told = refused(check_response_parameters, {"200": {key: "a"}})

    assert told == f"{MAPPING}[Invalid Response Actioned Parameter destination specified: {key}]"


@pytest.mark.parametrize(
    "name",
    ["Access-Control-Allow-Origin", "apigw-requestid", "Authorization", "Connection", "Content-Encoding",
     "Content-Length", "Content-Location", "Forwarded", "Keep-Alive", "Origin", "Proxy-Authenticate",
     "Proxy-Authorization", "TE", "Trailers", "Transfer-Encoding", "Upgrade", "x-amz-date", "X-Amzn-Trace-Id",
     "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"],
)  # fmt: skip
def test_a_reserved_header_is_refused_both_ways(name: str) -> None:
    words = f"{MAPPING}[Operations on header {name} are restricted]"

    assert refused(check_request_parameters, {f"overwrite:header.{name}": "a"}) == words
    assert refused(check_response_parameters, {"200": {f"remove:header.{name}": "''"}}) == words


@pytest.mark.parametrize(
    "source",
    ["$request.method", "$request.body..name", "$request.body[?(@.a)]", "$what", "${request.cookies.a}",
     "$response.body", "$request.header"],
)  # fmt: skip
def test_a_value_that_selects_nothing_is_refused(source: str) -> None:
    told = refused(check_request_parameters, {"overwrite:header.x-a": source})

    assert told == f"{SELECTION}[Invalid source: {source} specified for destination: overwrite:header.x-a]"


def test_an_answer_is_not_mapped_from_its_request() -> None:
    told = refused(check_response_parameters, {"200": {"overwrite:header.x-a": "$request.header.b"}})

    assert told.startswith(SELECTION)


@pytest.mark.parametrize("status", ["199", "600", "2xx", "default", ""])
def test_a_status_that_is_none_is_refused(status: str) -> None:
    assert refused(check_response_parameters, {status: {}}).startswith(MAPPING)


def test_a_service_is_asked_with_what_it_has() -> None:
    check_service_parameters("SQS-SendMessage", {**QUEUE, "Region": "eu-central-1", "DelaySeconds": "5"})

    assert refused(check_service_parameters, "SQS-SendMessage", {"QueueUrl": "a"}) == (
        f"{SELECTION}[Missing required parameters: MessageBody for integration subtype: SQS-SendMessage]"
    )
    assert refused(check_service_parameters, "SQS-SendMessage", {**QUEUE, "Message": "a"}) == (
        f"{SELECTION}[Invalid parameter specified: Message for integration subtype: SQS-SendMessage]"
    )


def test_attributes_in_plain_text_are_no_source() -> None:
    given = {**QUEUE, "MessageAttributes": '{"a": {}}'}

    assert refused(check_service_parameters, "SQS-SendMessage", given) == (
        f'{SELECTION}[Invalid source: {{"a": {{}}}} specified for destination: MessageAttributes]'
    )


@pytest.mark.parametrize("name", ["SNS-Publish", "sqs-sendmessage", ""])
def test_a_subtype_that_is_none_is_refused(name: str) -> None:
    assert refused(check_service_parameters, name, {}).startswith("Invalid IntegrationSubtype specified: ")


@pytest.mark.parametrize("name", [name for name, subtype in SUBTYPES.items() if not subtype.is_emulated])
def test_what_is_not_emulated_is_said_plainly(name: str) -> None:
    assert refused(check_service_parameters, name, {}) == (
        f"Triggerfish does not emulate integrations of the subtype {name}"
    )
