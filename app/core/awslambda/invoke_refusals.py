"""What Lambda refuses an invocation with when something beside the function fails: keys, networks, file systems,
snapshots; and how a function is made to be refused so, for whoever tests what their caller does then.

Names and texts are those of the API reference (Invoke, Errors). Whether a real refusal says more is UNCONFIRMED.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.awslambda.functions import Functions
from app.core.awslambda.invocation import Throttled, Unreachable
from app.core.commands import RefuseInvocations
from app.core.errors import InvalidParameterValue
from app.core.facts import Effect, InvocationsRefused
from app.core.time import Instant

REFUSALS: Mapping[str, str] = {
    "CodeArtifactUserDeletedException": "The code artifact user of the function has been deleted.",
    "CodeArtifactUserFailedException": "Provisioning of the function's code artifact user failed.",
    "CodeArtifactUserPendingException": "The function's code artifact user is still being provisioned.",
    "DurableExecutionAlreadyStartedException": (
        "The durable execution with the specified name has already been started."
    ),
    "EC2AccessDeniedException": "Need additional permissions to configure VPC settings.",
    "EC2ThrottledException": (
        "Amazon EC2 throttled Lambda during Lambda function initialization using the execution role provided for "
        "the function."
    ),
    "EC2UnexpectedException": (
        "Lambda received an unexpected Amazon EC2 client exception while setting up for the Lambda function."
    ),
    "EFSIOException": "An error occurred when reading from or writing to a connected file system.",
    "EFSMountConnectivityException": (
        "The Lambda function couldn't make a network connection to the configured file system."
    ),
    "EFSMountFailureException": (
        "The Lambda function couldn't mount the configured file system due to a permission or configuration issue."
    ),
    "EFSMountTimeoutException": (
        "The Lambda function made a network connection to the configured file system, but the mount operation timed "
        "out."
    ),
    "ENILimitReachedException": (
        "Lambda couldn't create an elastic network interface in the VPC, specified as part of Lambda function "
        "configuration, because the limit for network interfaces has been reached."
    ),
    "ENINotReadyException": "The elastic network interface of the function's VPC connection isn't ready yet.",
    "InvalidParameterValueException": "One of the parameters in the request is not valid.",
    "InvalidRequestContentException": ("The request body could not be parsed as JSON, or a request header is invalid."),
    "InvalidRuntimeException": "The runtime or runtime version specified is not supported.",
    "InvalidSecurityGroupIDException": (
        "The security group ID provided in the Lambda function VPC configuration is not valid."
    ),
    "InvalidSubnetIDException": "The subnet ID provided in the Lambda function VPC configuration is not valid.",
    "InvalidZipFileException": "Lambda could not unzip the deployment package.",
    "KMSAccessDeniedException": (
        "Lambda couldn't decrypt the environment variables because KMS access was denied. Check the Lambda "
        "function's KMS permissions."
    ),
    "KMSDisabledException": (
        "Lambda couldn't decrypt the environment variables because the KMS key used is disabled. Check the Lambda "
        "function's KMS key settings."
    ),
    "KMSInvalidStateException": (
        "Lambda couldn't decrypt the environment variables because the state of the KMS key used is not valid for "
        "Decrypt. Check the function's KMS key settings."
    ),
    "KMSNotFoundException": (
        "Lambda couldn't decrypt the environment variables because the KMS key was not found. Check the function's "
        "KMS key settings."
    ),
    "ModeNotSupportedException": "The Lambda function doesn't support the invocation mode requested.",
    "NoPublishedVersionException": "The function has no published versions available.",
    "RecursiveInvocationException": (
        "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
        "resources and stopped your function's invocation."
    ),
    "RequestTooLargeException": "The request payload exceeded the Invoke request body JSON input quota.",
    "ResourceConflictException": "The resource already exists, or another operation is in progress.",
    "ResourceNotFoundException": "The resource specified in the request does not exist.",
    "ResourceNotReadyException": (
        "The function is inactive and its VPC connection is no longer available. Wait for the VPC connection to "
        "reestablish and try again."
    ),
    "RuntimeAliasDeletedException": "The runtime alias for your function is no longer available.",
    "RuntimeVersionDeletedException": "The runtime version used by your function is no longer available.",
    "S3FilesMountConnectivityException": (
        "The Lambda function couldn't make a network connection to the configured S3 Files access point."
    ),
    "S3FilesMountFailureException": (
        "The Lambda function couldn't mount the configured S3 Files access point due to a permission or "
        "configuration issue."
    ),
    "S3FilesMountTimeoutException": (
        "The Lambda function made a network connection to the configured S3 Files access point, but the mount "
        "operation timed out."
    ),
    "SerializedRequestEntityTooLargeException": (
        "The request payload exceeded the maximum allowed size for serialized request entities."
    ),
    "ServiceException": "The Lambda service encountered an internal error.",
    "ServiceQuotaExceededException": "The request would exceed a service quota.",
    "SnapStartException": "The afterRestore() runtime hook encountered an error.",
    "SnapStartNotReadyException": (
        "Lambda is initializing your function. You can invoke the function when the function state becomes Active."
    ),
    "SnapStartRegenerationFailureException": "Lambda couldn't regenerate the SnapStart snapshot for the function.",
    "SnapStartTimeoutException": "Lambda couldn't restore the snapshot within the timeout limit.",
    "SubnetIPAddressLimitReachedException": (
        "Lambda couldn't set up VPC access for the Lambda function because one or more configured subnets has no "
        "available IP addresses."
    ),
    "UnsupportedMediaTypeException": "The content type of the Invoke request body is not JSON.",
}
"""What each says, by its name."""

THROTTLE_REASONS = (
    "CallerRateLimitExceeded", "ConcurrentInvocationLimitExceeded", "ConcurrentSnapshotCreateLimitExceeded",
    "FunctionInvocationRateLimitExceeded", "ReservedFunctionConcurrentInvocationLimitExceeded",
    "ReservedFunctionInvocationRateLimitExceeded",
)  # fmt: skip
"""Of TooManyRequestsException: each stands for it with this reason."""

_THROTTLED = "TooManyRequestsException"

Refusal = Throttled | Unreachable
"""How the world has a refusal: as an outcome of a call that never reached an environment, which asynchronous events and
batches are tried again after, as Lambda does after a system error."""


@dataclass(slots=True)
class Rehearsal:
    """A function answers so instead of running: `left` more times, or until it is told otherwise (None)."""

    code: str
    outcome: Refusal
    left: int | None

    def take(self) -> Refusal:
        """The refusal of the next invocation."""
        if self.left is not None:
            self.left -= 1
        return self.outcome

    @property
    def is_over(self) -> bool:
        return self.left == 0


def refusal(code: str, message: str | None = None) -> Refusal:
    """The refusal with AWS's name, or with a reason of TooManyRequestsException. Raises InvalidParameterValue for a
    name that Invoke does not have."""
    if code in (*THROTTLE_REASONS, _THROTTLED):
        reason = THROTTLE_REASONS[1] if code == _THROTTLED else code
        return Throttled(reason, message or "Rate Exceeded.")
    if code not in REFUSALS:
        names = ", ".join((*sorted(REFUSALS), _THROTTLED))
        raise InvalidParameterValue(
            f"Invoke is not refused with '{code}'. It may be with {names}, or with a reason of the last: "
            f"{', '.join(THROTTLE_REASONS)}."
        )
    return Unreachable(message or REFUSALS[code], code=code)


@dataclass(slots=True)
class Rehearsals:
    """Which functions are to refuse; effects go to `outbox`."""

    outbox: list[Effect]
    functions: Functions

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {RefuseInvocations: self.refuse}

    def refuse(self, command: RefuseInvocations, now: Instant) -> None:
        """Let the next invocations be refused, or none. Raises ResourceNotFound, InvalidParameterValue."""
        main = self.functions[command.function].main
        outcome = refusal(command.code, command.message)
        if command.times is not None and command.times < 0:
            raise InvalidParameterValue("A function is refused so and so many times, or for ever.")
        main.rehearsal = None if command.times == 0 else Rehearsal(command.code, outcome, command.times)
        self.outbox.append(InvocationsRefused(main.arn, command.code, command.times))
