"""What a browser is answered whose form was stored (API reference of S3: POST Object)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import escape


def answer_post(
    fields: Mapping[str, str], *, bucket: str, key: str, etag: str, host: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; `etag` is without quotes, `host` where the form was sent.

    A redirection goes before a status, and a URL that is none is as good as nothing; so is a status that S3 has not.
    """
    given = {name.lower(): value for name, value in fields.items()}
    quoted = f'"{etag}"'
    location = f"http://{host}/{bucket}/{quote(key)}"
    headers = {"etag": quoted, "location": location}
    target = urlsplit(given.get("success_action_redirect") or given.get("redirect") or "")
    if target.scheme in ("http", "https") and target.netloc:
        told = [*parse_qsl(target.query, keep_blank_values=True), ("bucket", bucket), ("key", key), ("etag", quoted)]
        return 303, {**headers, "location": urlunsplit(target._replace(query=urlencode(told)))}, b""
    match given.get("success_action_status"):
        case "201":
            members = {"Location": location, "Bucket": bucket, "Key": key, "ETag": quoted}
            content = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())
            document = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{content}</PostResponse>'
            return 201, {**headers, "content-type": "application/xml"}, document.encode()
        case "200":
            return 200, headers, b""
        case _:
            return 204, headers, b""
