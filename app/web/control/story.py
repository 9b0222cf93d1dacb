"""Tells in lines for people what happened to a message: sent, each attempt with its log tail, each move."""

from app.core.names import Arn, name_of
from app.core.sqs.message import Attempt, Message, Move
from app.core.time import Instant, format_instant


def tell_message(message: Message, queue: Arn) -> list[str]:
    """The message's life in the order it happened; what an invocation printed is indented below its attempt."""
    first_queue = message.moves[0].source if message.moves else queue
    told: list[tuple[Instant, int, list[str]]] = []
    told += [(attempt.at, 0, _tell_attempt(attempt)) for attempt in message.attempts]
    told += [(move.at, 1, [_tell_move(move)]) for move in message.moves]
    # An attempt and a move of one instant: the attempt came first, for it is a receive that finds it exhausted.
    told.sort(key=lambda part: part[:2])
    lines = [f"{format_instant(message.content.sent_at)} sent to {name_of(first_queue)}"]
    for _, _, part in told:
        lines += part
    return lines


def _tell_attempt(attempt: Attempt) -> list[str]:
    line = f"{format_instant(attempt.at)} attempt {attempt.number} by {attempt.by}"
    if attempt.request_id is not None:
        line += f" (request {attempt.request_id})"
    if attempt.outcome:
        line += f": {attempt.outcome}"
    error = ": ".join(part for part in (attempt.error_type, attempt.error_message) if part)
    if error:
        line += f", {error}"
    return [line, *(f"    {logged}" for logged in attempt.log_tail.splitlines())]


def _tell_move(move: Move) -> str:
    return f"{format_instant(move.at)} moved from {name_of(move.source)} to {name_of(move.destination)}: {move.reason}"
