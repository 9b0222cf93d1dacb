"""The metrics of functions as CloudWatch has them, in its namespace AWS/Lambda, through moto's CloudWatch."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.core.metrics import UNITS, Measured, Metrics, Statistics
from app.core.names import Scope
from app.core.time import to_datetime

_NAMESPACE = "AWS/Lambda"
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
_WHOLE_ACCOUNT = {"Name": "", "Value": "account"}
"""Stands for no dimensions, where moto would take whatever has any."""


def told_to_cloudwatch(metrics: Metrics, scope: Scope) -> Callable[[], None]:
    """What was counted in the scope until now; called on moto's thread, it tells moto's CloudWatch."""
    measured = list(metrics.measured(scope))

    def tell() -> None:
        _told().measured = measured

    return tell


@dataclass(slots=True)
class _Told:
    """One request at a time: what is told is of the account and region of the request at hand. Where dimensions have to
    be those that were asked for, `names_account` gives what has none a dimension of its own."""

    measured: Sequence[Measured] = ()
    names_account: bool = False

    @contextmanager
    def naming_the_account(self) -> Iterator[None]:
        self.names_account = True
        try:
            yield
        finally:
            self.names_account = False


@cache
def _told() -> _Told:
    """What moto's CloudWatch has of AWS's own services from now on: this alone.

    moto would ask its other services itself, among them S3, which has a thread of its own here: to look at its buckets
    from this one breaks them. It knows no percentiles, and takes a question without dimensions for one of all data.
    """
    from moto.cloudwatch import models, responses
    from moto.cloudwatch.exceptions import InvalidParameterValue

    told = _Told()
    backend, response, statistics = models.CloudWatchBackend, responses.CloudWatchResponse, models.Statistics
    get_data, get_statistics = backend.get_metric_data, backend.get_metric_statistics
    list_metrics = backend.list_metrics
    respond, of_type = response.get_metric_statistics, statistics.get_statistics_for_type

    def metric_data(self: Any, queries: list[dict[str, Any]], *rest: Any, **more: Any) -> Any:
        with told.naming_the_account():
            return get_data(self, [_with_dimensions(query) for query in queries], *rest, **more)

    def metric_statistics(self: Any, namespace: str, *rest: Any, **more: Any) -> Any:
        if namespace != _NAMESPACE:
            return get_statistics(self, namespace, *rest, **more)
        wanted = more.get("dimensions") or [_WHOLE_ACCOUNT]
        whole, told.measured = told.measured, [each for each in told.measured if _is_of(each, wanted)]
        try:
            with told.naming_the_account():
                return get_statistics(self, namespace, *rest, **{**more, "dimensions": wanted})
        finally:
            told.measured = whole

    def metrics_listed(self: Any, *rest: Any, **more: Any) -> Any:
        # One of each: moto would list what has no dimensions once a minute.
        whole = told.measured
        told.measured = list({(each.name, each.function, each.resource): each for each in whole}.values())
        try:
            return list_metrics(self, *rest, **more)
        finally:
            told.measured = whole

    def with_percentiles(self: Any) -> Any:
        wanted = self._get_param("ExtendedStatistics") or []
        for name in wanted:
            if not _PERCENTILE.fullmatch(name):
                raise InvalidParameterValue(f"The value {name} for parameter ExtendedStatistics is not supported.")
        answer = respond(self)
        for point in answer.result["Datapoints"] if wanted else ():
            point.extended_statistics = {name: _percentile(point.metric_data, name) for name in wanted}
        return answer

    def statistics_for_type(self: Any, stat: str) -> Any:
        return _percentile(self.metric_data, stat) if _PERCENTILE.fullmatch(stat) else of_type(self, stat)

    backend.aws_metric_data = property(lambda _: [_datum(models, each, told.names_account) for each in told.measured])
    backend.get_metric_data, backend.get_metric_statistics = metric_data, metric_statistics
    backend.list_metrics = metrics_listed
    response.get_metric_statistics, statistics.get_statistics_for_type = with_percentiles, statistics_for_type
    return told


def _dimensions(measured: Measured) -> list[dict[str, str]]:
    """CloudWatch's: a function, one of its versions or aliases, or none."""
    if measured.function is None:
        return []
    named = [{"Name": "FunctionName", "Value": measured.function}]
    return named if measured.resource is None else [*named, {"Name": "Resource", "Value": measured.resource}]


def _is_of(measured: Measured, wanted: Sequence[Mapping[str, str]]) -> bool:
    """Whether these are its dimensions, all of them."""
    own = {(each["Name"], each["Value"]) for each in _dimensions(measured) or [_WHOLE_ACCOUNT]}
    return own == {(each["Name"], each.get("Value", "")) for each in wanted}


def _with_dimensions(query: dict[str, Any]) -> dict[str, Any]:
    stat = query.get("MetricStat")
    if stat is None or stat["Metric"]["Namespace"] != _NAMESPACE or stat["Metric"].get("Dimensions"):
        return query
    return {**query, "MetricStat": {**stat, "Metric": {**stat["Metric"], "Dimensions": [_WHOLE_ACCOUNT]}}}


def _percentile(data: Sequence[Any], name: str) -> float | None:
    """Of data of ours; moto's own has single values, or none that can be told."""
    found = _PERCENTILE.fullmatch(name)
    assert found is not None, "percentiles alone are asked for"
    ours = [datum.statistics for datum in data if hasattr(datum, "statistics")]
    if not ours:
        values = sorted(datum.value for datum in data if hasattr(datum, "value"))
        return values[round(float(found[1]) / 100 * (len(values) - 1))] if values else None
    joined: Statistics = type(ours[0])()
    for statistics in ours:
        joined.join(statistics)
    return joined.percentile(float(found[1]))


def _datum(models: Any, measured: Measured, names_account: bool) -> Any:
    statistics = measured.statistics
    datum = models.MetricAggregatedDatum(
        namespace=_NAMESPACE,
        name=measured.name,
        min_stat=statistics.least,
        max_stat=statistics.most,
        sample_count=statistics.count,
        sum_stat=statistics.sum,
        dimensions=_dimensions(measured) or ([_WHOLE_ACCOUNT] if names_account else []),
        timestamp=to_datetime(measured.minute).replace(tzinfo=None),
        unit=UNITS[measured.name],
    )
    datum.statistics = statistics
    return datum
