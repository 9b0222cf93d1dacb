"""Scenes with pipes: short words for what most tests of them do."""

from typing import Any

from app.core.commands import CreateApiDestination, CreateConnection
from app.core.commands.pipes import CreatePipe
from app.core.names import Arn
from tests.core.stage import SCOPE, Stage

ROLE = "arn:aws:iam::000000000000:role/pipes"


def pipe(stage: Stage, source: Arn, target: Arn, *, name: str = "through", **parameters: Any) -> dict[str, Any]:
    given = {"Source": source, "Target": target, "RoleArn": ROLE, **parameters}
    answer: dict[str, Any] = stage.submit(CreatePipe(SCOPE, name, given))
    stage.advance("1ms")
    return answer


def filters(*patterns: str) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


def queue_parameters(**more: Any) -> dict[str, Any]:
    return {"SqsQueueParameters": more}


def destination(stage: Stage) -> Arn:
    """An API destination at example.com/hook, with a key."""
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "hush"}}
    given = {"Name": "c", "AuthorizationType": "API_KEY", "AuthParameters": key}
    connection = stage.submit(CreateConnection(SCOPE, given))
    given = {
        "Name": "d",
        "ConnectionArn": connection.arn,
        "HttpMethod": "POST",
        "InvocationEndpoint": "https://example.com/*",
    }
    arn: Arn = stage.submit(CreateApiDestination(SCOPE, given))["ApiDestinationArn"]
    return arn
