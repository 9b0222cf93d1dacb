"""What becomes of a message in a queue that another broker keeps, as far as that can be told from here."""

from app.core.commands import SendMessage
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.receiving import Seen, explain_mappings, unread, wanted_of
from app.core.explain.stand_ins import STAND_IN_ID, cause_of
from app.core.mappings.mapping import Mapping
from app.core.names import Arn
from app.core.sqs.checksums import md5_of_body
from app.core.sqs.message import Content
from app.core.sqs.remote_queues import RemoteQueue
from app.core.world import World


def explain_send_elsewhere(
    world: World, queue: RemoteQueue, command: SendMessage, function: Arn | None, trail: Trail
) -> Conclusion:
    """Whether the message would come to a function. What the broker does with it before, its delays, groups and
    duplicates, is the broker's own: a note says so."""
    mappings = list(world.mappings.of_queue(queue.arn))
    wanted = wanted_of(mappings, function)
    reached = trail.add(_reached(queue))
    if not wanted:
        return trail.end(unread(queue.arn, function))
    words = f"what {queue.broker} does with delays, groups and duplicates cannot be seen from here"
    trail.add(Step(Verdict.NOTE, About.QUEUE, words, queue=queue.arn))
    blocked = [mapping for mapping in mappings if _problem(mapping, queue) is not None]
    for mapping in blocked:
        trail.add(_blocked(mapping, queue))
    free = [mapping for mapping in mappings if mapping not in blocked]
    if not (free_and_wanted := [mapping for mapping in free if mapping in wanted]):
        return Conclusion.of(_blocked(next(mapping for mapping in blocked if mapping in wanted), queue))
    held = reached if reached.verdict is Verdict.WAIT else None
    return explain_mappings(world, free, free_and_wanted, Seen(_content(world, command, trail)), held, trail)


def _reached(queue: RemoteQueue) -> Step:
    """Whether the broker answers."""
    told = queue.attributes
    if queue.error is not None:
        words = f"{queue.broker}, which keeps queue '{queue.name}', does not answer: {queue.error}"
        return Step(Verdict.WAIT, About.QUEUE, words, queue=queue.arn, at=queue.lost_at)
    if told is None:
        words = f"{queue.broker}, which keeps queue '{queue.name}', has not answered yet"
        return Step(Verdict.WAIT, About.QUEUE, words, queue=queue.arn)
    words = f"queue '{queue.name}' is kept by {queue.broker}"
    if told.visible is not None:
        words += f", which told of {told.visible} visible and {told.in_flight or 0} in flight"
    return Step(Verdict.YES, About.QUEUE, words, queue=queue.arn)


def _problem(mapping: Mapping, queue: RemoteQueue) -> str | None:
    """What is wrong between this mapping and its queue; that the broker is away is all mappings' problem alike."""
    return mapping.problem if queue.error is None else None


def _blocked(mapping: Mapping, queue: RemoteQueue) -> Step:
    words = f"the mapping does not poll: {_problem(mapping, queue)}"
    return Step(Verdict.NO, About.MAPPING, words, queue=queue.arn, function=mapping.function, mapping=mapping.uuid)


def _content(world: World, command: SendMessage, trail: Trail) -> Content:
    trace_header = command.trace_header or command.origin.trace_header
    return Content(
        STAND_IN_ID, command.body, md5_of_body(command.body), trail.now, command.sender_id,
        attributes=command.attributes, trace_header=trace_header, group_id=command.group_id,
        cause=cause_of(world, command.origin, trace_header),
    )  # fmt: skip
