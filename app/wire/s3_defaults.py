"""What S3 tells of every bucket whether somebody set it or not: who pays, and how objects are encrypted.

Terraform reads both of each bucket that it makes.
"""

from app.wire.s3_objects import StoreRefusal

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

ENCRYPTION = (
    f'{_DECLARATION}<ServerSideEncryptionConfiguration xmlns="{_NAMESPACE}"><Rule><ApplyServerSideEncryptionByDefault>'
    "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled>"
    "</Rule></ServerSideEncryptionConfiguration>"
).encode()
"""GetBucketEncryption where nothing was put: so it is for every bucket since January 2023 (default-encryption-faq)."""

_PAYER = (
    f'{_DECLARATION}<RequestPaymentConfiguration xmlns="{_NAMESPACE}"><Payer>BucketOwner</Payer>'
    "</RequestPaymentConfiguration>"
).encode()


def answer_request_payment(method: str, body: bytes) -> bytes:
    """GetBucketRequestPayment and PutBucketRequestPayment: the owner pays. Raises StoreRefusal for anybody else."""
    if method == "GET":
        return _PAYER
    if method == "PUT" and b"<Payer>BucketOwner</Payer>" in body:
        return b""
    raise StoreRefusal(501, "NotImplemented", "Nobody pays here: a requester cannot be made to.")
