"""The settings: a file and environment variables in, one frozen value or every problem with its line out."""

from app.settings.buses import rule_parameters, target_parameters
from app.settings.functions.spec import members_of, spec_of
from app.settings.load import (
    load,
    loads,
    parse_bucket,
    parse_bus,
    parse_function,
    parse_mapping,
    parse_pipe,
    parse_queue,
    parse_remote_queue,
    parse_rule,
    parse_schedule,
    parse_topic,
)
from app.settings.pipes import pipe_parameters
from app.settings.problems import Problem, SettingsError
from app.settings.schedules import schedule_parameters
from app.settings.service import VARIABLES
from app.settings.sources import attributes_of, configuration_of, create_parameters_of
from app.settings.topics import subscription_parameters
from app.settings.values.functions import (
    ConcurrentRieFunction,
    FunctionSettings,
    HttpFunction,
    ImageSettings,
    InvokeApiFunction,
    ProcessFunction,
    RieFunction,
    ScriptedFunction,
)
from app.settings.values.names import function_arn_of, queue_arn_of
from app.settings.values.service import Auto, ClockSetting, Frozen, Listen, Security, Wall
from app.settings.values.settings import Settings
from app.settings.values.triggers import (
    BucketSettings,
    BusSettings,
    MappingSettings,
    NotificationSettings,
    PipeSettings,
    QueueSettings,
    RedriveSettings,
    RemoteQueueSettings,
    RuleSettings,
    ScheduleSettings,
    SubscriptionSettings,
    TopicSettings,
)

__all__ = [
    "VARIABLES",
    "Auto",
    "BucketSettings",
    "BusSettings",
    "ClockSetting",
    "ConcurrentRieFunction",
    "Frozen",
    "FunctionSettings",
    "HttpFunction",
    "ImageSettings",
    "InvokeApiFunction",
    "Listen",
    "MappingSettings",
    "NotificationSettings",
    "PipeSettings",
    "Problem",
    "ProcessFunction",
    "QueueSettings",
    "RedriveSettings",
    "RemoteQueueSettings",
    "RieFunction",
    "RuleSettings",
    "ScheduleSettings",
    "ScriptedFunction",
    "Security",
    "Settings",
    "SettingsError",
    "SubscriptionSettings",
    "TopicSettings",
    "Wall",
    "attributes_of",
    "configuration_of",
    "create_parameters_of",
    "function_arn_of",
    "load",
    "loads",
    "members_of",
    "parse_bucket",
    "parse_bus",
    "parse_function",
    "parse_mapping",
    "parse_pipe",
    "parse_queue",
    "parse_remote_queue",
    "parse_rule",
    "parse_schedule",
    "parse_topic",
    "pipe_parameters",
    "queue_arn_of",
    "rule_parameters",
    "schedule_parameters",
    "spec_of",
    "subscription_parameters",
    "target_parameters",
]
