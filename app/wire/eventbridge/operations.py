"""The operations of EventBridge by name."""

from app.wire.calls import Service
from app.wire.eventbridge import buses, entries, rules
from app.wire.eventbridge.errors import ERRORS

EVENTS = Service(
    "EventBridge",
    orders={
        "CreateEventBus": buses.create_event_bus,
        "DeleteEventBus": buses.delete_event_bus,
        "DeleteRule": rules.delete_rule,
        "DisableRule": rules.disable_rule,
        "EnableRule": rules.enable_rule,
        "PutEvents": entries.put_events,
        "PutPermission": buses.put_permission,
        "PutRule": rules.put_rule,
        "PutTargets": rules.put_targets,
        "RemovePermission": buses.remove_permission,
        "RemoveTargets": rules.remove_targets,
        "TagResource": buses.tag_resource,
        "UntagResource": buses.untag_resource,
        "UpdateEventBus": buses.update_event_bus,
    },
    readings={
        "DescribeEventBus": buses.describe_event_bus,
        "DescribeRule": rules.describe_rule,
        "ListEventBuses": buses.list_event_buses,
        "ListRuleNamesByTarget": rules.list_rule_names_by_target,
        "ListRules": rules.list_rules,
        "ListTagsForResource": buses.list_tags,
        "ListTargetsByRule": rules.list_targets_by_rule,
        "TestEventPattern": entries.match_event_pattern,
    },
    model="events",
    errors=ERRORS,
    checks_model=True,
)
