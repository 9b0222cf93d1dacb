"""moto's services driven in process, one request at a time: which module keeps which, and what time it is there.

Imported when a service of moto's is first asked for something; each service's own module when that service is.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import moto.core.utils as moto_utils
from moto.core.exceptions import HTTPException
from moto.core.model_instances import model_data
from moto.core.request import Request

from app.adapters.moto_config import configure
from app.core.names import Scope
from app.core.time import Instant, to_datetime
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.refusals import NotEmulated, ServiceFailed

_LOG = logging.getLogger(__name__)

_MODULES = {
    "cognito-idp": "cognitoidp",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
}
"""Where moto's name of a service is another than the one that requests are signed for."""

_LOADED_WITH = {"elbv2": ("elb", "ec2")}
"""What a module of moto's keeps in others': the subnets that load balancers are in."""

_ON_REAL_TIME = {"sts"}
"""What a client measures by its own clock: with credentials that end in an emulated past it would ask for ever."""

_NOT_OURS = {"connection", "content-length", "content-type", "date", "server", "transfer-encoding", "x-amzn-requestid"}

Respond = Callable[[Request, str, Any], tuple[int, Any, str | bytes]]


class MotoBackends:
    """moto's services, their state emptied and their time ours. One at a time in a process, and on one thread."""

    def __init__(self, now: Callable[[], Instant], mended: Mapping[str, Callable[[], None]] | None = None) -> None:
        """`mended` are put in place when the service of their name is loaded, as requests are signed for it."""
        self._now = now
        self._mended = {_MODULES.get(service, service): place for service, place in (mended or {}).items()}
        self._routes = cache(self._load)
        self._loaded: set[str] = set()
        # What moto stamps by way of its helpers (`unix_time`, `iso_8601_…`).
        moto_utils.utcnow = self._utcnow
        configure()

    def handle(self, service: str, request: HttpRequest, scope: Scope) -> HttpAnswer:
        """moto's answer to a request of this account and region. Raises NotEmulated, ServiceFailed."""
        module = _module_for(service, request)
        # moto tells region and service from the host, as it would stand before AWS's own endpoints.
        host = f"{'streams.dynamodb' if module == 'dynamodbstreams' else service}.{scope.region}.amazonaws.com"
        url = f"https://{host}{request.path}"
        respond = next((respond for path, respond in self._routes(module) if path.match(url)), None)
        if respond is None:
            raise NotEmulated(f"Triggerfish does not emulate {request.method} {request.path} of '{service}'.")
        headers = {**request.headers, "host": host, "x-moto-account-id": scope.account}
        asked = Request.from_primitives(
            request.method, url + (f"?{request.query}" if request.query else ""), headers, request.body
        )
        try:
            status, told, body = respond(asked, asked.raw_url, asked.headers)
        except HTTPException as error:
            status, told, body = error.code or 500, dict(error.get_headers()), error.get_body()
        except NotImplementedError as error:
            raise NotEmulated(f"Triggerfish does not emulate this operation of '{service}'. {error}".rstrip()) from None
        except Exception:  # whatever moto cannot do is one failed request
            _LOG.exception("%s failed on %s %s", service, request.method, request.path)
            raise ServiceFailed("We encountered an internal error. Please try again.") from None
        return _answer(status, told, body)

    def backend(self, service: str, scope: Scope) -> Any:
        """moto's own object that keeps the service for this account and region."""
        module = _MODULES.get(service, service)
        self._routes(module)
        backends = getattr(import_module(f"moto.{module}.models"), f"{module}_backends")[scope.account]
        return backends[scope.region if scope.region in backends else "aws"]

    def close(self) -> None:
        """Forget everything."""
        for module in self._loaded:
            # Not `reset`: that would take the object store's too, which lives on another thread.
            getattr(import_module(f"moto.{module}.models"), f"{module}_backends").clear()

    def _load(self, module: str) -> list[tuple[re.Pattern[str], Respond]]:
        """The routes of one of moto's services, as compiled patterns of URLs."""
        try:
            urls = import_module(f"moto.{module}.urls")
        except ModuleNotFoundError as error:
            raise NotEmulated(f"Triggerfish needs the package '{error.name}' to emulate '{module}'.") from None
        if module not in _ON_REAL_TIME:
            for part in ("models", "responses"):
                own = import_module(f"moto.{module}.{part}")
                if hasattr(own, "utcnow"):
                    own.utcnow = self._utcnow  # type: ignore[attr-defined] # moto's modules import it by name
        for each in (module, *_LOADED_WITH.get(module, ())):
            for model in model_data[each].values():
                model.instances_tracked = _Nothing()
            self._loaded.add(each)
        if module in self._mended:
            self._mended[module]()
        return [
            (re.compile(path.format(base)), respond)
            for base in urls.url_bases
            for path, respond in urls.url_paths.items()
        ]

    def _utcnow(self) -> Any:
        """Our time in moto's form: naive, in UTC."""
        return to_datetime(self._now()).replace(tzinfo=None)


class _Nothing(list[Any]):
    """Where moto would remember every object for ever, so as to reset it between tests."""

    def append(self, _: Any) -> None:
        pass


def _module_for(service: str, request: HttpRequest) -> str:
    """Two APIs are signed for under one name."""
    if service == "dynamodb" and request.headers.get("x-amz-target", "").startswith("DynamoDBStreams_"):
        return "dynamodbstreams"
    return _MODULES.get(service, service)


def _answer(status: int, headers: Any, body: str | bytes | None) -> HttpAnswer:
    named = {name.lower(): str(value) for name, value in dict(headers).items()}
    return HttpAnswer(
        int(named.get("status", status)),
        body.encode() if isinstance(body, str) else body or b"",
        named.get("content-type", ""),
        tuple((name, value) for name, value in named.items() if name not in {*_NOT_OURS, "status"}),
    )
