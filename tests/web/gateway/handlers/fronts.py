"""Handlers behind fronts: one gives its event back, others answer what the request tells them to."""

import base64
import json
import threading
from itertools import count
from typing import Any


def echo(event: dict[str, Any], context: Any) -> Any:
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}


def say(event: dict[str, Any], context: Any) -> Any:
    """Returns the JSON of the request's body as it is; `"raise"`, `"sleep"` and `"exit"` do that."""
    body = event.get("body") or "null"
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    wanted = json.loads(body)
    if wanted == "raise":
        raise ValueError("as was asked")
    if wanted == "exit":
        raise SystemExit(3)
    if isinstance(wanted, dict) and "sleep" in wanted:
        threading.Event().wait(wanted["sleep"])
    return wanted


def large(event: dict[str, Any], context: Any) -> Any:
    """More than any front takes."""
    return {"statusCode": 200, "headers": {}, "body": "x" * 5_900_000 if "rawPath" not in event else "x" * 6_300_000}


def linger(event: dict[str, Any], context: Any) -> Any:
    """Longer than its time limit."""
    threading.Event().wait(5)


def authorize(event: dict[str, Any], context: Any) -> Any:
    """Allows who says so; counts in its context how often it was asked."""
    token = (event.get("identitySource") or [""])[0]
    if token == "raise":
        raise ValueError("no")
    if token == "exit":
        raise SystemExit(3)
    if token == "nonsense":
        return {"isAuthorized": "maybe"}
    return {"isAuthorized": token == "allow", "context": {"asked": next(_asked), "list": [1, {"a": None}]}}


_asked = count(1)


def authorize_by_policy(event: dict[str, Any], context: Any) -> Any:
    arn = event["methodArn"]
    effect = "Allow" if event["authorizationToken"] == "allow" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn}
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"keys": ",".join(sorted(event))},
    }


def edge(event: dict[str, Any], context: Any) -> Any:
    """Does what the header `x-do` asks for, at the event that it names: `viewer-request=generate`; else goes on."""
    cf = event["Records"][0]["cf"]
    request, kind = cf["request"], cf["config"]["eventType"]
    wanted, _, what = request["headers"].get("x-do", [{"value": ""}])[0]["value"].partition("=")
    subject = cf.get("response", request)
    subject["headers"][f"x-{kind}"] = [{"key": f"X-{kind}", "value": "seen"}]
    if wanted != kind:
        return subject
    match what:
        case "generate":
            return {"status": "200", "body": json.dumps(cf), "headers": {}}
        case "rewrite":
            request["uri"] = "/b.txt"
            return request
        case "raise":
            raise ValueError("as was asked")
        case "host":
            request["headers"]["host"] = [{"key": "Host", "value": "evil.example"}]
            return request
        case "edge-header":
            subject["headers"]["x-edge-a"] = [{"key": "x-edge-a", "value": "1"}]
            return subject
        case "inject":
            subject["headers"]["x-a"] = [{"key": "x-a", "value": "1\r\nset-cookie: a=b"}]
            return subject
        case "status":
            return {**subject, "status": "404"}
        case "999":
            return {"status": "999"}
        case "204":
            return {"status": "204", "body": "x"}
        case "large":
            return {"status": "200", "body": "x" * 40_961}
        case "nothing":
            return None
        case _:
            return "nonsense"
