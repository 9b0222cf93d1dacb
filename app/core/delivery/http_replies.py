"""What an HTTP endpoint's answer means to whoever delivers to it: taken, refused for good, or to be tried again."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from app.core.delivery.outside_calls import HttpAnswered, NoAnswer, OutsideAnswer
from app.core.errors import DeliveryFailed
from app.core.time import SECOND_MS, Instant

Replied: TypeAlias = Callable[[HttpAnswered | DeliveryFailed, Instant], None]
"""Told once what an endpoint replied: its answer where it took what it got."""

# eb-api-destinations: "401, 407, 409, 429 and 5xx"; of that list only 429 and 5xx are elsewhere in AWS's words.
_RETRIED = frozenset({401, 407, 409, 429})


def reply_in(answer: OutsideAnswer, whom: str) -> HttpAnswered | DeliveryFailed:
    """`whom` begins a sentence: `The API destination`."""
    match answer:
        case HttpAnswered(status=status) if 200 <= status < 300:
            return answer
        case HttpAnswered(status=status, headers=headers):
            is_retried = status in _RETRIED or status >= 500
            code = "THROTTLING" if status == 429 else "ERROR_FROM_TARGET"
            words = f"{whom} answered with status {status}."
            return DeliveryFailed(words, code, is_retried=is_retried, retry_after_ms=_retry_after_ms(headers))
        case NoAnswer(message=message):
            code = "TIMEOUT" if "no answer within" in message else "CONNECTION_FAILURE"
            return DeliveryFailed(message, code, is_retried=True)
        case _:
            raise AssertionError("an HTTP request is answered in HTTP's way")


def _retry_after_ms(headers: Mapping[str, str]) -> int:
    """The pause that a Retry-After of seconds asks for; 0 without one."""
    text = headers.get("retry-after", "")
    return int(text) * SECOND_MS if re.fullmatch(r"\d{1,6}", text) else 0
