"""A request through a load balancer: rule, target group, function."""

from dataclasses import replace
from typing import assert_never

from app.core.commands import Asker, Opened
from app.core.gateway.load_balancer import LoadBalancer, TargetGroup
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.names import Arn
from app.engine.driver import Engine
from app.web.gateway.address import Address
from app.web.gateway.invoking import Failed, Rejected, Returned, TookTooLong, invoke
from app.web.gateway.outcome import RequestLimits, Result
from app.wire.gateway import load_balancer as answers
from app.wire.gateway.results import BadResult

_PRINCIPAL = "elasticloadbalancing.amazonaws.com"


class LoadBalancerFront:
    """Answers requests to load balancers."""

    # ELB quotas: a body of 1 MB for a Lambda target, a request line of 16 KB, headers of 64 KB.
    limits = RequestLimits(
        1_048_576, 16_384, 65_536, answers.error_page(413), answers.error_page(414), answers.error_page(400)
    )

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def answer(self, balancer: LoadBalancer, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        # Rules look at the host that was asked, whichever way the request came.
        host = request.header("host") or ""
        request = replace(request, host=host.rpartition(":")[0] if ":" in host else host)
        if request.method == "TRACE":
            return Result(answers.error_page(405), problem="TRACE is not taken")
        rule = balancer.rule_for(request)
        if rule is None:
            there = "; ".join(rule.text for rule in balancer.rules) or "none"
            reason = f"no rule takes {request.method} {request.path} of host {request.host}; rules: {there}"
            return Result(answers.error_page(404), unrouted=reason)
        if rule.fixed is not None:
            status, kind, body = rule.fixed
            return Result(GatewayAnswer(status, (("content-type", kind),), body.encode()), rule.text)
        group = rule.target
        if group is None or group.function is None:
            return Result(answers.error_page(503), rule.text, problem="no target is registered")
        return await self._invoke(balancer, rule.text, group, group.function, request, opened)

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
                return Result(answers.error_page(502), rule, problem=ending.text)
            case _:
                assert_never(ending)
