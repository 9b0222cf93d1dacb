"""The route of metrics: what CloudWatch would show of functions, over all time."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.metrics import UNITS, Statistics
from app.core.names import name_of
from app.engine.driver import Engine
from app.web.control.parts import ControlParts


class MetricView(BaseModel):
    name: str = Field(description="CloudWatch's name.")
    unit: str
    samples: int
    sum: float
    average: float
    minimum: float
    maximum: float


class FunctionMetricsView(BaseModel):
    function: str
    arn: str
    metrics: list[MetricView] = Field(description="Over all time; what was never counted is not among them.")


def metrics_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["metrics"])

    @router.get("/metrics", summary="What was counted of functions, under CloudWatch's names")
    async def show_metrics(
        function: Annotated[str | None, Query(description="A name or an ARN; without it all functions.")] = None,
    ) -> list[FunctionMetricsView]:
        if function is None:
            known = {each.arn for each in engine.world.functions.all()}
            return [_view(engine, arn) for arn in sorted(known.union(engine.metrics.functions()))]
        return [_view(engine, engine.world.functions[parts.function_arn(function)].arn)]

    return router


def _view(engine: Engine, arn: str) -> FunctionMetricsView:
    totals = engine.metrics.totals(arn)
    return FunctionMetricsView(
        function=name_of(arn), arn=arn, metrics=[_metric(name, statistics) for name, statistics in totals.items()]
    )


def _metric(name: str, statistics: Statistics) -> MetricView:
    return MetricView(
        name=name,
        unit=UNITS[name],
        samples=statistics.count,
        sum=statistics.sum,
        average=statistics.average,
        minimum=statistics.least,
        maximum=statistics.most,
    )
