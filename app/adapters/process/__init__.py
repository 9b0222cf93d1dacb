"""The process runtime: functions as local processes that speak the Lambda Runtime API to us."""

from app.adapters.process.endpoint import ProcessEndpoint
from app.adapters.process.spec import ProcessSpec

__all__ = ["ProcessEndpoint", "ProcessSpec"]
