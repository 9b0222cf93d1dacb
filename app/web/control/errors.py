"""What was wrong to ask, as JSON: one shape, `{"error": {"code", "message"}}`, for every refusal."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from app.core import errors
from app.core.fire import NoSuchTemplate

STATUSES: dict[type[errors.Refused], int] = {
    errors.AccessDenied: 403,
    errors.ResourceNotFound: 404,
    errors.QueueDoesNotExist: 404,
    errors.NoSuchBucket: 404,
    errors.TopicDoesNotExist: 404,
    errors.SubscriptionDoesNotExist: 404,
    NoSuchTemplate: 404,
    errors.ResourceConflict: 409,
    errors.ResourceInUse: 409,
    errors.QueueNameExists: 409,
    errors.RequestTooLarge: 413,
    errors.TooManyRequests: 429,
}
"""The refusals that are not a plain 400."""

_CODES = {404: "NotFound", 405: "MethodNotAllowed", 413: "BodyTooLarge"}


class BadRequest(Exception):
    """The request is understood and wrong; `str` of it is the sentence to answer."""


def error_response(status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of `app` have the one shape."""

    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.Refused)
        return error_response(STATUSES.get(type(error), 400), type(error).__name__, error.message)

    async def bad_request(_: Request, error: Exception) -> JSONResponse:
        return error_response(400, "BadRequest", str(error))

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return error_response(400, *_explain(error.errors()))

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = str(error.detail)
        if error.status_code == 404:
            message = f"there is nothing at {request.url.path}"
        elif error.status_code == 405:
            message = f"{request.method} is not possible at {request.url.path}"
        code = _CODES.get(error.status_code, "BadRequest")
        return error_response(error.status_code, code, message, headers=error.headers)

    async def failed(request: Request, _: Exception) -> JSONResponse:
        what = f"{request.method} {request.url.path}"
        return error_response(500, "InternalError", f"{what} failed for a reason of ours; the service's log has it")

    app.add_exception_handler(errors.Refused, refused)
    app.add_exception_handler(BadRequest, bad_request)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, failed)


def _explain(problems: Sequence[Any]) -> tuple[str, str]:
    """Code and sentence for pydantic's findings: the path of each field and what was expected there."""
    if any(problem["type"] == "json_invalid" for problem in problems):
        reason = problems[0].get("ctx", {}).get("error", "it does not parse")
        return "NotJson", f"the body is not JSON: {reason} (at character {problems[0]['loc'][-1]})"
    sentences = []
    for problem in problems:
        place, *path = problem["loc"]
        name = ".".join(str(part) for part in path) or f"the {place}"
        sentences.append(f"{name}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "InvalidRequest", "; ".join(sentences)
