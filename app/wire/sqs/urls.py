"""Queue URLs and queue ARNs."""

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from app.core.errors import MissingParameter, QueueDoesNotExist
from app.core.names import Arn, Scope, parse_arn

_REGION_IN_HOST = re.compile(r"(?:^|\.)(?:sqs\.([a-z]{2}(?:-[a-z]+)+-\d)\.|([a-z]{2}(?:-[a-z]+)+-\d)\.queue\.)")
_REGION_IN_PATH = re.compile(r"/+queue/+([a-z]{2}(?:-[a-z]+)+-\d)/+\d{12}/")
_ACCOUNT = re.compile(r"\d{12}")


@lru_cache(maxsize=4096)
def queue_arn(url: str, caller: Scope) -> Arn:
    """The queue a `QueueUrl` names for a caller.

    Any host will do. The account is the URL's, else the caller's; the region is the host's (`sqs.eu-west-1.…`,
    `eu-west-1.queue.…`) or the path's (`/queue/eu-west-1/000000000000/orders`, as LocalStack writes it), else the
    caller's. A bare name is the caller's queue, as AWS accepts too.
    Raises MissingParameter for an empty URL, QueueDoesNotExist where no name can be found.
    """
    if not url:
        raise MissingParameter("The request must contain the parameter QueueUrl.")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise QueueDoesNotExist from None
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    if not segments:
        raise QueueDoesNotExist
    region = _REGION_IN_HOST.search(parts.netloc) or _REGION_IN_PATH.match(parts.path)
    account = segments[-2] if len(segments) > 1 and _ACCOUNT.fullmatch(segments[-2]) else caller.account
    return Scope(account, region[region.lastindex or 0] if region else caller.region).queue_arn(segments[-1])


def queue_url(arn: Arn, base_url: str) -> str:
    """The URL under which a caller who reached us at `base_url` finds the queue."""
    parsed = parse_arn(arn)
    return f"{base_url}/{parsed.account}/{parsed.resource}"
