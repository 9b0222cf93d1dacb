"""JWT authorizers and HTTP integrations over loopback: keys given, keys asked of the issuer, another server behind."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.gateway.test_jwt import CLAIMS, NOW_S, OTHER, key_set, signed
from tests.serving import Serving, serving
from tests.web.gateway.conftest import HANDLERS
from tests.web.gateway.elsewhere import Elsewhere


@pytest.fixture(scope="module")
def service(there: Elsewhere) -> Iterator[Serving]:
    with serving(f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
limits: {{authorizer_timeout: 100ms}}
functions:
  linger: {{CodeUri: {HANDLERS}, Handler: fronts.linger, Timeout: 10}}
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
apis:
  shop:
    authorizers:
      given: {{issuer: "https://issuer.example", audience: [shop], keys: {json.dumps(key_set())}}}
      asked: {{issuer: "{there.url}", audience: [shop]}}
      silent: {{issuer: "http://127.0.0.1:1", audience: [shop]}}
      hanging: {{issuer: "{there.url}/never", audience: [shop]}}
      lingers: {{function: linger, simple: true, IdentitySource: [$request.header.token]}}
    routes:
      GET /given: {{function: echo, authorizer: given, scopes: [read, admin]}}
      GET /strict: {{function: echo, authorizer: given, scopes: [admin]}}
      GET /asked: {{function: echo, authorizer: asked}}
      GET /silent: {{function: echo, authorizer: silent}}
      GET /hanging: {{function: echo, authorizer: hanging}}
      GET /lingers: {{function: echo, authorizer: lingers}}
      ANY /elsewhere/{{proxy+}}:
        url: "{there.url}/v1/{{proxy}}"
        parameters: {{"overwrite:header.x-from": $context.stage}}
""") as running:
        yield running


def ask(service: Serving, path: str, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return service.ask("GET", f"/_triggerfish/gateway/shop{path}", headers=headers)


def test_the_emulated_clock_is_the_tokens_own() -> None:
    assert NOW_S == 1_795_262_400


def test_a_good_token_comes_to_the_function_as_texts(service: Serving) -> None:
    answer = ask(service, "/given", signed({**CLAIMS, "groups": ["a", "b"], "admin": True}))

    jwt = answer.json["requestContext"]["authorizer"]["jwt"]
    assert jwt["claims"]["groups"] == "[a b]"
    assert (jwt["claims"]["admin"], jwt["claims"]["exp"]) == ("true", str(NOW_S + 60))
    assert jwt["scopes"] == ["read", "write"]


@pytest.mark.parametrize(
    ("token", "description"),
    [
        (signed({**CLAIMS, "exp": NOW_S}), "the token has expired"),
        (signed({**CLAIMS, "aud": "other"}), "the token does not have a valid audience"),
        (signed(CLAIMS, key=OTHER), "the signature of the token is invalid"),
        ("nonsense", "the token is malformed"),
    ],
)
def test_a_bad_token_is_told_why(service: Serving, token: str, description: str) -> None:
    answer = ask(service, "/given", token)

    assert (answer.status, answer.json) == (401, {"message": "Unauthorized"})
    challenge = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    assert answer.headers["www-authenticate"] == challenge


def test_without_a_token_nobody_comes_in(service: Serving) -> None:
    assert ask(service, "/given").status == 401


def test_a_token_without_the_scope_is_forbidden(service: Serving) -> None:
    answer = ask(service, "/strict", signed(CLAIMS))

    assert (answer.status, answer.json) == (403, {"message": "Forbidden"})


def test_keys_are_asked_of_the_issuer_and_kept(service: Serving, there: Elsewhere) -> None:
    token = signed({**CLAIMS, "iss": there.url})

    assert [ask(service, "/asked", token).status for _ in range(3)] == [200, 200, 200]
    assert there.asked.count("/keys") == 1


def test_keys_that_are_changed_hold_from_the_first_token_of_theirs(service: Serving, there: Elsewhere) -> None:
    claims = {**CLAIMS, "iss": there.url}
    before, after = signed(claims), signed(claims, key=OTHER, kid="two")
    first = ask(service, "/asked", before).status
    there.keys = key_set(OTHER, "two")
    still, rotated, old = (ask(service, "/asked", token).status for token in (before, after, before))
    there.keys = key_set()

    assert (first, still, rotated, old) == (200, 200, 200, 401)


def test_keys_are_asked_again_after_two_hours_of_the_clock(service: Serving, there: Elsewhere) -> None:
    claims = {**CLAIMS, "iss": there.url, "exp": NOW_S + 86_400}
    ask(service, "/asked", signed(claims))
    before = there.asked.count("/keys")
    service.post("clock/advance", {"duration": "2h"})
    ask(service, "/asked", signed(claims))

    assert there.asked.count("/keys") == before + 1


@pytest.mark.parametrize("keys", [{}, {"keys": 5}, {"keys": [5, {}]}, {"keys": [], "pad": "x" * 150_000}, [1], "no"])
def test_a_key_set_that_is_none_lets_nobody_in(service: Serving, there: Elsewhere, keys: Any) -> None:
    there.keys = keys
    answer = ask(service, "/asked", signed({**CLAIMS, "iss": there.url, "exp": NOW_S + 86_400}, kid="three"))
    there.keys = key_set()

    assert (answer.status, answer.json) == (401, {"message": "Unauthorized"})


def test_an_issuer_that_hangs_lets_nobody_in_in_time(service: Serving, there: Elsewhere) -> None:
    token = signed({**CLAIMS, "iss": f"{there.url}/never", "exp": NOW_S + 86_400})

    assert ask(service, "/hanging", token).status == 401


def test_an_authorizer_that_hangs_is_an_internal_error_in_time(service: Serving) -> None:
    answer = service.ask("GET", "/_triggerfish/gateway/shop/lingers", headers={"token": "me"})
    texts = [entry["text"] for entry in service.get("journal?kinds=RequestAnswered&limit=100")]

    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})
    assert any("authorizer lingers: the function did not answer within 0.1 s" in text for text in texts)


def test_claims_that_are_hard_to_tell_are_texts(service: Serving) -> None:
    claims = {**CLAIMS, "exp": NOW_S + 86_400, "big": 2**70, "odd": "\ud800", "deep": {"a": [1, None]}}
    told = ask(service, "/given", signed(claims)).json["requestContext"]["authorizer"]["jwt"]["claims"]

    assert (told["big"], told["odd"], told["deep"]) == (str(2**70), "?", '{"a":[1,null]}')


def test_an_issuer_that_does_not_answer_lets_nobody_in(service: Serving) -> None:
    assert ask(service, "/silent", signed({**CLAIMS, "iss": "http://127.0.0.1:1"})).status == 401


def test_a_request_goes_on_to_another_server(service: Serving) -> None:
    answer = ask(service, "/elsewhere/a/b?q=1")

    assert answer.json["path"] == "/v1/a/b?q=1"
    assert answer.json["headers"]["x-from"] == "$default"
