"""Message move tasks: start, list and cancel."""

from app.core.commands import CancelMessageMoveTask, StartMessageMoveTask
from app.core.sqs.move_tasks import MoveTask
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.sqs.params import required


def start_message_move_task(params: Params, _caller: Caller) -> Call:
    command = StartMessageMoveTask(
        required(params, "SourceArn"), params.get("DestinationArn"), params.get("MaxNumberOfMessagesPerSecond")
    )

    def render(handle: str) -> Result:
        return {"TaskHandle": handle}

    return Call(command, render)


def cancel_message_move_task(params: Params, _caller: Caller) -> Call:
    def render(moved: int) -> Result:
        return {"ApproximateNumberOfMessagesMoved": moved}

    return Call(CancelMessageMoveTask(required(params, "TaskHandle")), render)


def list_message_move_tasks(params: Params, _caller: Caller, engine: Readable) -> Result:
    most = params.get("MaxResults")
    tasks = engine.world.move_tasks.of(required(params, "SourceArn"), 1 if most is None else most)
    return {"Results": [_shown(task) for task in tasks]} if tasks else {}


def _shown(task: MoveTask) -> Result:
    """An entry, in the order of the model. Only a task that runs shows its handle: with it, it can be cancelled."""
    optional = {
        "TaskHandle": task.handle if task.is_running else None,
        "Status": task.status,
        "SourceArn": task.source,
        "DestinationArn": task.destination,
        "MaxNumberOfMessagesPerSecond": task.rate_per_s,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure_reason,
        "StartedTimestamp": task.started_at,
    }
    return {name: value for name, value in optional.items() if value is not None}
