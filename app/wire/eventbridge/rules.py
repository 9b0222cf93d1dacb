"""Operations on rules and their targets."""

from typing import Any

from app.core.buses import Rule, RuleTarget
from app.core.buses.rule import DISABLED, ENABLED
from app.core.commands import DeleteRule, PutRule, PutTargets, RemoveTargets, SetRuleState
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.eventbridge.buses import nothing
from app.wire.eventbridge.paging import page


def put_rule(params: Params, caller: Caller) -> Call:
    return Call(PutRule(caller.scope, params), lambda arn: {"RuleArn": arn})


def delete_rule(params: Params, caller: Caller) -> Call:
    force = bool(params.get("Force"))
    return Call(DeleteRule(caller.scope, params["Name"], params.get("EventBusName"), force), nothing)


def enable_rule(params: Params, caller: Caller) -> Call:
    return Call(SetRuleState(caller.scope, params["Name"], ENABLED, params.get("EventBusName")), nothing)


def disable_rule(params: Params, caller: Caller) -> Call:
    return Call(SetRuleState(caller.scope, params["Name"], DISABLED, params.get("EventBusName")), nothing)


def describe_rule(params: Params, caller: Caller, engine: Readable) -> Result:
    return _rule(params["Name"], params, caller, engine).view()


def list_rules(params: Params, caller: Caller, engine: Readable) -> Result:
    prefix = params.get("NamePrefix") or ""
    rules = [rule for rule in _rules(params, caller, engine) if rule.name.startswith(prefix)]
    return page(params, rules, lambda rule: rule.name, "Rules", Rule.summary)


def list_rule_names_by_target(params: Params, caller: Caller, engine: Readable) -> Result:
    wanted = params["TargetArn"]
    rules = [
        rule for rule in _rules(params, caller, engine) if any(target.arn == wanted for target in rule.targets.values())
    ]
    return page(params, rules, lambda rule: rule.name, "RuleNames", lambda rule: rule.name)


def put_targets(params: Params, caller: Caller) -> Call:
    command = PutTargets(caller.scope, params["Rule"], tuple(params["Targets"]), params.get("EventBusName"))
    return Call(command, _failed)


def remove_targets(params: Params, caller: Caller) -> Call:
    command = RemoveTargets(
        caller.scope, params["Rule"], tuple(params["Ids"]), params.get("EventBusName"), bool(params.get("Force"))
    )
    return Call(command, _failed)


def list_targets_by_rule(params: Params, caller: Caller, engine: Readable) -> Result:
    targets = sorted(_rule(params["Rule"], params, caller, engine).targets.values(), key=lambda target: target.id)
    return page(params, targets, lambda target: target.id, "Targets", _given)


def _given(target: RuleTarget) -> Any:
    return dict(target.given)


def _failed(entries: list[dict[str, str]]) -> Result:
    return {"FailedEntryCount": len(entries), "FailedEntries": entries}


def _rule(name: str, params: Params, caller: Caller, engine: Readable) -> Rule:
    registry = engine.world.event_bridge.registry
    return registry.rule(caller.scope, name, params.get("EventBusName"), engine.clock.now())


def _rules(params: Params, caller: Caller, engine: Readable) -> list[Rule]:
    registry = engine.world.event_bridge.registry
    bus = registry.bus(caller.scope, params.get("EventBusName"), engine.clock.now())
    return [bus.rules[name] for name in sorted(bus.rules)]
