"""A request through a load balancer: rule, target group, function."""

from dataclasses import replace
from typing import assert_never

from app.core.awslambda.invocation import Unreachable
from app.core.commands import Asker, Opened
from app.core.errors import AccessDenied, ResourceNotFound, TooManyRequests
from app.core.gateway.load_balancer import (
    FixedAnswer,
    Forward,
    LoadBalancer,
    NotEmulatedAction,
    Redirect,
    TargetGroup,
    rule_for,
    why_untaken,
)
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn
from app.engine.driver import Engine
from app.web.gateway.address import Address
from app.web.gateway.invoking import ByHand, Failed, Rejected, Returned, TookTooLong, invoke
from app.web.gateway.outcome import RequestLimits, Result
from app.wire.gateway import load_balancer as answers
from app.wire.gateway.results import BadResult

_PRINCIPAL = "elasticloadbalancing.amazonaws.com"
_NOT_REACHED = "LambdaConnectionTimeout"


class LoadBalancerFront:
    """Answers requests to load balancers."""

    # ELB quotas: a body of 1 MB for a Lambda target, a request line of 16 KB, headers of 64 KB.
    limits = RequestLimits(
        1_048_576, 16_384, 65_536, answers.error_page(413), answers.error_page(414), answers.error_page(400)
    )

    def __init__(self, engine: Engine | ByHand) -> None:
        self._engine = engine

    def waits_only_for_functions(self, balancer: LoadBalancer, request: GatewayRequest, address: Address) -> bool:
        return True

    async def answer(self, balancer: LoadBalancer, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        # Rules look at the host that was asked, whichever way the request came.
        host, port = _host_and_port(request)
        request = replace(request, host=host)
        if request.method == "TRACE":
            return Result(answers.error_page(405), problem="TRACE is not taken")
        if request.header("upgrade") is not None:
            return Result(answers.error_page(400), problem="a function takes no upgrade of the connection")
        listener = balancer.listener_at(port)
        rule = rule_for(listener, request) if listener is not None else None
        if listener is None or rule is None:
            return Result(answers.error_page(404), unrouted=why_untaken(balancer, listener, request))
        match rule.action:
            case FixedAnswer(status=status, content_type=kind, body=body):
                return Result(answers.fixed_answer(status, kind, body), rule.text)
            case Redirect() as redirect:
                location = redirect.location(request, port or listener.port)
                return Result(answers.redirect_page(redirect.status, location), rule.text)
            case NotEmulatedAction(kind=kind):
                return Result(answers.error_page(500), rule.text, problem=f"Triggerfish does not emulate {kind}")
            case Forward() as forward:
                return await self._forward(balancer, rule.text, forward, request, opened)
            case _:
                assert_never(rule.action)

    async def _forward(
        self, balancer: LoadBalancer, rule: str, forward: Forward, request: GatewayRequest, opened: Opened
    ) -> Result:
        # The number is the request's id, which comes from the seed: the same requests go the same ways again.
        group = forward.chosen(int(opened.request_id[:8], 16))
        if group is None or group.function is None:
            named = f" in target group {group.name}" if group is not None else ""
            return Result(answers.error_page(503), rule, problem=f"no function is registered{named}")
        return await self._invoke(balancer, rule, group, group.function, request, opened)

    async def _invoke(
        self, balancer: LoadBalancer, rule: str, group: TargetGroup, function: Arn, request: GatewayRequest,
        opened: Opened,
    ) -> Result:  # fmt: skip
        event = answers.target_event(request, group, opened.origin.trace_header or "")
        station = f"{request.method} {request.path} of {balancer.name}"
        ending = await invoke(
            self._engine, function, event, balancer.scope, opened.origin, station, None,
            asker=Asker(_PRINCIPAL, group.arn),
        )  # fmt: skip
        match ending:
            case Returned(payload=payload):
                try:
                    return Result(answers.answer_of_result(payload, group), rule)
                except BadResult as bad:
                    return Result(answers.error_page(502), rule, problem=str(bad))
            case Failed() | Rejected() | TookTooLong():
                # Where Lambda itself is not reached, and only there, the balancer says that it waited in vain.
                status = 504 if (reason := _reason_of(ending)) == _NOT_REACHED else 502
                return Result(answers.error_page(status), rule, problem=f"{reason}: {ending.text}")
            case _:
                assert_never(ending)


def _reason_of(ending: Failed | Rejected | TookTooLong) -> str:
    """What ELB's access log calls it (ELB user guide, load-balancer-access-logs)."""
    match ending:
        case Rejected(refusal=AccessDenied()):
            return "LambdaAccessDenied"
        case Rejected(refusal=TooManyRequests()):
            return "LambdaThrottling"
        case Rejected(refusal=ResourceNotFound()):
            return "LambdaResourceNotFound"
        case Rejected():
            return "LambdaInvalidRequest"
        case Failed(outcome=Unreachable(reached_nobody=True, code="")):
            return _NOT_REACHED
        case _:
            return "LambdaUnhandled"


def _host_and_port(request: GatewayRequest) -> tuple[str, int | None]:
    """Of the `Host` header, where a client says which listener it means."""
    host = request.header("host") or ""
    name, colon, port = host.rpartition(":")
    return (name, int(port)) if colon and port.isdecimal() and len(port) <= 5 else (host, None)
