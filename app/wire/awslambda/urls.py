"""Function URLs over Lambda's API: create, get, list, update, delete."""

from urllib.parse import urlsplit

from app.core.commands import CreateFunctionUrl, DeleteFunctionUrl, UpdateFunctionUrl
from app.core.errors import ValidationFailed
from app.core.gateway.function_url import FunctionUrl
from app.core.names import Arn
from app.core.time import format_instant
from app.wire.awslambda.names import named, page_of
from app.wire.calls import Call, Caller, Params, Readable, Result

_KEYS = ("FunctionName", "Qualifier")
_MODES = ("RESPONSE_STREAM", "BUFFERED")
"""In the order of the recorded refusal, which is not the model's."""


def create_function_url_config(params: Params, caller: Caller) -> Call:
    return Call(CreateFunctionUrl(_arn(params, caller), _given(params)), lambda url: _view(url, caller, is_new=True))


def update_function_url_config(params: Params, caller: Caller) -> Call:
    return Call(UpdateFunctionUrl(_arn(params, caller), _given(params)), lambda url: _view(url, caller))


def delete_function_url_config(params: Params, caller: Caller) -> Call:
    return Call(DeleteFunctionUrl(_arn(params, caller)), lambda _: {})


def get_function_url_config(params: Params, caller: Caller, engine: Readable) -> Result:
    return _view(engine.world.url_configs[_arn(params, caller)], caller)


def list_function_url_configs(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, _ = named(params, caller)
    told = [_view(url, caller) for url in engine.world.url_configs.of(arn)]
    page, marker = page_of(told, "FunctionArn", params)
    return ({"NextMarker": marker} if marker else {}) | {"FunctionUrlConfigs": page}


def _arn(params: Params, caller: Caller) -> Arn:
    arn, qualifier = named(params, caller)
    return f"{arn}:{qualifier}" if qualifier else arn


def _given(params: Params) -> Params:
    mode = params.get("InvokeMode")
    if mode not in (None, *_MODES):
        raise ValidationFailed(
            f"1 validation error detected: Value '{mode}' at 'invokeMode' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{', '.join(_MODES)}]"
        )
    return {name: value for name, value in params.items() if name not in _KEYS}


def _view(url: FunctionUrl, caller: Caller, *, is_new: bool = False) -> Result:
    """`InvokeMode` and `Cors` only if they were ever given (recorded)."""
    result: Result = {"FunctionUrl": _address(url, caller), "FunctionArn": url.function, "AuthType": url.auth_type}
    if url.given_cors is not None:
        result["Cors"] = dict(url.given_cors)
    result["CreationTime"] = format_instant(url.created_at)
    if not is_new:
        result["LastModifiedTime"] = format_instant(url.changed_at)
    if url.invoke_mode is not None:
        result["InvokeMode"] = url.invoke_mode
    return result


def _address(url: FunctionUrl, caller: Caller) -> str:
    """Under which name it answers here: AWS's, with this service's end."""
    parts = urlsplit(caller.base_url)
    port = f":{parts.port}" if parts.port else ""
    end = "localhost.localstack.cloud" if (parts.hostname or "").endswith("localstack.cloud") else "localhost"
    return f"{parts.scheme}://{url.id}.lambda-url.{url.scope.region}.{end}{port}/"
