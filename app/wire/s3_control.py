"""S3 Control, as far as buckets' tags are asked for through it: newer Terraform does, with each bucket that it makes.

Requests go to a host of the account's, `000000000000.localhost`, and name the account in a header too (API reference,
ListTagsForResource, TagResource and UntagResource of S3 Control, 2018-08-20).
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from app.core.errors import MalformedXml

_PREFIX = "/v20180820/"
_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def control_path(path: str, headers: Mapping[str, str]) -> str | None:
    """What of S3 Control is meant, like `tags/arn:aws:s3:::photos`; None where the request is an ordinary one.

    A bucket may be called v20180820; but no request to a bucket names an account in a header.
    """
    _, prefix, rest = path.partition(_PREFIX)
    return unquote(rest) if prefix and "x-amz-account-id" in headers else None


def bucket_of_tags(path: str) -> str | None:
    """The bucket whose tags are meant: of `tags/arn:aws:s3:::photos`; None for anything else."""
    collection, _, arn = path.partition("/")
    parts = arn.split(":", 5)
    if collection != "tags" or len(parts) < 6 or parts[2] != "s3":
        return None
    return parts[5].removeprefix("bucket/") or None


def parse_tags(body: bytes) -> dict[str, str]:
    """Tags by key, of a tag set of S3's or of a request of S3 Control's. Raises MalformedXml."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - expat expands no entity that is not in the document
    except ElementTree.ParseError:
        raise MalformedXml from None
    tags = (
        {_name(member): member.text or "" for member in tag} for tag in root.iter() if _name(tag) == "Tag" and len(tag)
    )
    return {tag["Key"]: tag.get("Value", "") for tag in tags if "Key" in tag}


def untagged(query: str) -> list[str]:
    """The keys that UntagResource takes away."""
    return parse_qs(query, keep_blank_values=True).get("tagKeys", [])


def render_tag_set(tags: Mapping[str, str]) -> bytes:
    """The body of S3's own PutBucketTagging."""
    return f"<Tagging><TagSet>{_tags(tags)}</TagSet></Tagging>".encode()


def render_tags(tags: Mapping[str, str]) -> bytes:
    """The answer to ListTagsForResource."""
    return (
        f'{_DECLARATION}<ListTagsForResourceResult xmlns="{_NAMESPACE}"><Tags>{_tags(tags)}</Tags>'
        "</ListTagsForResourceResult>"
    ).encode()


def render_control_error(code: str, message: str, request_id: str) -> bytes:
    """An error of S3 Control, which has one element around S3's."""
    return (
        f"{_DECLARATION}<ErrorResponse><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in tags.items())


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
