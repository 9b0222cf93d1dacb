"""How each front words the refusal of a request that is none."""

from http import HTTPStatus

import orjson

from app.core.gateway.distribution import Distribution
from app.core.gateway.fronts import Front
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.load_balancer import LoadBalancer
from app.wire.gateway import edge, load_balancer


def words_of(front: Front, status: HTTPStatus) -> tuple[str, bytes]:
    """Content type and body: pages of load balancers and distributions, JSON of everything else. The words of API
    Gateway and of function URLs are UNCONFIRMED; they are those of their other refusals."""
    match front:
        case LoadBalancer():
            return "text/html", load_balancer.page_of(status.value, status.phrase)
        case Distribution():
            return "text/html", edge.error_page(status.value, f"{status.phrase}.", "Error").body
        case FunctionUrl():
            return "application/json", orjson.dumps({"Message": status.phrase})
        case _:
            return "application/json", orjson.dumps({"message": status.phrase})
