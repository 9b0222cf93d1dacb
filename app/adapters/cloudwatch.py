"""The metrics of functions as CloudWatch has them, in its namespace AWS/Lambda, through moto's CloudWatch."""

from collections.abc import Callable, Sequence
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
        _provider().measured = measured

    return tell


@cache
def _provider() -> Any:
    """moto asks every subclass of its metric provider for the data that AWS's services would have put there."""
    from moto.cloudwatch.models import MetricAggregatedDatum
    from moto.core.common_models import CloudWatchMetricProvider

    class Provider(CloudWatchMetricProvider):  # type: ignore[misc] # moto is untyped
        """One request at a time: what is told is of the account and region of the request at hand."""

        measured: Sequence[Measured] = ()

        @staticmethod
        def get_cloudwatch_metrics(account_id: str, region: str) -> list[MetricAggregatedDatum]:  # noqa: ARG004
            return [_datum(MetricAggregatedDatum, each) for each in Provider.measured]

    return Provider


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
