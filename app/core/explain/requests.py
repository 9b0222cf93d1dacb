"""Which route of a front takes a request, and whether its function would run: a request, and nothing of it is made."""

from typing import assert_never

from app.core.commands import Invoke, Origin
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import explain_invoke
from app.core.explain.questions import OfRequest
from app.core.gateway import http_api
from app.core.gateway.distribution import Distribution
from app.core.gateway.fronts import Front
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.http_api import HttpApi
from app.core.gateway.load_balancer import LoadBalancer, rule_for, why_untaken
from app.core.gateway.request import GatewayRequest
from app.core.gateway.rest import api as rest
from app.core.gateway.rest.api import RestApi
from app.core.gateway.websocket.api import CONNECT, WebSocketApi
from app.core.names import Arn
from app.core.world import World


def explain_request(world: World, question: OfRequest, trail: Trail) -> Conclusion:
    """From the address to the function; what an authorizer would say is not known beforehand."""
    front = world.gateways.get(question.front) if question.front is not None else None
    if front is None:
        named = f"there is nothing named '{question.front}'" if question.front else "this address is no front's"
        there = ", ".join(f"{other.kind} {other.name}" for other in world.gateways.all()) or "none"
        return trail.end(Step(Verdict.NO, About.FRONT, f"{named}; there are: {there}"))
    trail.add(Step(Verdict.YES, About.FRONT, f"{front.kind} '{front.name}' answers there"))
    trail.path = (f"{question.request.method} {question.request.path} of {front.name}",)
    function = _function_of(front, question, trail)
    if isinstance(function, Conclusion):
        return function
    return explain_invoke(world, Invoke(front.scope, function, b"{}", origin=Origin()), trail)


def _function_of(front: Front, question: OfRequest, trail: Trail) -> Arn | Conclusion:
    """The function that the request leads to, or why it leads to none."""
    request = question.request
    match front:
        case HttpApi():
            return _of_http_api(front, request, question.by_port, trail)
        case RestApi():
            return _of_rest_api(front, request, question.by_port, trail)
        case WebSocketApi():
            return _of_socket_api(front, request, trail)
        case FunctionUrl():
            if front.auth_type == "AWS_IAM":
                trail.add(Step(Verdict.NOTE, About.AUTHORIZER, "the request has to be signed"))
            return front.function
        case LoadBalancer():
            return _of_balancer(front, request, trail)
        case Distribution():
            behavior = front.behavior_for(request.path)
            if behavior.methods and request.method not in behavior.methods:
                words = f"behavior {behavior.path} takes {', '.join(behavior.methods)}, not {request.method}"
                return trail.end(Step(Verdict.NO, About.ROUTE, words))
            function = behavior.functions.get("viewer-request") or next(iter(behavior.functions.values()), None)
            if function is None:
                words = f"behavior {behavior.path} takes {request.path}, and has no function at the edge"
                return trail.end(Step(Verdict.NO, About.ROUTE, words))
            trail.add(Step(Verdict.YES, About.ROUTE, f"behavior {behavior.path} takes {request.path}"))
            return function
        case _:
            assert_never(front)


def _of_http_api(api: HttpApi, request: GatewayRequest, by_port: bool, trail: Trail) -> Arn | Conclusion:
    only = next(iter(api.stages)) if by_port and len(api.stages) == 1 else None
    selected = http_api.select(api, request.method, request.path, in_stage=only)
    route = selected.route if selected is not None else None
    if selected is None or route is None:
        return trail.end(
            Step(Verdict.NO, About.ROUTE, http_api.why_unrouted(api, request.method, request.path, selected))
        )
    trail.add(Step(Verdict.YES, About.ROUTE, f"route {route.key.text} of stage {selected.stage.name} takes it"))
    if route.authorization != "NONE":
        who = route.authorizer.name if route.authorizer is not None else route.authorization
        trail.add(Step(Verdict.NOTE, About.AUTHORIZER, f"{who} has to let it through"))
    function = route.integration.function if route.integration is not None else None
    if function is None:
        return trail.end(Step(Verdict.NO, About.ROUTE, f"route {route.key.text} leads to no function"))
    return function


def _of_rest_api(api: RestApi, request: GatewayRequest, by_port: bool, trail: Trail) -> Arn | Conclusion:
    only = next(iter(api.stages)) if by_port and len(api.stages) == 1 else None
    selected = rest.select(api, request.method, request.path, in_stage=only)
    taken = selected.taken if selected is not None else None
    if taken is None:
        return trail.end(Step(Verdict.NO, About.ROUTE, rest.why_unrouted(api, request.method, selected)))
    trail.add(Step(Verdict.YES, About.ROUTE, f"{request.method} of resource {taken.resource.path} takes it"))
    if taken.method.authorization != "NONE":
        trail.add(Step(Verdict.NOTE, About.AUTHORIZER, f"{taken.method.authorization} has to let it through"))
    integration = taken.method.integration
    uri = rest.with_stage_variables(integration.uri, selected.stage.variables) if selected and integration else ""
    function = rest.function_of(uri)
    if function is None:
        leads = f"a {integration.kind} integration" if integration is not None else "nowhere: it has no integration"
        words = f"resource {taken.resource.path} leads to no function but to {leads}"
        return trail.end(Step(Verdict.NO, About.ROUTE, words))
    return function


def _of_socket_api(api: WebSocketApi, request: GatewayRequest, trail: Trail) -> Arn | Conclusion:
    """A request to it can only be a handshake, which `$connect` takes."""
    only = next(iter(api.stages)) if len(api.stages) == 1 else None
    stage = api.stages.get(request.path.strip("/") or only or "")
    if stage is None:
        there = ", ".join(api.stages) or "none"
        return trail.end(Step(Verdict.NO, About.ROUTE, f"there is no stage at {request.path}; stages: {there}"))
    route = stage.routes.get(CONNECT)
    if route is None or route.function is None:
        words = f"stage {stage.name} takes handshakes without a function; each message chooses its route"
        return trail.end(Step(Verdict.YES, About.ROUTE, words))
    trail.add(Step(Verdict.YES, About.ROUTE, f"route {CONNECT} of stage {stage.name} takes handshakes"))
    if route.authorization != "NONE":
        who = route.authorizer.name if route.authorizer is not None else route.authorization
        trail.add(Step(Verdict.NOTE, About.AUTHORIZER, f"{who} has to let it through"))
    return route.function


def _of_balancer(balancer: LoadBalancer, request: GatewayRequest, trail: Trail) -> Arn | Conclusion:
    _, _, port = (request.header("host") or "").rpartition(":")
    listener = balancer.listener_at(int(port) if port.isdecimal() else None)
    rule = rule_for(listener, request) if listener is not None else None
    if rule is None:
        return trail.end(Step(Verdict.NO, About.ROUTE, why_untaken(balancer, listener, request)))
    trail.add(Step(Verdict.YES, About.ROUTE, f"the rule for {rule.text} takes it"))
    functions = [group.function for group in rule.groups if group.function is not None]
    if len(functions) > 1:
        trail.add(Step(Verdict.NOTE, About.ROUTE, f"one of {len(functions)} target groups gets it, by their weights"))
    if not functions:
        return trail.end(Step(Verdict.NO, About.ROUTE, f"the rule for {rule.text} leads to no function"))
    return functions[0]
