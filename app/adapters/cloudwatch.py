"""The metrics of functions as CloudWatch has them, in its namespace AWS/Lambda, through moto's CloudWatch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.core.metrics import UNITS, Measured, Metrics
from app.core.names import Scope
from app.core.time import to_datetime

_NAMESPACE = "AWS/Lambda"


def told_to_cloudwatch(metrics: Metrics, scope: Scope) -> Callable[[], None]:
    """What was counted in the scope until now; called on moto's thread, it tells moto's CloudWatch."""
    measured = list(metrics.measured(scope))

    def tell() -> None:
        _told().measured = measured

    return tell


@dataclass(slots=True)
class _Told:
    """One request at a time: what is told is of the account and region of the request at hand."""

    measured: Sequence[Measured] = ()


@cache
def _told() -> _Told:
    """What moto's CloudWatch has of AWS's own services from now on: this alone.

    moto would ask its other services itself, among them S3, which has a thread of its own here: to look at its buckets
    from this one breaks them.
    """
    from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum

    told = _Told()
    CloudWatchBackend.aws_metric_data = property(
        lambda _: [_datum(MetricAggregatedDatum, each) for each in told.measured]
    )
    return told


def _datum(kind: Any, measured: Measured) -> Any:
    statistics = measured.statistics
    return kind(
        namespace=_NAMESPACE,
        name=measured.name,
        min_stat=statistics.least,
        max_stat=statistics.most,
        sample_count=statistics.count,
        sum_stat=statistics.sum,
        # moto finds data by some of their dimensions, so that a question without any is answered over all functions.
        dimensions=[] if measured.function is None else [{"Name": "FunctionName", "Value": measured.function}],
        timestamp=to_datetime(measured.minute).replace(tzinfo=None),
        unit=UNITS[measured.name],
    )
