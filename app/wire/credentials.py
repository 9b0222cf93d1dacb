"""Who a request says it is from: the credential scope of an AWS signature, in a header or in the query."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qs

from app.core.access.issued_keys import account_of_issued_key
from app.core.awslambda.deployment import account_of_key
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION, Scope


@dataclass(frozen=True, slots=True)
class Credential:
    """`service` is AWS's signing name (`sqs`, `lambda`, `s3`, …), "" when unknown; nothing here is proven."""

    access_key_id: str | None = None
    scope: Scope = field(default_factory=Scope)
    service: str = ""


ANONYMOUS = Credential()

_REGION = re.compile("[a-z0-9-]+")


def credential_in(authorization: str, query: str) -> Credential:
    """The credential of an `Authorization` header or of a presigned query; ANONYMOUS where there is none."""
    if authorization:
        _, _, rest = authorization.partition("Credential=")
        return parse_credential(rest.split(",", 1)[0].strip())
    if "X-Amz-Credential=" in query:
        return parse_credential(parse_qs(query)["X-Amz-Credential"][0])
    return ANONYMOUS


@lru_cache(maxsize=1024)
def parse_credential(text: str) -> Credential:
    """The credential in `key/20261121/us-east-1/sqs/aws4_request`. A key of twelve digits is an account; that of a
    function's environment is of the function's, and one that was issued here of its user's or its role's.

    What cannot be a region is the default one."""
    parts = text.split("/")
    if len(parts) < 5:
        return ANONYMOUS
    key = "/".join(parts[:-4])
    region, service = parts[-3], parts[-2]
    is_account = len(key) == 12 and key.isascii() and key.isdigit()
    account = key if is_account else account_of_key(key) or account_of_issued_key(key) or DEFAULT_ACCOUNT
    return Credential(key, Scope(account, region if _REGION.fullmatch(region) else DEFAULT_REGION), service)
