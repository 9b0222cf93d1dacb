"""What Terraform's AWS provider does for each kind of resource, call by call: create, wait, read, update, delete.

Learnt from the provider's source (hashicorp/terraform-provider-aws, internal/service, version 6).
"""

from tests.aws.terraform.beside import LogGroup, Role
from tests.aws.terraform.buses_and_topics import Rule, Target, Topic, TopicSubscription
from tests.aws.terraform.function import Function
from tests.aws.terraform.of_functions import (
    Alias,
    EventInvokeConfig,
    EventSourceMapping,
    FunctionUrl,
    LayerVersion,
    Permission,
    ProvisionedConcurrencyConfig,
    RuntimeManagementConfig,
)
from tests.aws.terraform.queues_and_buckets import Bucket, BucketNotification, Queue
from tests.aws.terraform.resource import Clients, Resource, Values

__all__ = [
    "Alias",
    "Bucket",
    "BucketNotification",
    "Clients",
    "EventInvokeConfig",
    "EventSourceMapping",
    "Function",
    "FunctionUrl",
    "LayerVersion",
    "LogGroup",
    "Permission",
    "ProvisionedConcurrencyConfig",
    "Queue",
    "Resource",
    "Role",
    "Rule",
    "RuntimeManagementConfig",
    "Target",
    "Topic",
    "TopicSubscription",
    "Values",
]
