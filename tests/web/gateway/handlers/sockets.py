"""Handlers behind a WebSocket API."""

import json
from typing import Any

_seen: list[dict[str, Any]] = []


def connect(event: dict[str, Any], context: Any) -> Any:
    """Answers the status that the query asks for, and takes the first subprotocol."""
    wanted = (event.get("queryStringParameters") or {}).get("status", "200")
    if wanted == "raise":
        raise ValueError("no")
    _seen.append(event)
    offered = event["headers"].get("Sec-WebSocket-Protocol")
    headers = {"Sec-WebSocket-Protocol": offered.split(",")[0].strip()} if offered else {}
    return {"statusCode": int(wanted), "headers": headers}


def said(event: dict[str, Any], context: Any) -> Any:
    """Answers with its own event; `raise` in the message raises."""
    if "raise" in event["body"]:
        raise ValueError("as was asked")
    return {"statusCode": 200, "body": json.dumps(event)}


def authorize(event: dict[str, Any], context: Any) -> Any:
    token = event["queryStringParameters"].get("token")
    if token == "unauthorized":
        raise Exception("Unauthorized")
    effect = "Allow" if token == "allow" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"arn": event["methodArn"]},
    }
