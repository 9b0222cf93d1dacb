"""URLs: which hosts are this machine's, and how one is shown, whose password is used and never told."""

import re

_PASSWORD = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:]*):[^\s/?#]*@")

LOOPBACK_NAMES = (".localhost", ".localhost.localstack.cloud")
"""How names of this machine end. RFC 6761, 6.3 lets whoever resolves names answer for the first, and many systems know
only `localhost`; the second is LocalStack's, which only the internet's name servers know."""


def without_password(text: str) -> str:
    """`text` with `****` for the password of every URL in it, as SNS shows the endpoints of subscriptions."""
    return _PASSWORD.sub(r"\1:****@", text) if "@" in text else text
