"""Who signed a request to a front that wants it (AWS_IAM): whoever they say, unless secrets are set to check it by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import time
from typing import Any

from app.core.gateway.request import GatewayRequest
from app.core.time import SECOND_MS
from app.web.signature import verify
from app.wire.credentials import Credential, credential_in
from app.wire.http import HttpRequest
from app.wire.refusals import Unauthenticated


@dataclass(frozen=True, slots=True)
class NotSigned:
    """Why nobody is believed to have signed; `words` are what AWS answers, if it has words for it."""

    problem: str
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Signatures:
    """`secrets` by access key id make every signature prove itself; None believes any, as the AWS endpoint does."""

    secrets: Mapping[str, str] | None = None

    def signer_of(self, request: GatewayRequest, service: str) -> Credential | NotSigned:
        """The credential, scoped to the service that the front is of."""
        credential = credential_in(request.header("authorization") or "", request.query)
        if credential.access_key_id is None:
            return NotSigned("the request is not signed")
        if credential.service != service:
            words = f"Credential should be scoped to correct service: '{service}'. "
            return NotSigned(f"the signature is for {credential.service}", words)
        if self.secrets is not None:
            try:
                # Signatures are judged by real time, whatever the emulated clock says.
                verify(_as_asked(request), self.secrets, now=round(time() * SECOND_MS))
            except Unauthenticated as refused:
                return NotSigned(refused.message, refused.message)
        return credential


def identity_of(credential: Credential) -> dict[str, Any]:
    """`authorizer.iam` of an event: the account itself, as far as a key tells."""
    account = credential.scope.account
    return {
        "accessKey": credential.access_key_id,
        "accountId": account,
        "callerId": credential.access_key_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:root",
        "userId": credential.access_key_id,
    }


def _as_asked(request: GatewayRequest) -> HttpRequest:
    headers: dict[str, str] = {}
    for name, value in request.headers:
        low = name.lower()
        headers[low] = f"{headers[low]},{value}" if low in headers else value
    asked = HttpRequest(request.method, request.path, request.query, headers, request.body, request.scheme)
    return asked if request.asked is None else replace(asked, path=request.asked)
