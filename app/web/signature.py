"""AWS Signature Version 4, checked against configured secrets: for a service that listens beyond loopback.

botocore recomputes the signature; here is what it is given and what else must hold. The signatures of single chunks
of a streamed upload are not checked: the headers that announce them are.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote

from app.core.time import MINUTE_MS, SECOND_MS, Instant
from app.wire.http import HttpRequest
from app.wire.refusals import (
    ContentHashMismatch,
    InvalidClientToken,
    MissingAuthenticationToken,
    RequestExpired,
    SignatureDoesNotMatch,
)

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW_MS = 15 * MINUTE_MS
MAX_EXPIRES_S = 604_800
"""A presigned request is good for a week at most (S3 API reference, sigv4-query-string-auth)."""

_UNHASHED = ("UNSIGNED-PAYLOAD", "STREAMING-")
"""What stands in place of a body's hash where S3 does not want one."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A signature as a request makes it: what was signed, when, with which key."""

    access_key_id: str
    region: str
    service: str
    scope_date: str
    timestamp: str
    signed_headers: tuple[str, ...]
    signature: str
    query: str
    expires_s: int | None = None


def verify(request: HttpRequest, secrets: Mapping[str, str], *, now: Instant) -> None:
    """Accept the request's signature, or raise a child of `Unauthenticated`.

    `secrets` is by access key id; `now` is real time. The clocks may differ by 15 minutes, as with AWS.
    """
    claim = _claim_of(request)
    secret = secrets.get(claim.access_key_id)
    if secret is None:
        raise InvalidClientToken
    _check_time(claim, now)
    body_hash = _check_body(request, claim)
    _check_signed_headers(request, claim)
    if not hmac.compare_digest(_signature(request, claim, secret, body_hash), claim.signature):
        raise SignatureDoesNotMatch


def _claim_of(request: HttpRequest) -> _Claim:
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return _claim_in_header(authorization, request)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise MissingAuthenticationToken
    # The signature itself is the one part of the query that was not signed.
    signed_query = "&".join(part for part in request.query.split("&") if not part.startswith("X-Amz-Signature="))
    expires = query.get("X-Amz-Expires", "")
    if not expires.isdigit() or int(expires) > MAX_EXPIRES_S:
        raise SignatureDoesNotMatch
    return _claim(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query.get("X-Amz-Signature", ""),
        query.get("X-Amz-Date", ""),
        signed_query,
        int(expires),
    )


def _claim_in_header(authorization: str, request: HttpRequest) -> _Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise MissingAuthenticationToken
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    return _claim(
        parts.get("Credential", ""),
        parts.get("SignedHeaders", ""),
        parts.get("Signature", ""),
        request.headers.get("x-amz-date", ""),
        request.query,
        None,
    )


def _claim(
    credential: str, signed_headers: str, signature: str, timestamp: str, query: str, expires_s: int | None
) -> _Claim:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request" or not signature:
        raise SignatureDoesNotMatch
    key, date, region, service, _ = parts
    headers = tuple(signed_headers.split(";"))
    return _Claim(key, region, service, date, timestamp, headers, signature, query, expires_s)


def _check_time(claim: _Claim, now: Instant) -> None:
    try:
        signed = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureDoesNotMatch from None
    if not claim.timestamp.startswith(claim.scope_date):
        raise SignatureDoesNotMatch
    age_ms = now - round(signed.timestamp() * SECOND_MS)
    lifetime_ms = MAX_SKEW_MS if claim.expires_s is None else claim.expires_s * SECOND_MS
    if age_ms > lifetime_ms:
        raise RequestExpired(f"Signature expired: {claim.timestamp} is now too old.")
    if age_ms < -MAX_SKEW_MS:
        raise RequestExpired(f"Signature not yet current: {claim.timestamp} is still later than the time here.")


def _check_body(request: HttpRequest, claim: _Claim) -> str:
    """The body's hash as it was signed; S3 lets the client declare that it signs none."""
    if claim.service == "s3":
        declared = request.headers.get("x-amz-content-sha256")
        if declared is None:
            return "UNSIGNED-PAYLOAD" if claim.expires_s is not None else sha256(request.body).hexdigest()
        if declared.startswith(_UNHASHED):
            return declared
        if declared != sha256(request.body).hexdigest():
            raise ContentHashMismatch
        return declared
    return sha256(request.body).hexdigest()


def _check_signed_headers(request: HttpRequest, claim: _Claim) -> None:
    """The host and all of AWS's own headers must be signed, or they could be exchanged."""
    unsigned = {name for name in request.headers if name.startswith("x-amz-")} - set(claim.signed_headers)
    if unsigned or "host" not in claim.signed_headers:
        raise SignatureDoesNotMatch


def _signature(request: HttpRequest, claim: _Claim, secret: str, body_hash: str) -> str:
    # botocore is loaded only where signatures are checked.
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.compat import HTTPHeaders
    from botocore.credentials import Credentials
    from botocore.utils import normalize_url_path

    base: Any = S3SigV4Auth if claim.service == "s3" else SigV4Auth
    auth = base(Credentials(claim.access_key_id, secret), claim.service, claim.region)
    headers = HTTPHeaders()
    for name in claim.signed_headers:
        headers[name] = request.headers.get(name, "")
    url = f"{request.scheme}://{request.host}{request.path}" + (f"?{claim.query}" if claim.query else "")
    recomputed: Any = AWSRequest(method=request.method, url=url, data=request.body, headers=headers)
    recomputed.context["timestamp"] = claim.timestamp
    canonical = "\n".join(
        [
            request.method.upper(),
            request.path if claim.service == "s3" else quote(normalize_url_path(request.path), safe="/~"),
            auth.canonical_query_string(recomputed),
            auth.canonical_headers(headers) + "\n",
            ";".join(claim.signed_headers),
            body_hash,
        ]
    )
    signature: str = auth.signature(auth.string_to_sign(recomputed, canonical), recomputed)
    return signature
