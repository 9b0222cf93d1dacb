"""Node handlers in real processes: ES modules and CommonJS, promises and callbacks."""

import json
import shutil
from pathlib import Path

import pytest

from app.adapters.logs import InvocationLogs
from app.core.awslambda.invocation import Exited, HandlerFailed, InitFailed, Succeeded, TimedOut
from tests.adapters.support import FUNCTION_ARN, TRACE_HEADER, invocation, process_endpoint, write

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
]


async def test_a_handler_is_given_its_event_and_context(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.mjs",
        """
        export const handler = async (event, context) => ({
          event,
          requestId: context.awsRequestId,
          arn: context.invokedFunctionArn,
          name: context.functionName,
          version: context.functionVersion,
          memory: context.memoryLimitInMB,
          hasTimeLeft: context.getRemainingTimeInMillis() > 4000,
          custom: context.clientContext.custom,
          trace: process.env._X_AMZN_TRACE_ID,
          folder: process.cwd()
        })
        """,
    )
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        outcome = await endpoint.invoke(
            invocation({"n": "ü"}, request_id="r-7", client_context='{"custom":{"a":"ü"}}', timeout_ms=5_000)
        )

    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.payload) == {
        "event": {"n": "ü"},
        "requestId": "r-7",
        "arn": FUNCTION_ARN,
        "name": "resize",
        "version": "$LATEST",
        "memory": "128",
        "hasTimeLeft": True,
        "custom": {"a": "ü"},
        "trace": TRACE_HEADER,
        "folder": str(tmp_path),
    }


@pytest.mark.parametrize(
    ("name", "text", "handler"),
    [
        ("app.mjs", "export async function handler(event) { return event + 1 }", "app.handler"),
        ("app.cjs", "exports.handler = async (event) => event + 1", "app.handler"),
        ("app.js", "exports.handler = async (event) => event + 1", "app.handler"),
        ("app.js", "module.exports = { inner: { handler: async (event) => event + 1 } }", "app.inner.handler"),
        ("src/app.js", "exports.handler = (event, context, callback) => callback(null, event + 1)", "src/app.handler"),
        ("app.js", "exports.handler = (event, context) => context.succeed(event + 1)", "app.handler"),
        (
            "app.js",
            "exports.handler = (e, c, callback) => setTimeout(() => callback(null, e + 1), 5)",
            "app.handler",
        ),
    ],
    ids=["esm", "cjs", "js", "nested export", "callback in a folder", "context.succeed", "callback later"],
)
async def test_every_kind_of_handler_runs_more_than_once(tmp_path: Path, name: str, text: str, handler: str) -> None:
    write(tmp_path, name, text)
    async with process_endpoint(tmp_path, runtime="node", handler=handler) as endpoint:
        outcomes = [await endpoint.invoke(invocation(n)) for n in (1, 2)]

    assert [outcome.payload for outcome in outcomes if isinstance(outcome, Succeeded)] == [b"2", b"3"]


async def test_a_handler_that_answers_nothing_answers_null(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.mjs",
        "export const handler = (event) => (event ? new Promise(() => {}) : undefined)",
    )
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        nothing = await endpoint.invoke(invocation(0))
        never = await endpoint.invoke(invocation(1))

    assert isinstance(nothing, Succeeded)
    assert nothing.payload == b"null"
    assert isinstance(never, Succeeded)
    assert never.payload == b"null"


async def test_a_callback_waits_for_the_event_loop_unless_told_otherwise(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.cjs",
        """
        let fired = 0
        exports.handler = (event, context, callback) => {
          const before = fired
          setTimeout(() => { fired += 1 }, 30)
          if (event === 'at once') context.callbackWaitsForEmptyEventLoop = false
          callback(null, { toJSON: () => fired - before })
        }
        """,
    )
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        waited = await endpoint.invoke(invocation("wait"))
        at_once = await endpoint.invoke(invocation("at once"))

    assert isinstance(waited, Succeeded)
    assert waited.payload == b"1"
    assert isinstance(at_once, Succeeded)
    assert at_once.payload == b"0"


@pytest.mark.parametrize(
    ("text", "error_type", "message"),
    [
        ("throw new TypeError('no')", "TypeError", "no"),
        ("callback(new RangeError('no'))", "RangeError", "no"),
        ("return Promise.reject('no')", "string", "no"),
        ("callback('no')", "string", "no"),
        ("return Promise.resolve({ n: 1n })", "Error", "Unable to stringify response body"),
        ("setTimeout(() => { throw new EvalError('no') }, 1); return new Promise(() => {})", "EvalError", "no"),
        (
            "Promise.reject(new Error('no')); return new Promise((r) => setTimeout(r, 1000))",
            "Runtime.UnhandledPromiseRejection",
            "no",
        ),
    ],
)
async def test_an_error_is_told_as_lambda_tells_it(tmp_path: Path, text: str, error_type: str, message: str) -> None:
    write(tmp_path, "app.cjs", f"exports.handler = (event, context, callback) => {{ {text} }}")
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        outcome = await endpoint.invoke(invocation())
        again = await endpoint.invoke(invocation())

    assert isinstance(outcome, HandlerFailed)
    assert (outcome.error_type, message in outcome.message) == (error_type, True)
    assert json.loads(outcome.payload).keys() == {"errorType", "errorMessage", "trace"}
    assert isinstance(again, HandlerFailed)


