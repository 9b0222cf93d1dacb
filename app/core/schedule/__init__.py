"""Schedules: what AWS's expressions mean, and what fires when."""

from app.core.schedule.expression import At, Cron, Expression, NotAnExpression, Rate, parse_expression
from app.core.schedule.occurrences import local_time, next_after, zone_of

__all__ = [
    "At",
    "Cron",
    "Expression",
    "NotAnExpression",
    "Rate",
    "local_time",
    "next_after",
    "parse_expression",
    "zone_of",
]
