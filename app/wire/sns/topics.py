"""Operations on topics: create, look up, configure, list, tag, delete."""

from app.core.commands import (
    AddTopicPermission,
    CreateTopic,
    DeleteTopic,
    PutDataProtectionPolicy,
    RemoveTopicPermission,
    SetTopicAttribute,
    TagTopic,
    UntagTopic,
)
from app.core.errors import ResourceNotFound, TopicDoesNotExist
from app.core.names import Arn
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.sns.params import page_of, required, tags_of, topic_of


def create_topic(params: Params, caller: Caller) -> Call:
    command = CreateTopic(
        caller.scope.topic_arn(required(params, "Name")), params.get("Attributes") or {}, tags_of(params.get("Tags")),
        params.get("DataProtectionPolicy") or "",
    )  # fmt: skip

    def render(arn: Arn) -> Result:
        return {"TopicArn": arn}

    return Call(command, render)


def delete_topic(params: Params, caller: Caller) -> Call:
    return Call(DeleteTopic(topic_of(params, caller)), nothing)


def set_topic_attributes(params: Params, caller: Caller) -> Call:
    command = SetTopicAttribute(
        topic_of(params, caller), required(params, "AttributeName"), params.get("AttributeValue") or ""
    )
    return Call(command, nothing)


def get_topic_attributes(params: Params, caller: Caller, engine: Readable) -> Result:
    return {"Attributes": dict(engine.world.topics[topic_of(params, caller)].view())}


def list_topics(params: Params, caller: Caller, engine: Readable) -> Result:
    topics = engine.world.topics.all(caller.scope)
    page, token = page_of(len(topics), params.get("NextToken"))
    result: Result = {"Topics": [{"TopicArn": topic.arn} for topic in topics[page]]}
    return result | ({"NextToken": token} if token else {})


def tag_resource(params: Params, caller: Caller) -> Call:
    return Call(TagTopic(topic_of(params, caller, "ResourceArn"), tags_of(required(params, "Tags"))), nothing)


def untag_resource(params: Params, caller: Caller) -> Call:
    return Call(UntagTopic(topic_of(params, caller, "ResourceArn"), tuple(required(params, "TagKeys"))), nothing)


def list_tags_for_resource(params: Params, caller: Caller, engine: Readable) -> Result:
    try:
        topic = engine.world.topics[topic_of(params, caller, "ResourceArn")]
    except TopicDoesNotExist:
        raise ResourceNotFound("Resource does not exist") from None
    return {"Tags": [{"Key": key, "Value": value} for key, value in topic.tags.items()]}


def add_permission(params: Params, caller: Caller) -> Call:
    command = AddTopicPermission(
        topic_of(params, caller), required(params, "Label"), tuple(required(params, "AWSAccountId")),
        tuple(required(params, "ActionName")),
    )  # fmt: skip
    return Call(command, nothing)


def remove_permission(params: Params, caller: Caller) -> Call:
    return Call(RemoveTopicPermission(topic_of(params, caller), required(params, "Label")), nothing)


def put_data_protection_policy(params: Params, caller: Caller) -> Call:
    topic = topic_of(params, caller, "ResourceArn")
    return Call(PutDataProtectionPolicy(topic, required(params, "DataProtectionPolicy")), nothing)


def get_data_protection_policy(params: Params, caller: Caller, engine: Readable) -> Result:
    policy = engine.world.topics[topic_of(params, caller, "ResourceArn")].data_protection_policy
    return {"DataProtectionPolicy": policy} if policy else {}


def nothing(_answer: object) -> Result:
    """The result of an operation that has none."""
    return {}
