"""The status, and the name of the message member, of each refusal of Invoke that comes from beside the function.

A test compares them with botocore's model of Lambda.
"""

from collections.abc import Mapping

_BAD_GATEWAY = (
    "EC2AccessDeniedException", "EC2ThrottledException", "EC2UnexpectedException", "ENILimitReachedException",
    "ENINotReadyException", "InvalidRuntimeException", "InvalidSecurityGroupIDException", "InvalidSubnetIDException",
    "InvalidZipFileException", "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException",
    "KMSNotFoundException", "ResourceNotReadyException", "SubnetIPAddressLimitReachedException",
)  # fmt: skip

INVOKE_STATUSES: Mapping[str, int] = {
    **dict.fromkeys(_BAD_GATEWAY, 502),
    "CodeArtifactUserDeletedException": 409,
    "CodeArtifactUserFailedException": 409,
    "CodeArtifactUserPendingException": 409,
    "DurableExecutionAlreadyStartedException": 409,
    "EFSIOException": 410,
    "EFSMountConnectivityException": 408,
    "EFSMountFailureException": 403,
    "EFSMountTimeoutException": 408,
    "InvalidParameterValueException": 400,
    "InvalidRequestContentException": 400,
    "ModeNotSupportedException": 400,
    "NoPublishedVersionException": 400,
    "RecursiveInvocationException": 400,
    "RequestTooLargeException": 413,
    "ResourceConflictException": 409,
    "ResourceNotFoundException": 404,
    "RuntimeAliasDeletedException": 409,
    "RuntimeVersionDeletedException": 409,
    "S3FilesMountConnectivityException": 408,
    "S3FilesMountFailureException": 403,
    "S3FilesMountTimeoutException": 408,
    "SerializedRequestEntityTooLargeException": 413,
    "ServiceException": 500,
    "ServiceQuotaExceededException": 402,
    "SnapStartException": 400,
    "SnapStartNotReadyException": 409,
    "SnapStartRegenerationFailureException": 409,
    "SnapStartTimeoutException": 408,
    "UnsupportedMediaTypeException": 415,
}

LOWER_CASE_MESSAGE = frozenset(
    {
        "CodeArtifactUserDeletedException", "CodeArtifactUserFailedException", "CodeArtifactUserPendingException",
        "InvalidParameterValueException", "InvalidRequestContentException", "ModeNotSupportedException",
        "RequestTooLargeException", "ResourceConflictException", "ResourceNotReadyException",
        "RuntimeAliasDeletedException", "RuntimeVersionDeletedException", "SerializedRequestEntityTooLargeException",
        "UnsupportedMediaTypeException",
    }
)  # fmt: skip
"""Those whose member is `message`; of the others it is `Message`."""

FAULT_OF_SERVICE = 500
"""From this status on it is not the caller's fault, and `Type` is Service."""

ON_THE_WIRE: Mapping[str, str] = {"RequestTooLargeException": "RequestEntityTooLargeException"}
"""Where the error type in the answer is another than SDKs know the exception by (recorded)."""
