"""The kinds of front there are."""

from typing import TypeAlias

from app.core.gateway.distribution import Distribution
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi
from app.core.gateway.load_balancer import LoadBalancer
from app.core.gateway.rest.api import RestApi
from app.core.gateway.websocket.api import WebSocketApi

Front: TypeAlias = WebSocketApi | RestApi | HttpApi | FunctionUrl | LoadBalancer | Distribution
"""Each has an `id`, under which it answers, a `name` for people, a `scope`, a `kind` in words, and maybe a `port`."""
