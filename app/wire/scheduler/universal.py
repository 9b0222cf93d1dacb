"""Universal targets: whether there is such an operation, and whether its request has what it must."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from app.core.errors import ValidationFailed
from app.core.limits import DEFAULT_LIMITS
from app.core.schedule.target import UNIVERSAL, ScheduleTarget


def check_request(given: Mapping[str, Any]) -> None:
    """Raises ValidationFailed for an operation of a universal target that the service does not have, or a request
    that lacks what the operation requires, in the words that users quote."""
    target = ScheduleTarget.read(given, DEFAULT_LIMITS)
    if target.service != UNIVERSAL:
        return
    call = target.call(target.input or "{}")
    required = _required(call.service, call.operation)
    if required is None:
        # The text is UNCONFIRMED.
        raise ValidationFailed(f"{target.arn} is not a supported target: there is no such operation.")
    asked = json.loads(target.input or "{}")
    missing = [name for name in required if asked.get(name) is None]
    if missing:
        raise ValidationFailed(
            "Invalid RequestJson provided. Reason Request payload is missing the following field(s): "
            f"{', '.join(missing)}."
        )


@cache
def _required(service: str, operation: str) -> tuple[str, ...] | None:
    """The members that the operation requires, in PascalCase as Scheduler wants them whatever the service's own names
    are; None when botocore knows no such operation."""
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader
    from botocore.model import OperationNotFoundError, ServiceModel

    try:
        model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        shape = model.operation_model(operation).input_shape
    except (UnknownServiceError, OperationNotFoundError, ValueError):
        return None
    names: list[str] = shape.required_members if shape is not None else []
    return tuple(name[:1].upper() + name[1:] for name in names)
