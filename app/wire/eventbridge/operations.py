"""The operations of EventBridge by name."""

from app.wire.calls import Service
from app.wire.constraints import check_constraints
from app.wire.eventbridge import archives, buses, destinations, entries, rules
from app.wire.eventbridge.errors import ERRORS
from app.wire.eventbridge.plain import plain_params

EVENTS = Service(
    "EventBridge",
    orders={
        "CancelReplay": archives.cancel_replay,
        "CreateArchive": archives.create_archive,
        "DeleteArchive": archives.delete_archive,
        "StartReplay": archives.start_replay,
        "UpdateArchive": archives.update_archive,
        "CreateApiDestination": destinations.create_api_destination,
        "CreateConnection": destinations.create_connection,
        "DeauthorizeConnection": destinations.deauthorize_connection,
        "DeleteApiDestination": destinations.delete_api_destination,
        "DeleteConnection": destinations.delete_connection,
        "UpdateApiDestination": destinations.update_api_destination,
        "UpdateConnection": destinations.update_connection,
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
        "DescribeArchive": archives.describe_archive,
        "DescribeReplay": archives.describe_replay,
        "ListArchives": archives.list_archives,
        "ListReplays": archives.list_replays,
        "DescribeApiDestination": destinations.describe_api_destination,
        "DescribeConnection": destinations.describe_connection,
        "ListApiDestinations": destinations.list_api_destinations,
        "ListConnections": destinations.list_connections,
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
    check=check_constraints,
    plain=plain_params,
)
