"""ARNs and the names inside them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from app.core.value import Value

Arn: TypeAlias = str

LATEST = "$LATEST"
"""The version of a function that is not published."""

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


class Scope(Value):
    """One account in one region: what a name is unique in."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION

    def queue_arn(self, name: str) -> Arn:
        return f"arn:aws:sqs:{self.region}:{self.account}:{name}"

    def topic_arn(self, name: str) -> Arn:
        return f"arn:aws:sns:{self.region}:{self.account}:{name}"

    def function_arn(self, name: str) -> Arn:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"

    def mapping_arn(self, uuid: str) -> Arn:
        return f"arn:aws:lambda:{self.region}:{self.account}:event-source-mapping:{uuid}"

    def bus_arn(self, name: str) -> Arn:
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/{name}"

    def schedule_arn(self, group: str, name: str) -> Arn:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule/{group}/{name}"

    def schedule_group_arn(self, name: str) -> Arn:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule-group/{name}"

    def rule_arn(self, bus: str, name: str) -> Arn:
        """The default bus is not named in it (recorded)."""
        place = name if bus == "default" else f"{bus}/{name}"
        return f"arn:aws:events:{self.region}:{self.account}:rule/{place}"


@dataclass(frozen=True, slots=True)
class ParsedArn:
    """The six parts of an ARN; `resource` keeps its own colons."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)

    @property
    def name(self) -> str:
        """The resource's own name: `orders`, or `resize` of `function:resize:live`."""
        kind, _, rest = self.resource.partition(":")
        if self.service == "lambda" and kind == "function":
            return rest.split(":")[0]
        return self.resource


@lru_cache(maxsize=4096)
def parse_arn(arn: Arn) -> ParsedArn:
    """The parts of `arn`. Raises ValueError when it is not an ARN."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
        raise ValueError(f"{arn!r} is not an ARN")
    return ParsedArn(*parts[1:])


@lru_cache(maxsize=4096)
def name_of(arn: Arn) -> str:
    """The short name in an ARN, for messages and pages: `orders`."""
    return parse_arn(arn).name


def qualifier_of(function_arn: Arn) -> str:
    """The version or alias that a function's ARN names; `$LATEST` if it names none."""
    return function_arn.split(":", 7)[7] if function_arn.count(":") > 6 else LATEST


def bucket_arn(bucket: str) -> Arn:
    return f"arn:aws:s3:::{bucket}"
