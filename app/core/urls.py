"""URLs as they are shown: a password that one carries is used, and never told."""

import re

_PASSWORD = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:]*):[^\s/?#]*@")


def without_password(text: str) -> str:
    """`text` with `****` for the password of every URL in it, as SNS shows the endpoints of subscriptions."""
    return _PASSWORD.sub(r"\1:****@", text) if "@" in text else text
