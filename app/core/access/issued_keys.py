"""Access keys that the identity store here gives to users and sessions: their account is in them, and a mark of ours.

AWS's own keys have the account in them too. One of those, from somebody's profile, must not lead to an account of
theirs that nobody meant here: it has no mark.
"""

import re
from base64 import b32decode, b32encode
from hashlib import blake2b

_KEY = re.compile(r"(A[A-Z]{3}([A-Z2-7]{8})[A-Z2-7]{4})([A-Z2-7]{4})")


def issued_key(prefix: str, account: str, unique: str) -> str:
    """The key of a user (`AKIA`) or a session (`ASIA`) of the account; `unique` are four digits of base 32."""
    # Twelve decimal digits are less than 2**40, which is eight digits of base 32.
    begin = f"{prefix}{b32encode(int(account).to_bytes(5, 'big')).decode()}{unique}"
    return begin + _mark(begin)


def account_of_issued_key(access_key_id: str) -> str | None:
    """The account of a key that was issued here; None for any other."""
    found = _KEY.fullmatch(access_key_id)
    if found is None or found[3] != _mark(found[1]):
        return None
    account = f"{int.from_bytes(b32decode(found[2]), 'big'):012d}"
    return account if len(account) == 12 else None


def _mark(begin: str) -> str:
    return b32encode(blake2b(begin.encode(), digest_size=5, person=b"triggerfish").digest()).decode()[:4]
