"""What was deployed of a function: its code, and the part of its configuration that only its endpoint needs."""

import re
from base64 import b32decode, b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from app.core.names import Arn, parse_arn


@dataclass(frozen=True, slots=True)
class Code:
    """A deployment package, kept elsewhere under its digest: a zip, or an image to which a setting gives an endpoint.

    `sha256` is base64, as AWS writes it. `environments` is how many invocations the image's endpoint runs at once.
    """

    sha256: str
    size: int = 0
    image_uri: str = ""
    environments: int = 0


@dataclass(frozen=True, slots=True)
class LayerUse:
    """A layer version that a function uses. `code` is None where it is another service's or account's."""

    arn: Arn
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One version of a function as it was deployed over the API.

    `others` are members of AWS's that are kept as they came and told again, and change nothing here: `VpcConfig`,
    `TracingConfig`, `LoggingConfig`, `ImageConfig`, `FileSystemConfigs`, `SnapStart`, `KMSKeyArn`, ….
    """

    role: Arn
    code: Code
    runtime: str = ""
    handler: str = ""
    package_type: str = "Zip"
    architectures: tuple[str, ...] = ("x86_64",)
    variables: Mapping[str, str] | None = None
    layers: tuple[LayerUse, ...] = ()
    ephemeral_storage_mb: int = 512
    others: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_snapshots(self) -> bool:
        """Whether a version is ready only when a snapshot of it was made."""
        return bool(self.others.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions")

    # A value with mappings in it has no hash of its own, and nothing needs one.
    __hash__ = None  # type: ignore[assignment]


_KEY = re.compile(r"TFSH([A-Z2-7]{8})[A-Z2-7]{8}")


def access_key_ids_of(function: Arn, count: int) -> tuple[str, ...]:
    """An access key id for each environment of a function, always the same ones: its account is in them."""
    account = parse_arn(function).account
    # Twelve decimal digits are less than 2**40, which is eight digits of base 32.
    owner = b32encode(int(account).to_bytes(5, "big")).decode() if account.isdecimal() else "A" * 8
    return tuple(
        f"TFSH{owner}" + b32encode(blake2b(f"{function} {slot}".encode(), digest_size=5).digest()).decode()
        for slot in range(count)
    )


def account_of_key(access_key_id: str) -> str | None:
    """The account of the function whose environment has this key; None for a key that is no environment's."""
    found = _KEY.fullmatch(access_key_id)
    return f"{int.from_bytes(b32decode(found[1]), 'big'):012d}" if found is not None else None


def revision_id(*parts: object) -> str:
    """A revision id in the form of a UUID, the same for the same parts: no id of the world's is used up for it."""
    digits = blake2b(" ".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
