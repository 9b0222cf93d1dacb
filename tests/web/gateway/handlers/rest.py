"""Handlers behind REST APIs: mapped events, and authorizers of both kinds."""

from itertools import count
from typing import Any

_asked = count(1)


def mapped(event: dict[str, Any], context: Any) -> Any:
    """Gives its event back, or raises with the message that it is told."""
    if event.get("raise"):
        raise ValueError(event["raise"])
    return {"got": event}


def authorize(event: dict[str, Any], context: Any) -> Any:
    """Allows who says `allow`, all methods of the stage; counts how often it was asked."""
    token = event.get("authorizationToken") or event["headers"].get("token")
    if token == "unauthorized":
        raise Exception("Unauthorized")
    if token == "raise":
        raise ValueError("broken")
    if token == "nonsense":
        return {"principalId": "me"}
    effect = {"allow": "Allow", "deny": "Deny"}.get(token, "")
    resource = event["methodArn"].partition("/")[0] + "/*" if effect else "arn:aws:execute-api:elsewhere"
    statement = {"Action": "execute-api:Invoke", "Effect": effect or "Allow", "Resource": resource}
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"asked": next(_asked), "ok": True, "type": event["type"]},
        "usageIdentifierKey": token,
    }
