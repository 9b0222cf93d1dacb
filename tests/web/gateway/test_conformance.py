"""What fronts answer, case by case as files: routing, errors, tokens, authorizers, CORS, throttles, limits.

A case has steps: requests, each with what has to come of it, and moves of the clock.
"""

import hmac
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cases import read
from tests.core.gateway.test_jwt import KEY, OTHER, encoded, key_set, signed
from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS

FOLDER = Path(__file__).parents[2] / "conformance/fronts"
CASES = sorted(FOLDER.rglob("*.json"))
ISSUER = "https://issuer.example"

SETTINGS = f"""
clock: {{frozen: 2026-11-21T12:00:00Z}}
enforce_permissions: true
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  say: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 10}}
  brief: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 1}}
  large: {{CodeUri: {HANDLERS}, Handler: fronts.large, Timeout: 10}}
  busy: {{CodeUri: {HANDLERS}, Handler: fronts.echo, ReservedConcurrentExecutions: 0}}
  authorize: {{CodeUri: {HANDLERS}, Handler: fronts.authorize, Timeout: 10}}
  authorize_by_policy: {{CodeUri: {HANDLERS}, Handler: fronts.authorize_by_policy, Timeout: 10}}
  edge: {{CodeUri: {HANDLERS}, Handler: fronts.edge, Timeout: 5}}
  slow: {{CodeUri: {HANDLERS}, Handler: fronts.linger, Timeout: 1}}
  nobody: {{http: "http://127.0.0.1:1/"}}
buckets: {{site: {{}}}}
apis:
  shop:
    authorizers:
      jwt: {{issuer: "{ISSUER}", audience: [shop], keys: {json.dumps(key_set())}}}
      check: {{function: authorize, simple: true, IdentitySource: [$request.header.token]}}
      cached: {{function: authorize, simple: true, IdentitySource: [$request.header.token], ttl: 60s}}
      policy: {{function: authorize_by_policy, payload: 1.0, IdentitySource: [$request.header.token]}}
    routes:
      GET /pets: echo
      GET /pets/special: echo
      GET /pets/{{id}}: echo
      POST /pets/{{id}}: echo
      ANY /pets/{{id}}: echo
      GET /pets/{{proxy+}}: echo
      ANY /pets/{{id}}/{{proxy+}}: echo
      ANY /all/{{proxy+}}: echo
      POST /say: say
      POST /say-old: {{function: say, payload: 1.0}}
      POST /hurry: {{function: say, timeout: 100ms}}
      GET /busy: busy
      GET /large: large
      GET /jwt: {{function: echo, authorizer: jwt}}
      GET /jwt-old: {{function: echo, authorizer: jwt, payload: 1.0}}
      GET /scoped: {{function: echo, authorizer: jwt, scopes: [read, admin]}}
      GET /checked: {{function: echo, authorizer: check}}
      GET /uncached: {{function: echo, authorizer: check}}
      GET /cached: {{function: echo, authorizer: cached}}
      GET /cached-too: {{function: echo, authorizer: cached}}
      GET /policed: {{function: echo, authorizer: policy, payload: 1.0}}
      GET /iam: {{function: echo, authorizer: AWS_IAM}}
  catch: {{routes: {{$default: echo, "GET /pets/{{id}}": echo, "ANY /{{proxy+}}": echo}}}}
  every: {{routes: {{$default: echo}}}}
  staged: {{stage: dev, routes: {{GET /pets: echo}}}}
  narrow: {{throttle: {{rate: 1, burst: 1}}, routes: {{GET /pets: echo}}}}
  cors:
    cors:
      AllowOrigins: ["https://shop.example"]
      AllowMethods: [GET, PUT]
      AllowHeaders: [x-a]
      ExposeHeaders: [x-b]
      MaxAge: 5
    routes: {{POST /say: say, OPTIONS /own: echo}}
  cors-default:
    cors: true
    authorizers: {{check: {{function: authorize, simple: true, IdentitySource: [$request.header.token]}}}}
    routes: {{$default: {{function: echo, authorizer: check}}}}
urls:
  echo: echo
  say: say
  brief: brief
  busy: busy
  large: large
  signed: {{function: echo, AuthType: AWS_IAM}}
  cors-url: {{function: say, Cors: {{AllowOrigins: ["https://shop.example"], MaxAge: 5}}}}
  whole: {{function: say, InvokeMode: RESPONSE_STREAM}}
load_balancers:
  front:
    rules:
      - {{path: /api/*, function: echo}}
      - {{path: /say, methods: [POST], function: say}}
      - {{path: /brief, function: brief}}
      - {{path: /nobody, function: nobody}}
      - {{path: /busy, function: busy}}
      - {{path: /large, function: large}}
      - {{path: /fixed, fixed: {{status: 503, type: text/html, body: <p>later</p>}}}}
      - {{path: /old, redirect: {{status: 301, host: new.example}}}}
distributions:
  edged:
    origin: {{bucket: site, path: /public}}
    functions: {{viewer-request: edge, origin-request: edge, origin-response: edge, viewer-response: edge}}
  slow-edge: {{origin: {{bucket: site}}, functions: {{viewer-request: slow}}}}
  busy-edge: {{origin: {{bucket: site}}, functions: {{viewer-request: busy}}}}
"""


