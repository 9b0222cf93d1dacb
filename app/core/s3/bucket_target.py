"""Buckets as targets: what is delivered becomes an object, made through the S3 API like anybody's."""

from dataclasses import dataclass

from app.core.chain import Chains
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import (
    AwsAnswered,
    AwsCall,
    AwsRefused,
    BucketSwept,
    HttpAnswered,
    NoAnswer,
    OutsideAnswer,
)
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import InvalidParameterValue, Refused, UnsupportedOperation
from app.core.names import Arn, Scope, parse_arn
from app.core.s3.buckets import Buckets
from app.core.time import Instant


@dataclass(slots=True)
class BucketTarget:
    """A bucket gets the parcel as an object under the parcel's key, which notifies as any object does."""

    buckets: Buckets
    chains: Chains
    outside: Outside

    def exists(self, arn: Arn) -> bool:
        return parse_arn(arn).resource in self.buckets.all

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        bucket = parse_arn(parcel.target).resource
        if parcel.key is None:
            settled(UnsupportedOperation(f"what {parcel.source} delivers has no key to be an object under"), now)
            return
        found = self.buckets.all.get(bucket)
        if found is None:
            settled(InvalidParameterValue(f"there is no bucket '{bucket}'"), now)
            return
        hop = parcel.cause.hop
        put = AwsCall(
            "s3", "PutObject", {"Bucket": bucket, "Key": parcel.key, "Body": parcel.body},
            scope=_scope_of(parcel.source_arn) or found.scope,
            trace_header=self.chains.header_of(hop) if hop else parcel.trace_header,
        )  # fmt: skip

        def then(answer: OutsideAnswer, at: Instant) -> None:
            settled(_refusal_in(answer), at)

        self.outside.call(put, then)


def _scope_of(arn: Arn | None) -> Scope | None:
    return parse_arn(arn).scope if arn is not None else None


def _refusal_in(answer: OutsideAnswer) -> Refused | None:
    match answer:
        case AwsAnswered():
            return None
        case AwsRefused(code=code, message=message):
            return InvalidParameterValue(f"{code}: {message}")
        case NoAnswer(message=message):
            return InvalidParameterValue(message)
        case HttpAnswered() | BucketSwept():
            raise AssertionError("an AWS operation is answered in AWS's way")
