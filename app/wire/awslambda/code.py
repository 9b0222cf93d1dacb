"""Where a request says that a deployment package is, and where it can be fetched again."""

from base64 import b64decode
from dataclasses import dataclass
from typing import TypeAlias

from app.core.awslambda.deployment import Code
from app.core.errors import InvalidParameterValue
from app.wire.calls import Params

CODE = "TriggerfishCode"
"""The parameter under which an operation finds the `Code` that its package was kept as; no name of AWS's."""

CODE_PATH = "/_triggerfish/code/"
"""Packages are fetched below this path: it cannot be a bucket's, and asks for no signature, as AWS's own URLs do."""


@dataclass(frozen=True, slots=True)
class Zip:
    content: bytes


@dataclass(frozen=True, slots=True)
class StoredObject:
    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    uri: str


Package: TypeAlias = Zip | StoredObject | Image


def package_of(operation: str, params: Params) -> Package | None:
    """The package in the request, None for an operation without one. Raises InvalidParameterValue."""
    match operation:
        case "CreateFunction":
            given = params["Code"]
        case "UpdateFunctionCode":
            given = params
        case "PublishLayerVersion":
            given = params["Content"]
        case _:
            return None
    if given.get("ImageUri"):
        return Image(given["ImageUri"])
    if given.get("ZipFile") is not None:
        if given.get("S3Bucket") or given.get("S3Key"):
            raise InvalidParameterValue("Please do not provide other FunctionCode parameters when providing a ZipFile.")
        return Zip(given["ZipFile"])
    if given.get("S3Bucket") and given.get("S3Key"):
        return StoredObject(given["S3Bucket"], given["S3Key"], given.get("S3ObjectVersion"))
    raise InvalidParameterValue("Please provide a source for function code.")


def location_of(code: Code, base_url: str) -> str:
    """A URL that gives the package."""
    return f"{base_url}{CODE_PATH}{b64decode(code.sha256).hex()}.zip"


def object_missing(code: str, message: str) -> InvalidParameterValue:
    """What Lambda says of an object that S3 did not give (recorded)."""
    return InvalidParameterValue(f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}")
