"""Whether a message would get into its queue, and what would become of it there."""

from app.core.chain import Cause
from app.core.commands import SendMessage
from app.core.commands.access import Caller
from app.core.errors import Refused
from app.core.explain.elsewhere import explain_send_elsewhere
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import refused
from app.core.explain.receiving import Arrival, explain_arrival
from app.core.explain.stand_ins import STAND_IN_ID, cause_of
from app.core.names import Arn, name_of, parse_arn
from app.core.sqs.checksums import md5_of_body
from app.core.sqs.message import Content
from app.core.sqs.message_rules import size_of
from app.core.sqs.queue import Queue
from app.core.sqs.sending import delay_of
from app.core.time import SECOND_MS
from app.core.world import World


def explain_send(
    world: World, command: SendMessage, function: Arn | None, trail: Trail, *, cause: Cause | None = None
) -> Conclusion:
    """`cause` is given where another service sends and knows it; else the origin tells."""
    queue = world.queues.get(command.queue)
    if queue is None and (remote := world.remote_queues.get(command.queue)) is not None:
        return explain_send_elsewhere(world, remote, command, function, trail)
    if queue is None:
        words = f"there is no queue '{name_of(command.queue)}'"
        return trail.end(Step(Verdict.NO, About.QUEUE, words, queue=command.queue, code="QueueDoesNotExist"))
    trail.add(Step(Verdict.YES, About.QUEUE, _described(queue), queue=queue.arn))
    if cause is None and (kept_out := _kept_out(world, queue, command)) is not None:
        if world.queue_access.is_enforced:
            return trail.end(kept_out)
        trail.add(kept_out)
    try:
        world.sending.check_send(queue, command)
    except Refused as refusal:
        return trail.end(refused(About.MESSAGE, refusal))
    if (standing := world.queues.refusals.standing(queue, "SendMessage", trail.now)) is not None:
        return trail.end(refused(About.QUEUE, standing))
    size, most = size_of(command.body, command.attributes), queue.settings.maximum_message_bytes
    words = f"SQS takes the message: {size} of at most {most} bytes"
    trail.add(Step(Verdict.YES, About.MESSAGE, words, queue=queue.arn, count=size, limit=most))
    duplicate = world.sending.duplicate(queue, command, trail.now)
    if duplicate is not None:
        earlier = duplicate.message_id
        words = f"it is a duplicate of {earlier}, sent within the last five minutes: answered, but not queued"
        return trail.end(Step(Verdict.NO, About.DUPLICATE, words, queue=queue.arn, message=earlier))
    return explain_arrival(world, _arrival(world, queue, command, trail, cause), function, trail)


def _kept_out(world: World, queue: Queue, command: SendMessage) -> Step | None:
    """What policies would say to who sends, over HTTPS; nothing is told. Without a key that is the queue's owner."""
    access = world.queue_access
    caller = Caller(parse_arn(queue.arn).account, command.origin.access_key_id)
    denial = access.judge(queue.arn, "SendMessage", access.identities.caller(caller))
    if denial is None:
        return None
    if access.is_enforced:
        return Step(Verdict.NO, About.QUEUE, f"refused: {denial.message}", queue=queue.arn, code="AccessDenied")
    return Step(Verdict.NOTE, About.QUEUE, f"AWS would refuse it: {denial.message}", queue=queue.arn)


def _arrival(world: World, queue: Queue, command: SendMessage, trail: Trail, cause: Cause | None) -> Arrival:
    now = trail.now
    trace_header = command.trace_header or command.origin.trace_header
    content = Content(
        STAND_IN_ID, command.body, md5_of_body(command.body), now, command.sender_id, attributes=command.attributes,
        trace_header=trace_header, group_id=command.group_id, deduplication_id=command.deduplication_id,
        sequence_number="0" * 20 if queue.is_fifo else None,
        cause=cause or cause_of(world, command.origin, trace_header),
    )  # fmt: skip
    delay_s, held = delay_of(queue, command), None
    if delay_s:
        words = f"message delayed by {delay_s}s"
        until = now + delay_s * SECOND_MS
        held = trail.add(Step(Verdict.WAIT, About.DELAY, words, queue=queue.arn, until=until))
    return Arrival(queue, content, now + queue.settings.retention_s * SECOND_MS, held=held)


def _described(queue: Queue) -> str:
    counts = f"{queue.visible_count} visible, {queue.in_flight_count} in flight, {queue.delayed_count} delayed"
    return f"queue '{queue.name}' is there: {counts}"