@dataclass(frozen=True, slots=True)
class Fronts:
    """`ids` stand for what got its id when it was made."""

    service: Serving
    ids: dict[str, str]


@pytest.fixture(scope="module")
def fronts() -> Iterator[Fronts]:
    """With an object at the origin, a function that permits nobody, and an API whose function is not there."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(HANDLERS / "fronts.py", "fronts.py")
    with serving(SETTINGS) as running:
        s3, functions, apis = (
            running.client("s3", s3={"addressing_style": "path"}), running.client("lambda"),
            running.client("apigatewayv2"),
        )  # fmt: skip
        s3.put_object(Bucket="site", Key="public/a.txt", Body=b"from the bucket")
        deployed = functions.create_function(
            FunctionName="deployed", Role="arn:aws:iam::000000000000:role/r", Runtime="python3.12",
            Handler="fronts.echo", Code={"ZipFile": packed.getvalue()},
        )["FunctionArn"]  # fmt: skip
        url = functions.create_function_url_config(FunctionName="deployed", AuthType="NONE")["FunctionUrl"]
        missing = "arn:aws:lambda:us-east-1:000000000000:function:missing"
        made = {
            name: apis.create_api(Name=name, ProtocolType="HTTP", Target=target)["ApiId"]
            for name, target in (("unpermitted", deployed), ("gone", missing))
        }
        for client in (s3, functions, apis):
            client.close()
        yield Fronts(running, {**made, "<deployed>": url.split("//")[1].split(".")[0]})


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", CASES, ids=name)
def test_a_front_answers_so(fronts: Fronts, path: Path) -> None:
    for step in read(path)["steps"]:
        if "advance" in step:
            fronts.service.post("clock/advance", {"duration": step["advance"]})
        else:
            carry_out(fronts, step)


def carry_out(fronts: Fronts, step: dict[str, Any]) -> None:
    """Ask, and check all that has to come of it."""
    service = fronts.service
    before = invocations(service)
    answer = asked(fronts, step)
    expected = step.get("answer", {})
    told = f"{answer.status} {answer.content[:300]!r}"

    assert answer.status == expected.get("status", 200), told
    if "body" in expected:
        assert answer.content.decode() == expected["body"]
    assert answer.content.decode(errors="replace").startswith(expected.get("begins", ""))
    for header, value in expected.get("headers", {}).items():
        assert answer.headers.get(header) == value, header
    assert not set(expected.get("absent", ())) & set(answer.headers)
    for member, value in step.get("event", {}).items():
        assert found(answer.json, member) == value, member
    if "same" in step:
        header, member = step["same"]
        assert answer.headers[header] == found(answer.json, member)
    if "journal" in step:
        texts = [entry["text"] for entry in service.get("journal?limit=1000")]
        assert any(step["journal"] in text for text in texts), texts[-10:]
    if "invocations" in step:
        assert invocations(service) - before == step["invocations"]


def asked(fronts: Fronts, step: dict[str, Any]) -> Answer:
    host: str = step["front"]
    first, dot, rest = host.partition(".")
    headers = {"Host": fronts.ids.get(first, first) + dot + rest, **step["headers"]}
    if "token" in step:
        headers["Authorization"] = step["token"].get("prefix", "Bearer ") + token(fronts.service, step["token"])
    body: bytes | None = None
    if "returns" in step:
        body = json.dumps(step["returns"]).encode()
    elif "body_size" in step:
        body = b"x" * step["body_size"]
    return fronts.service.ask(step["method"], step["path"], body, headers=headers)


def token(service: Serving, given: dict[str, Any]) -> str:
    """A token whose times are told from now; of the claims that are null there is none."""
    now_s = round(datetime.fromisoformat(service.get("clock")["now"]).timestamp())
    claims = {"iss": ISSUER, "aud": "shop", "exp": now_s + 60, "scope": "read write", **given["claims"]}
    claims = {
        claim: now_s + int(value) if str(value).startswith("+") else value
        for claim, value in claims.items()
        if value is not None
    }
    algorithm = given.get("alg", "RS256")
    if algorithm == "RS256":
        return signed(claims, key=OTHER if given.get("key") == "other" else KEY, kid=given.get("kid", "one"))
    head = encoded(json.dumps({"alg": algorithm, "kid": "one"}).encode())
    content = f"{head}.{encoded(json.dumps(claims).encode())}"
    secret = json.dumps(key_set()["keys"][0]).encode()
    return f"{content}.{encoded(hmac.digest(secret, content.encode(), 'sha256') if algorithm == 'HS256' else b'')}"


def invocations(service: Serving) -> int:
    return len(service.get("journal?kinds=InvocationStarted&limit=1000"))


def found(event: Any, member: str) -> Any:
    """What a path of names leads to."""
    if member in event:
        return event[member]
    first, dot, rest = member.partition(".")
    assert dot and first in event, f"there is no {member}"
    return found(event[first], rest)


def test_every_folder_is_a_front() -> None:
    assert {path.parent.name for path in CASES} == {"alb", "edge", "http", "url"}
