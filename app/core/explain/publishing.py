"""Which of a topic's subscriptions want a message, and what would become of it at their endpoints."""

from dataclasses import replace

from app.core.awslambda.functions import parse_function_name
from app.core.chain import Cause
from app.core.commands import Publish, SendMessage
from app.core.errors import Refused
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict, progress
from app.core.explain.invoking import explain_event, gone, refused
from app.core.explain.sending import explain_send
from app.core.explain.stand_ins import STAND_IN_ID, cause_of
from app.core.facts.sns import told
from app.core.names import Arn, Scope, name_of
from app.core.sqs.deduplication import content_id
from app.core.sqs.message_rules import size_of
from app.core.topics.fan_out import choose
from app.core.topics.notification import Notification
from app.core.topics.subscription import HTTP, Subscription
from app.core.topics.topic import Topic
from app.core.world import World

_STAND_IN_NUMBER = "0" * 20


def explain_publish(
    world: World, command: Publish, function: Arn | None, trail: Trail, *, cause: Cause | None = None
) -> Conclusion:
    """Who wants the message, and what becomes of it there; with `function`, only what concerns that function.

    `cause` is given where another service publishes and knows it; else the origin tells.
    """
    topic = world.topics.get(command.topic)
    if topic is None:
        words = f"there is no topic '{name_of(command.topic)}'"
        return trail.end(Step(Verdict.NO, About.TOPIC, words, code="TopicDoesNotExist"))
    count = len(topic.subscriptions)
    noun = "subscription" if count == 1 else "subscriptions"
    trail.add(Step(Verdict.YES, About.TOPIC, f"topic '{topic.name}' is there, with {count} {noun}", count=count))
    try:
        messages = world.topics.check(topic, command)
    except Refused as refusal:
        return trail.end(refused(About.MESSAGE, refusal))
    size, most = size_of(command.message, command.attributes), world.limits.topic_message_bytes
    words = f"SNS takes the message: {size} of at most {most} bytes"
    trail.add(Step(Verdict.YES, About.MESSAGE, words, count=size, limit=most))
    earlier = world.topics.duplicate(topic, command, trail.now)
    if earlier is not None:
        words = f"it is a duplicate of {earlier.message_id}, published within the last five minutes: not delivered"
        return trail.end(Step(Verdict.NO, About.DUPLICATE, words, message=earlier.message_id))
    source = cause or cause_of(world, command.origin, command.origin.trace_header)
    fates = []
    for subscription, message, reason in choose(topic, command, messages):
        if function is not None and subscription.protocol == "lambda" and subscription.endpoint != function:
            continue
        where = told(subscription.protocol, subscription.endpoint)
        if reason is not None:
            step = Step(Verdict.NO, About.SUBSCRIPTION, f"the subscription of {where} does not want it: {reason}")
            fates.append(trail.end(step))
            continue
        trail.add(Step(Verdict.YES, About.SUBSCRIPTION, f"the subscription of {where} wants it"))
        branch = Trail(trail.now, (*trail.path, f"topic {topic.name}"), trail.steps)
        delivered = replace(command, message=message)
        fates.append(
            _at_endpoint(world, topic, subscription, delivered, function, source.via(f"topic {topic.name}"), branch)
        )
    if not fates:
        whom = f" '{name_of(function)}'" if function else ""
        words = f"nobody{whom} is subscribed to topic '{topic.name}'"
        return trail.end(Step(Verdict.NO, About.SUBSCRIPTION, words))
    return max(fates, key=progress)


def _at_endpoint(
    world: World, topic: Topic, subscription: Subscription, command: Publish, function: Arn | None, cause: Cause,
    trail: Trail,
) -> Conclusion:  # fmt: skip
    match subscription.protocol:
        case "lambda":
            name = parse_function_name(subscription.endpoint, Scope())
            invoked = world.functions.get(name.as_invoked) if name else None
            if invoked is None:
                return trail.end(gone(About.TARGET, subscription.endpoint))
            trail.path = (*trail.path, invoked.spec.name)
            return explain_event(world, invoked, cause, trail)
        case "sqs":
            send = _as_queue_gets_it(world, topic, subscription, command, trail)
            return explain_send(world, send, function, trail, cause=cause)
        case protocol:
            then = "is told over HTTP" if protocol in HTTP else "is not told: what it would get is recorded"
            words = f"{told(protocol, subscription.endpoint)} {then}, which invokes no function"
            return trail.end(Step(Verdict.NO, About.TARGET, words))


def _as_queue_gets_it(
    world: World, topic: Topic, subscription: Subscription, command: Publish, trail: Trail
) -> SendMessage:
    queue = subscription.endpoint
    is_fifo, is_raw = queue.endswith(".fifo"), subscription.settings.is_raw
    notification = Notification(
        topic.arn, STAND_IN_ID, command.message, trail.now, command.subject, command.attributes,
        topic.signature_version, _STAND_IN_NUMBER if topic.is_fifo else None,
    )  # fmt: skip
    envelope = world.shapes.sns_envelope(notification, subscription=subscription.arn)
    return SendMessage(
        queue, command.message if is_raw else envelope.decode(), attributes=command.attributes if is_raw else {},
        group_id=command.group_id if is_fifo or not topic.is_fifo else None,
        deduplication_id=(command.deduplication_id or content_id(command.message)) if is_fifo else None,
        origin=command.origin,
    )  # fmt: skip
