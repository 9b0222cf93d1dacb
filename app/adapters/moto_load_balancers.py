"""moto's Elastic Load Balancing, mended where it tells other than AWS, and read into values after each change."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import moto.elbv2.models as moto_models
from moto.elbv2.exceptions import (
    DuplicateListenerError,
    DuplicateLoadBalancerName,
    InvalidConfigurationRequest,
    TargetGroupNotFoundError,
)
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeListener, FakeLoadBalancer, FakeTargetGroup

from app.core.gateway.load_balancer import (
    Action,
    FixedAnswer,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    NotEmulatedAction,
    Redirect,
    Rule,
    TargetGroup,
)
from app.core.names import Arn, Scope

_DIGITS = 10
_MULTI_VALUE = "lambda.multi_value_headers.enabled"


class Backend(ELBv2Backend):  # type: ignore[misc] # moto is not checked
    """moto's backend of one account and region; load balancers have names of this service's."""

    def __init__(self, host: str, healths: Mapping[Arn, bool | None], region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._host = host
        self._healths = healths

    def create_load_balancer(self, name: str, *args: Any, **kwargs: Any) -> FakeLoadBalancer:
        """The same one again where the same is asked for again, as on AWS; moto makes one of each."""
        there = next((balancer for balancer in self.load_balancers.values() if balancer.name == name), None)
        if there is not None:
            if kwargs.get("scheme") not in (None, there.scheme) or kwargs.get("loadbalancer_type") not in (
                None,
                there.type,
            ):
                raise DuplicateLoadBalancerName
            return there
        kwargs["scheme"] = kwargs.get("scheme") or "internet-facing"
        made = super().create_load_balancer(name, *args, **kwargs)
        digits = str(int(made.arn.rpartition("/")[2], 16))[:_DIGITS]
        prefix = "internal-" if made.scheme == "internal" else ""
        made.dns_name = f"{prefix}{name}-{digits}.{self.region_name}.elb.{self._host}"
        return made

    def create_listener(
        self, load_balancer_arn: str, protocol: str, port: str, *args: Any, **kwargs: Any
    ) -> FakeListener:
        """moto looks for the port among ARNs."""
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer is not None and any(str(other.port) == str(port) for other in balancer.listeners.values()):
            raise DuplicateListenerError
        return super().create_listener(load_balancer_arn, protocol, port, *args, **kwargs)

    def create_target_group(self, name: str, **kwargs: Any) -> FakeTargetGroup:
        """moto gives those of functions the attributes of servers, too."""
        made = super().create_target_group(name, **kwargs)
        if made.target_type == "lambda":
            made.attributes = {_MULTI_VALUE: "false"}
        return made

    def modify_target_group_attributes(self, target_group_arn: str, attributes: dict[str, Any]) -> None:
        group = self.target_groups.get(target_group_arn)
        foreign = [key for key in attributes if key != _MULTI_VALUE]
        if group is not None and group.target_type == "lambda" and foreign:
            raise InvalidConfigurationRequest(
                f"A target group with target type 'lambda' does not support the attribute {foreign[0]}"
            )
        super().modify_target_group_attributes(target_group_arn, attributes)

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[FakeHealthStatus]:
        """Of functions what their checks have found, which is nothing where there are none."""
        group = self.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        if group.target_type != "lambda":
            told: list[FakeHealthStatus] = super().describe_target_health(target_group_arn, targets)
            return told
        asked = [target["Id"] for target in targets] or list(group.targets)
        return [self._health(group, function) for function in asked]

    def _health(self, group: Any, function: str) -> FakeHealthStatus:
        made = partial(FakeHealthStatus, function, None, None)
        if function not in group.targets:
            words = "Target is not registered to the target group"
            return made("unused", reason="Target.NotRegistered", description=words)
        if not _has_checks(group):
            words = "Health checks are not enabled for this target"
            return made("unavailable", reason="Target.HealthCheckDisabled", description=words)
        match self._healths.get(group.arn):
            case True:
                return made("healthy")
            case False:
                return made("unhealthy", reason="Target.FailedHealthChecks", description="Health checks failed")
            case _:
                words = "Initial health checks in progress"
                return made("initial", reason="Elb.InitialHealthChecking", description=words)


def put_in_place(host: str, healths: Mapping[Arn, bool | None]) -> None:
    """Let moto make backends of ours. `host` is the end of load balancers' names, `healths` what the world says of the
    targets that it checks: None before the first check."""
    moto_models.elbv2_backends.backend = partial(Backend, host, healths)


# Reading --------------------------------------------------------------------------------------------


def read(backend: Any, scope: Scope) -> tuple[LoadBalancer, ...]:
    """Those of the account and region, on moto's thread. Network and gateway load balancers lead to no function."""
    groups = {arn: _group(group) for arn, group in backend.target_groups.items()}
    return tuple(
        _balancer(each, groups, scope) for each in backend.load_balancers.values() if each.type == "application"
    )


