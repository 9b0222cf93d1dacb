"""Refusals in the words of EventBridge Scheduler: codes, statuses and members of its model (scheduler 2021-06-30)."""

from app.core import errors as core
from app.wire.errors import AwsError, ErrorTable

ERRORS: ErrorTable = {
    core.ValidationFailed: AwsError("ValidationException", member="Message"),
    core.ResourceNotFound: AwsError("ResourceNotFoundException", 404, member="Message"),
    core.ScheduleExists: AwsError("ConflictException", 409, member="Message"),
    core.ServiceQuotaExceeded: AwsError("ServiceQuotaExceededException", 402, member="Message"),
}
