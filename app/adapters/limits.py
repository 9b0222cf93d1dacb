"""Lambda's numbers that the endpoints hold to, each with its source."""

RESPONSE_MAX_BYTES = 6 * 1024 * 1024 + 100
"""A handler's answer. The text of the error says 6291556 (recorded: S:lam/test_lambda_too_large_response)."""

STREAMED_MAX_BYTES = 200 * 1024 * 1024
"""A streamed answer (developer guide, configuration-response-streaming)."""

LOG_TAIL_BYTES = 4096
"""What `X-Amz-Log-Result` shows of an invocation's log (API reference, Invoke, LogType)."""

INIT_LIMIT_MS = 10_000
"""The init phase; after it the init runs again inside the invocation (developer guide, lambda-runtime-environment)."""