def _balancer(balancer: Any, groups: Mapping[Arn, TargetGroup], scope: Scope) -> LoadBalancer:
    listeners = sorted((_listener(listener, groups) for listener in balancer.listeners.values()), key=_http_first)
    label = balancer.dns_name.partition(".")[0]
    return LoadBalancer(label, balancer.name, scope, tuple(listeners), arn=balancer.arn)


def _http_first(listener: Listener) -> tuple[bool, int]:
    return listener.protocol != "HTTP", listener.port


def _listener(listener: Any, groups: Mapping[Arn, TargetGroup]) -> Listener:
    rules = sorted(listener.rules.values(), key=lambda rule: (rule.is_default, rule.is_default or int(rule.priority)))
    return Listener(int(listener.port), tuple(_rule(rule, groups) for rule in rules), listener.protocol)


def _rule(rule: Any, groups: Mapping[Arn, TargetGroup]) -> Rule:
    said: dict[str, list[Any]] = {}
    for condition in rule.conditions or ():
        said.setdefault(condition.get("Field", ""), []).append(condition)
    headers = (condition["HttpHeaderConfig"] for condition in said.get("http-header", ()))
    return Rule(
        _values(said, "path-pattern", "PathPatternConfig"),
        _values(said, "host-header", "HostHeaderConfig"),
        _values(said, "http-request-method", "HttpRequestMethodConfig"),
        _action(rule.actions, groups),
        tuple((config["HttpHeaderName"].lower(), tuple(config["Values"])) for config in headers),
        tuple(
            tuple((pair.get("Key"), pair["Value"]) for pair in condition["QueryStringConfig"]["Values"])
            for condition in said.get("query-string", ())
        ),
        _values(said, "source-ip", "SourceIpConfig"),
        str(rule.priority),
    )


def _values(said: Mapping[str, list[Any]], field: str, member: str) -> tuple[str, ...]:
    """Of a condition that a rule may have once: in its own member, or in the older one that two kinds share."""
    return tuple(
        value
        for condition in said.get(field, ())
        for value in ((condition.get(member) or {}).get("Values") or condition.get("Values") or ())
    )


def _action(actions: list[Any], groups: Mapping[Arn, TargetGroup]) -> Action:
    """The first one: where it is not the only one it asks who the client is, which is not emulated."""
    ordered = sorted((action.data for action in actions), key=lambda given: int(given.get("Order") or 0))
    given: Mapping[str, Any] = ordered[0] if ordered else {"Type": "forward"}
    match given["Type"]:
        case "forward":
            wanted = (given.get("ForwardConfig") or {}).get("TargetGroups") or [
                {"TargetGroupArn": given.get("TargetGroupArn")}
            ]
            return Forward(
                tuple(
                    (groups[group["TargetGroupArn"]], int(group.get("Weight") or 0) if "Weight" in group else 1)
                    for group in wanted
                    if group["TargetGroupArn"] in groups
                )
            )
        case "fixed-response":
            fixed = given["FixedResponseConfig"]
            return FixedAnswer(
                int(fixed["StatusCode"]), fixed.get("ContentType") or "text/plain", fixed.get("MessageBody") or ""
            )
        case "redirect":
            said = given["RedirectConfig"]
            parts = {name.lower(): said[name] for name in ("Protocol", "Host", "Port", "Path", "Query") if name in said}
            return Redirect(301 if said.get("StatusCode") == "HTTP_301" else 302, **parts)
        case kind:
            return NotEmulatedAction(kind)


def _group(group: Any) -> TargetGroup:
    function = next(iter(group.targets), None) if group.target_type == "lambda" else None
    return TargetGroup(
        group.name,
        group.arn,
        function,
        str(group.attributes.get(_MULTI_VALUE)).lower() == "true",
        _check(group) if group.target_type == "lambda" and _has_checks(group) else None,
    )


def _has_checks(group: Any) -> bool:
    return str(group.health_check_enabled).lower() == "true"


def _check(group: Any) -> HealthCheck:
    return HealthCheck(
        group.health_check_path or "/",
        int(group.health_check_interval_seconds),
        int(group.health_check_timeout_seconds),
        int(group.healthy_threshold_count),
        int(group.unhealthy_threshold_count),
        _statuses(str((group.matcher or {}).get("HttpCode") or "200")),
    )


def _statuses(text: str) -> tuple[tuple[int, int], ...]:
    """`200`, `200,202` or `200-299`."""
    ranges = (part.strip().partition("-") for part in text.split(","))
    return tuple((int(least), int(most or least)) for least, _, most in ranges)
