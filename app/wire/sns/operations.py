"""The operations of SNS by name. Telephones and push platforms are not emulated beside the texts that are recorded."""

from app.wire.calls import Service
from app.wire.sns import publishing, subscriptions, topics
from app.wire.sns.errors import ERRORS

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"

ANONYMOUS = frozenset({"ConfirmSubscription", "Unsubscribe"})
"""What may be asked without a signature: the links in notifications lead there."""

SNS = Service(
    "SNS",
    orders={
        "CreateTopic": topics.create_topic,
        "DeleteTopic": topics.delete_topic,
        "SetTopicAttributes": topics.set_topic_attributes,
        "TagResource": topics.tag_resource,
        "UntagResource": topics.untag_resource,
        "AddPermission": topics.add_permission,
        "RemovePermission": topics.remove_permission,
        "PutDataProtectionPolicy": topics.put_data_protection_policy,
        "Subscribe": subscriptions.subscribe,
        "ConfirmSubscription": subscriptions.confirm_subscription,
        "Unsubscribe": subscriptions.unsubscribe,
        "SetSubscriptionAttributes": subscriptions.set_subscription_attributes,
        "Publish": publishing.publish,
        "PublishBatch": publishing.publish_batch,
    },
    readings={
        "GetTopicAttributes": topics.get_topic_attributes,
        "ListTopics": topics.list_topics,
        "ListTagsForResource": topics.list_tags_for_resource,
        "GetDataProtectionPolicy": topics.get_data_protection_policy,
        "GetSubscriptionAttributes": subscriptions.get_subscription_attributes,
        "ListSubscriptions": subscriptions.list_subscriptions,
        "ListSubscriptionsByTopic": subscriptions.list_subscriptions_by_topic,
    },
    model="sns",
    errors=ERRORS,
    namespace=NAMESPACE,
)
