"""What a mapping has done with messages, under the names of its `EventCount` metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class EventCount:
    """Counts of messages since the mapping was created (DG:monitoring-metrics-types).

    A message that is tried again counts again, as invoked also where nothing could run. `failed` has those whose
    invocation failed, was throttled or refused, and those that a partial response reports.
    """

    polled: int = 0
    filtered_out: int = 0
    invoked: int = 0
    failed: int = 0
    deleted: int = 0

    def view(self) -> dict[str, int]:
        """Under CloudWatch's names."""
        return {
            "PolledEventCount": self.polled,
            "FilteredOutEventCount": self.filtered_out,
            "InvokedEventCount": self.invoked,
            "FailedInvokeEventCount": self.failed,
            "DeletedEventCount": self.deleted,
        }
