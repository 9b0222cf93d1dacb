"""Publish and PublishBatch."""

from collections.abc import Mapping
from typing import Any

from app.core.commands import Publish, PublishBatch, Published, PublishText
from app.core.errors import InvalidParameter
from app.core.names import Arn
from app.wire.calls import Call, Caller, Params, Result
from app.wire.sns.params import message_attributes, parse, required, topic_of


def publish(params: Params, caller: Caller) -> Call:
    """To a topic, named as such or as a target; a text to a telephone is recorded."""
    if params.get("PhoneNumber") is not None:
        attributes = message_attributes(params.get("MessageAttributes"))
        text = PublishText(params["PhoneNumber"], required(params, "Message"), attributes, caller.origin)
        return Call(text, _published)
    name = "TopicArn" if params.get("TopicArn") is not None else "TargetArn"
    arn = params.get(name)
    if arn is None:
        raise InvalidParameter("Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter")
    parsed = parse(arn, name)
    if name == "TargetArn" and (parsed.service != "sns" or parsed.resource.startswith("endpoint/")):
        raise InvalidParameter("Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified")
    return Call(_publish(params, topic_of(params, caller, name), caller), _published)


def publish_batch(params: Params, caller: Caller) -> Call:
    topic = topic_of(params, caller)
    given = params.get("PublishBatchRequestEntries") or ()
    entries = tuple((required(entry, "Id"), _publish(entry, topic, caller)) for entry in given)

    def render(answers: tuple[tuple[str, Published], ...]) -> Result:
        return {"Successful": [{"Id": entry_id} | _published(answer) for entry_id, answer in answers], "Failed": []}

    return Call(PublishBatch(topic, entries), render)


def _publish(params: Mapping[str, Any], topic: Arn, caller: Caller) -> Publish:
    return Publish(
        topic,
        required(params, "Message"),
        params.get("Subject"),
        params.get("MessageStructure"),
        message_attributes(params.get("MessageAttributes")),
        params.get("MessageGroupId"),
        params.get("MessageDeduplicationId"),
        caller.origin,
    )


def _published(published: Published) -> Result:
    result: Result = {"MessageId": published.message_id}
    if published.sequence_number is not None:
        result["SequenceNumber"] = published.sequence_number
    return result
