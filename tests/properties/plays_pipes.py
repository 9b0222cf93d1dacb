"""Steps with pipes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.commands import Command
from app.core.commands.pipes import CreatePipe, DeletePipe, StartPipe, StopPipe, TagPipe, UntagPipe, UpdatePipe
from tests.core.pipes.scenes import ROLE, filters
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_NAMES = ("through", "across")
_API = "arn:aws:execute-api:us-east-1:000000000000:shop/dev/POST/orders"
_MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
_ARN = "arn:aws:pipes:us-east-1:000000000000:pipe/{}"


def _create(play: "Play", a: int, b: int) -> Command:
    targets = [
        SCOPE.function_arn("real"), SCOPE.function_arn("quick"), play.arn(b), SCOPE.function_arn("slow"), _API,
        _MACHINE,
    ]  # fmt: skip
    given = {"Source": play.arn(a), "Target": targets[b % 6], "RoleArn": ROLE}
    if a % 3 == 0:
        enrichments = (SCOPE.function_arn("real"), SCOPE.function_arn("quick"), _API, _MACHINE)
        given["Enrichment"] = enrichments[b % 4]
    if b % 5 == 0:
        given["DesiredState"] = "STOPPED"
    more = {"SourceParameters": filters('{"body": ["1", "hello"]}')} if b % 3 == 0 else {}
    return CreatePipe(SCOPE, _NAMES[a % 2], {**given, **more})


# ruff: noqa: ARG005 -- every verb takes the same three arguments
VERBS: dict[str, Callable[["Play", int, int], Command | None]] = {
    "create pipe": _create,
    "update pipe": lambda play, a, b: UpdatePipe(
        SCOPE, _NAMES[a % 2], {"RoleArn": ROLE, "Target": play.arn(b), "Description": str(b)}
    ),
    "delete pipe": lambda play, a, b: DeletePipe(SCOPE, _NAMES[a % 2]) if b % 3 == 0 else None,
    "start pipe": lambda play, a, b: StartPipe(SCOPE, _NAMES[a % 2]),
    "stop pipe": lambda play, a, b: StopPipe(SCOPE, _NAMES[a % 2]) if b % 3 == 0 else None,
    "tag pipe": lambda play, a, b: TagPipe(_ARN.format(_NAMES[a % 2]), {str(b % 3): "x"}),
    "untag pipe": lambda play, a, b: UntagPipe(_ARN.format(_NAMES[a % 2]), (str(b % 3),)),
}
