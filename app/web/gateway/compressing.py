"""Answers of a REST API, compressed for whoever takes that (API Gateway guide, api-gateway-gzip-compression)."""

import gzip
import zlib
from dataclasses import replace

from app.core.gateway.request import GatewayAnswer, GatewayRequest


def compressed(answer: GatewayAnswer, request: GatewayRequest, least_bytes: int) -> GatewayAnswer:
    """The answer, in the first coding of the client's that is gzip or deflate, if it is as large as that and has none
    yet."""
    if len(answer.body) < max(1, least_bytes) or answer.header("content-encoding") is not None:
        return answer
    for given in (request.header("accept-encoding") or "").split(","):
        coding, _, weight = given.partition(";")
        if weight.replace(" ", "") in ("q=0", "q=0.0"):
            continue
        match coding.strip().lower():
            case "gzip" | "*":
                coded, body = "gzip", gzip.compress(answer.body, mtime=0)
            case "deflate":
                coded, body = "deflate", zlib.compress(answer.body)
            case _:
                continue
        return replace(answer, headers=(*answer.headers, ("Content-Encoding", coded)), body=body)
    return answer
