"""Operations on subscriptions: subscribe, confirm, configure, list, unsubscribe."""

from app.core.commands import ConfirmSubscription, SetSubscriptionAttribute, Subscribe, Subscribed, Unsubscribe
from app.core.names import Arn
from app.core.topics.subscription import Subscription
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.sns.params import page_of, required, subscription_of, topic_of
from app.wire.sns.topics import nothing

_PENDING = "PendingConfirmation"


def subscribe(params: Params, caller: Caller) -> Call:
    """The ARN of a subscription that is not confirmed is told only to who asks for it."""
    command = Subscribe(
        topic_of(params, caller), required(params, "Protocol"), params.get("Endpoint") or "",
        params.get("Attributes") or {}, caller.scope,
    )  # fmt: skip
    wants_arn = bool(params.get("ReturnSubscriptionArn"))

    def render(subscribed: Subscribed) -> Result:
        is_told = wants_arn or not subscribed.is_pending
        return {"SubscriptionArn": subscribed.subscription if is_told else "pending confirmation"}

    return Call(command, render)


def confirm_subscription(params: Params, _caller: Caller) -> Call:
    """Its topic is asked for with the token, wherever it is: who visits the SubscribeURL has no region."""
    command = ConfirmSubscription(
        required(params, "TopicArn"), required(params, "Token"),
        authenticates=str(params.get("AuthenticateOnUnsubscribe", "")).lower() == "true",
    )  # fmt: skip

    def render(arn: Arn) -> Result:
        return {"SubscriptionArn": arn}

    return Call(command, render)


def unsubscribe(params: Params, _caller: Caller) -> Call:
    return Call(Unsubscribe(subscription_of(params)), nothing)


def set_subscription_attributes(params: Params, _caller: Caller) -> Call:
    command = SetSubscriptionAttribute(
        subscription_of(params), required(params, "AttributeName"), params.get("AttributeValue") or ""
    )
    return Call(command, nothing)


def get_subscription_attributes(params: Params, _caller: Caller, engine: Readable) -> Result:
    subscription = engine.world.topics.subscription(subscription_of(params))
    topic = engine.world.topics[subscription.topic]
    return {"Attributes": subscription.view(topic.delivery_policy)}


def list_subscriptions(params: Params, caller: Caller, engine: Readable) -> Result:
    return _page(list(engine.world.topics.subscriptions(caller.scope)), params)


def list_subscriptions_by_topic(params: Params, caller: Caller, engine: Readable) -> Result:
    topic = engine.world.topics[topic_of(params, caller)]
    return _page(list(topic.subscriptions.values()), params)


def _page(subscriptions: list[Subscription], params: Params) -> Result:
    page, token = page_of(len(subscriptions), params.get("NextToken"))
    result: Result = {"Subscriptions": [_entry(subscription) for subscription in subscriptions[page]]}
    return result | ({"NextToken": token} if token else {})


def _entry(subscription: Subscription) -> Result:
    return {
        "SubscriptionArn": _PENDING if subscription.is_pending else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.shown_endpoint,
        "TopicArn": subscription.topic,
    }
