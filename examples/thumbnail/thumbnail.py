"""A thumbnailer: reads the photo that was put, and puts a small picture of it into `thumbs/`.

An image library would be a dependency, so nothing is decoded: the picture has 16 by 16 grey points, each the
mean of one 256th of the file's bytes. It stands for the work; the calls to S3 are real.
"""

from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.exceptions import ClientError

SIDE = 16
POINTS = SIDE * SIDE

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: Any) -> dict[str, list[str]]:
    """Make a thumbnail for each record of an S3 event; answers the keys that were written."""
    made = [thumbnail(record["s3"]["bucket"]["name"], key_of(record)) for record in event["Records"]]
    return {"thumbnails": [key for key in made if key is not None]}


def key_of(record: dict[str, Any]) -> str:
    """The object's key as the user wrote it: in events, S3 encodes it as in a form."""
    return unquote_plus(record["s3"]["object"]["key"])


def thumbnail(bucket: str, key: str) -> str | None:
    """The key of the thumbnail, or None for an event without an object: one that was only said to be there."""
    try:
        photo = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
        print(f"{key} is not in {bucket}: nothing to make a thumbnail of")
        return None
    target = "thumbs/" + key.rpartition("/")[2]
    s3.put_object(Bucket=bucket, Key=target, Body=grey_picture(photo), ContentType="image/x-portable-graymap")
    print(f"{key} ({len(photo)} bytes) → {target}")
    return target


def grey_picture(content: bytes) -> bytes:
    """A picture in PGM format, whatever the content."""
    step = len(content) / POINTS
    parts = [content[int(point * step) : int((point + 1) * step)] or b"\0" for point in range(POINTS)]
    return b"P5 %d %d 255\n" % (SIDE, SIDE) + bytes(sum(part) // len(part) for part in parts)
