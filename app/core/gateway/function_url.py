"""A function URL as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.gateway.cors import Cors
from app.core.names import Arn, Scope
from app.core.time import Instant


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """`id` is the first label of its name. `function` is the ARN it invokes, with the alias if it is one's.

    `invoke_mode` is None where it was never given, which is BUFFERED. `given_cors` is the configuration under AWS's
    names, as it was given and is told.
    """

    id: str
    name: str
    scope: Scope
    function: Arn
    auth_type: str = "NONE"
    cors: Cors | None = None
    invoke_mode: str | None = None
    created_at: Instant = 0
    changed_at: Instant = 0
    port: int | None = None
    given_cors: Mapping[str, Any] | None = None

    kind = "function URL"

    @property
    def streams(self) -> bool:
        return self.invoke_mode == "RESPONSE_STREAM"