@pytest.mark.parametrize(
    ("text", "handler", "error_type"),
    [
        ("", "nowhere.handler", "Runtime.ImportModuleError"),
        ("import 'nothing-of-this-name'", "app.handler", "Error"),
        (
            "import { createRequire } from 'node:module'; createRequire(import.meta.url)('nothing-of-this-name')",
            "app.handler",
            "Runtime.ImportModuleError",
        ),
        ("export const handler = (", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("export const other = 1", "app.handler", "Runtime.HandlerNotFound"),
        ("export const handler = 1", "app.handler", "Runtime.HandlerNotFound"),
        ("export const handler = 1", "handler", "Runtime.MalformedHandlerName"),
        ("throw new Error('no configuration')", "app.handler", "Error"),
    ],
)
async def test_a_failed_init_says_why(tmp_path: Path, text: str, handler: str, error_type: str) -> None:
    write(tmp_path, "app.mjs", text)
    async with process_endpoint(tmp_path, runtime="node", handler=handler) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, InitFailed)
    assert outcome.error_type == error_type


async def test_an_exit_a_timeout_and_a_large_answer(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.mjs",
        """
        export const handler = async (event) => {
          if (event === 'exit') process.exit(3)
          if (event === 'spin') for (;;);
          return 'x'.repeat(event)
        }
        """,
    )
    async with process_endpoint(tmp_path, runtime="node") as endpoint:
        exited = await endpoint.invoke(invocation("exit"))
        timed_out = await endpoint.invoke(invocation("spin", timeout_ms=300))
        too_large = await endpoint.invoke(invocation(7_000_000))
        after = await endpoint.invoke(invocation(1))

    assert isinstance(exited, Exited)
    assert exited.status == "exit status 3"
    assert isinstance(timed_out, TimedOut)
    assert isinstance(too_large, HandlerFailed)
    assert too_large.error_type == "Function.ResponseSizeTooLarge"
    assert isinstance(after, Succeeded)


async def test_the_console_writes_lambdas_lines(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.mjs",
        """
        export const handler = async () => {
          console.log('out %d', 1, { a: 2 })
          console.error('err')
          process.stdout.write('raw\\n')
        }
        """,
    )
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, runtime="node", logs=logs) as endpoint:
        await endpoint.invoke(invocation(request_id="r-1"))

    lines = logs.of("r-1").splitlines()
    assert lines[2].split("\t")[1:] == ["r-1", "INFO", "out 1 { a: 2 }"]
    assert lines[3].split("\t")[1:] == ["r-1", "ERROR", "err"]
    assert lines[4] == "raw"
    assert lines[5] == "END RequestId: r-1"


async def test_the_console_writes_json_where_that_is_the_format(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.mjs",
        """
        export const handler = async (event) => {
          console.log('out %d', 1)
          console.debug('too quiet')
          console.warn({ a: [1] })
          console.error(new RangeError('no'))
        }
        """,
    )
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, runtime="node", logs=logs, log_format="JSON") as endpoint:
        await endpoint.invoke(invocation({}, request_id="r-1"))

    lines = [json.loads(line) for line in logs.of("r-1").splitlines()]
    own = [line for line in lines if "level" in line]
    assert [(line["level"], line["requestId"]) for line in own] == [
        ("INFO", "r-1"), ("WARN", "r-1"), ("ERROR", "r-1"),
    ]  # fmt: skip
    assert [line["message"] for line in own[:2]] == ["out 1", {"a": [1]}]
    assert (own[2]["message"]["errorType"], own[2]["message"]["errorMessage"]) == ("RangeError", "no")
    assert [line["type"] for line in lines if "type" in line] == [
        "platform.initStart", "platform.start", "platform.report",
    ]  # fmt: skip


async def test_modules_of_a_layer_can_be_required(tmp_path: Path) -> None:
    code, layer = tmp_path / "code", tmp_path / "layer"
    write(code, "app.js", "const paper = require('paper')\nexports.handler = async () => paper.size")
    write(layer, "nodejs/node_modules/paper/index.js", "exports.size = 'A4'")
    async with process_endpoint(code, runtime="node", layers=(layer,)) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'"A4"'
