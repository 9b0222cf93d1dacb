"""The pattern language of EventBridge, which mapping filters and Pipes share: compiled once, matched without failing.

`compile_pattern` refuses in AWS's words; a `Pattern` matches any JSON, explains why not, and shows its leaves.
"""

from app.core.errors import InvalidEventPattern
from app.core.pattern.compile import EVENTBRIDGE, MAPPING_FILTER, SNS, Dialect, compile_pattern
from app.core.pattern.event import Flattened, WrittenNumber, flatten, parse_written
from app.core.pattern.index import PatternIndex
from app.core.pattern.pattern import Branch, Leaf, Mismatch, Pattern

__all__ = [
    "EVENTBRIDGE",
    "MAPPING_FILTER",
    "SNS",
    "Branch",
    "Dialect",
    "Flattened",
    "InvalidEventPattern",
    "Leaf",
    "Mismatch",
    "Pattern",
    "PatternIndex",
    "WrittenNumber",
    "compile_pattern",
    "flatten",
    "parse_written",
]
