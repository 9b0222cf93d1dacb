"""A pipe: whether it takes messages, which of them, and whether its stages are there."""

from app.core.commands import SendMessage
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict
from app.core.explain.invoking import gone
from app.core.explain.receiving import stages_missing
from app.core.explain.sending import explain_send
from app.core.names import Arn, name_of
from app.core.pipes.pipe import Pipe
from app.core.world import World

_GOING = ("CREATING", "STARTING", "UPDATING")


def explain_pipe(world: World, arn: Arn, command: SendMessage | None, trail: Trail) -> Conclusion:
    """The pipe as it is now; with a message for its queue, what would become of that. Raises ResourceNotFound."""
    pipe = world.pipes.at(arn)
    words = f"pipe '{pipe.name}' is {pipe.state}: {pipe.way}"
    if pipe.failure is not None:
        words += f"; {pipe.failure.reason}"
    if not (pipe.poller.polls or pipe.state in _GOING):
        return trail.end(Step(Verdict.NO, About.PIPE, words, queue=pipe.spec.source))
    trail.add(Step(Verdict.YES, About.PIPE, words, queue=pipe.spec.source))
    _tell_polling(pipe, trail)
    if command is not None:
        return explain_send(world, command, arn, trail)
    queue = world.queues.get(pipe.spec.source)
    if queue is None:
        return trail.end(gone(About.QUEUE, pipe.spec.source))
    words = f"queue '{queue.name}' is there: {queue.visible_count} visible, {queue.in_flight_count} in flight"
    trail.add(Step(Verdict.YES, About.QUEUE, words, queue=queue.arn, count=queue.visible_count))
    if (missing := stages_missing(world, pipe, trail)) is not None:
        return trail.end(missing)
    text = f"takes what comes to '{name_of(pipe.spec.source)}': {pipe.way}"
    return Conclusion(Verdict.YES, About.PIPE, text, queue=queue.arn)


def _tell_polling(pipe: Pipe, trail: Trail) -> None:
    parameters = pipe.poller.parameters
    window = f", or what {parameters.window_s}s bring" if parameters.window_s else ""
    noun = "message" if parameters.batch_size == 1 else "messages"
    words = f"it takes at most {parameters.batch_size} {noun} at once{window}"
    trail.add(Step(Verdict.NOTE, About.BATCH, words, limit=parameters.batch_size))
    patterns = pipe.spec.patterns
    words = f"its filter takes {' or '.join(patterns)}, and deletes the rest" if patterns else "it has no filter"
    trail.add(Step(Verdict.NOTE, About.FILTER, words))
