"""Plays with functions as they are deployed: created, updated, published, named by aliases, permitted, deleted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.awslambda.deployment import Code
from app.core.awslambda.invocation import InvocationType
from app.core.commands import (
    AddFunctionPermission,
    AddLayerPermission,
    Command,
    CreateAlias,
    CreateFunction,
    DeleteAlias,
    DeleteLayerVersion,
    DeleteVersion,
    Invoke,
    PublishLayerVersion,
    PublishVersion,
    PutProvisionedConcurrency,
    PutRuntimeManagement,
    RemoveFunctionPermission,
    RemoveLayerPermission,
    TagFunction,
    UntagFunction,
    UpdateAlias,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
)
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_NAMES = ("deployed", "shipped", "real")
_QUALIFIERS = ("1", "2", "live", "$LATEST", "canary")
LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:tools"
_ROLE = "arn:aws:iam::000000000000:role/r"


def _arn(number: int) -> str:
    return SCOPE.function_arn(_NAMES[number % len(_NAMES)])


def _code(number: int) -> Code:
    return Code(f"sha{number % 3}", 10)


def _create(_: "Play", a: int, b: int) -> Command:
    layers = [f"{LAYER}:{1 + b % 2}"] if b % 3 == 0 else []
    parameters = {
        "Role": _ROLE, "Runtime": "python3.12", "Handler": "app.handler", "Timeout": 1 + b % 5, "Layers": layers,
        "Publish": b % 2 == 0, "Tags": {"by": "play"},
    }  # fmt: skip
    return CreateFunction(_arn(a), parameters, _code(b))


def _alias(a: int, b: int) -> dict[str, Any]:
    weights = {"2": 0.5} if b % 2 else {}
    return {"FunctionVersion": ("1", "2", "$LATEST")[a % 3], "RoutingConfig": {"AdditionalVersionWeights": weights}}


def _permission(a: int, b: int) -> dict[str, Any]:
    principal = ("s3.amazonaws.com", "nobody")[a % 2]
    return {"StatementId": f"s{b % 2}", "Action": "lambda:InvokeFunction", "Principal": principal}


def _invoke_qualified(_: "Play", a: int, b: int) -> Command:
    kind = (InvocationType.EVENT, InvocationType.REQUEST_RESPONSE)[b % 2]
    return Invoke(SCOPE, _arn(a), b"{}", kind, _QUALIFIERS[b % len(_QUALIFIERS)])


# ruff: noqa: ARG005 -- every verb takes the same three arguments
VERBS: dict[str, Callable[["Play", int, int], Command | None]] = {
    "create function": _create,
    "update code": lambda play, a, b: UpdateFunctionCode(_arn(a), {"Publish": b % 2 == 0}, _code(a + b)),
    "update configuration": lambda play, a, b: UpdateFunctionConfiguration(_arn(a), {"Timeout": 1 + b % 5}),
    "publish version": lambda play, a, b: PublishVersion(_arn(a), {"Description": f"d{b % 2}"}),
    "delete version": lambda play, a, b: DeleteVersion(_arn(a), (None, "1", "2", "$LATEST", "live")[b % 5]),
    "create alias": lambda play, a, b: CreateAlias(_arn(a), {"Name": ("live", "canary")[b % 2], **_alias(a, b)}),
    "update alias": lambda play, a, b: UpdateAlias(_arn(a), ("live", "canary")[b % 2], _alias(b, a)),
    "delete alias": lambda play, a, b: DeleteAlias(_arn(a), ("live", "canary")[b % 2]),
    "add function permission": lambda play, a, b: AddFunctionPermission(
        _arn(a), (None, "1", "live")[b % 3], _permission(a, b)
    ),
    "remove function permission": lambda play, a, b: RemoveFunctionPermission(
        _arn(a), (None, "1", "live")[b % 3], f"s{b % 2}"
    ),
    "tag function": lambda play, a, b: TagFunction(_arn(a), {str(b % 3): "x"}),
    "untag function": lambda play, a, b: UntagFunction(_arn(a), (str(b % 3),)),
    "manage runtime": lambda play, a, b: PutRuntimeManagement(
        _arn(a),
        _QUALIFIERS[b % len(_QUALIFIERS)],
        ("Auto", "Manual")[a % 2],
        (None, "arn:aws:lambda:us-east-1::runtime:x")[b % 2],
    ),
    "provision": lambda play, a, b: PutProvisionedConcurrency(
        _arn(a), _QUALIFIERS[b % len(_QUALIFIERS)], (None, 1, 2)[a % 3]
    ),
    "publish layer": lambda play, a, b: PublishLayerVersion(LAYER, _code(a), {"Description": "d"}),
    "delete layer": lambda play, a, b: DeleteLayerVersion(LAYER, a % 3),
    "add layer permission": lambda play, a, b: AddLayerPermission(LAYER, 1 + a % 2, _permission(a, b)),
    "remove layer permission": lambda play, a, b: RemoveLayerPermission(LAYER, 1 + a % 2, f"s{b % 2}"),
    "invoke qualified": _invoke_qualified,
}
