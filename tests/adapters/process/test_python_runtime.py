"""Python handlers in real processes: what they are given, what comes of them, and that they stay warm."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

from app.adapters.logs import InvocationLogs
from app.core.awslambda.invocation import Exited, HandlerFailed, InitFailed, Outcome, Succeeded, TimedOut
from tests.adapters.support import FUNCTION_ARN, TRACE_HEADER, invocation, is_alive, process_endpoint, write


async def test_a_handler_is_given_its_event_and_context(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import os

        def handler(event, context):
            return {
                "event": event,
                "request_id": context.aws_request_id,
                "arn": context.invoked_function_arn,
                "name": context.function_name,
                "version": context.function_version,
                "memory": context.memory_limit_in_mb,
                "log_group": context.log_group_name,
                "has_log_stream": "[$LATEST]" in context.log_stream_name,
                "has_time_left": 4000 < context.get_remaining_time_in_millis() <= 5000,
                "custom": context.client_context.custom,
                "identity": context.identity.cognito_identity_id,
                "trace": os.environ["_X_AMZN_TRACE_ID"],
                "folder": os.getcwd(),
            }
        """,
    )
    async with process_endpoint(tmp_path) as endpoint:
        outcome = await endpoint.invoke(
            invocation({"n": "ü"}, request_id="r-7", timeout_ms=5_000, client_context='{"custom":{"a":\n"ü"}}')
        )

    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.payload) == {
        "event": {"n": "ü"},
        "request_id": "r-7",
        "arn": FUNCTION_ARN,
        "name": "resize",
        "version": "$LATEST",
        "memory": "128",
        "log_group": "/aws/lambda/resize",
        "has_log_stream": True,
        "has_time_left": True,
        "custom": {"a": "ü"},
        "identity": None,
        "trace": TRACE_HEADER,
        "folder": str(tmp_path),
    }


async def test_a_process_stays_warm_between_invocations(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        "import os\ncalls = []\ndef handler(e, c):\n    calls.append(1)\n    return [os.getpid(), len(calls)]",
    )
    async with process_endpoint(tmp_path) as endpoint:
        first = await endpoint.invoke(invocation())
        second = await endpoint.invoke(invocation())

    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert json.loads(first.payload)[0] == json.loads(second.payload)[0]
    assert json.loads(second.payload)[1] == 2
    assert first.ran.init_duration_ms is not None
    assert second.ran.init_duration_ms is None
    assert first.ran.environment == second.ran.environment


async def test_each_slot_is_a_process_of_its_own_and_they_run_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import os, pathlib, time

        def handler(event, context):
            pathlib.Path(f"in-{event}.flag").touch()
            while not pathlib.Path(f"in-{1 - event}.flag").exists():
                time.sleep(0.005)
            return [os.getpid(), os.environ["AWS_ACCESS_KEY_ID"]]
        """,
    )
    async with process_endpoint(tmp_path, environments=2, access_key_ids=("AKIA0", "AKIA1")) as endpoint:
        outcomes = await asyncio.gather(
            *(endpoint.invoke(invocation(slot, request_id=f"r-{slot}", environment=slot)) for slot in (0, 1))
        )

    assert all(isinstance(outcome, Succeeded) for outcome in outcomes)
    answers = [json.loads(outcome.payload) for outcome in outcomes if isinstance(outcome, Succeeded)]
    assert answers[0][0] != answers[1][0]
    assert [key for _, key in answers] == ["AKIA0", "AKIA1"]


async def test_an_exception_is_told_as_lambda_tells_it_and_leaves_the_process_warm(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import os

        class OutOfPaper(Exception):
            pass

        def handler(event, context):
            if event:
                raise OutOfPaper("tray 2")
            return os.getpid()
        """,
    )
    async with process_endpoint(tmp_path) as endpoint:
        before = await endpoint.invoke(invocation(None))
        outcome = await endpoint.invoke(invocation({"n": 1}, request_id="r-7"))
        after = await endpoint.invoke(invocation(None))

    assert isinstance(outcome, HandlerFailed)
    assert (outcome.error_type, outcome.message) == ("OutOfPaper", "tray 2")
    payload = json.loads(outcome.payload)
    assert payload["requestId"] == "r-7"
    assert len(payload["stackTrace"]) == 1
    assert 'app.py", line 9, in handler' in payload["stackTrace"][0]
    assert "[ERROR] OutOfPaper: tray 2" in outcome.ran.log_tail
    assert isinstance(before, Succeeded)
    assert isinstance(after, Succeeded)
    assert before.payload == after.payload


async def test_an_exit_is_told_with_its_status_and_the_next_invocation_has_a_new_process(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import os, signal, sys

        def handler(event, context):
            if event == "sys.exit":
                sys.exit(3)
            if event == "zero":
                os._exit(0)
            if event == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if event == "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            return "alive"
        """,
    )
    async with process_endpoint(tmp_path) as endpoint:
        statuses = []
        for event in ("sys.exit", "zero", "killed", "segfault"):
            outcome = await endpoint.invoke(invocation(event))
            assert isinstance(outcome, Exited)
            statuses.append(outcome.status)
        after = await endpoint.invoke(invocation())

    assert statuses == ["exit status 3", "", "signal: killed", "signal: segmentation fault"]
    assert isinstance(after, Succeeded)


async def test_a_process_that_ended_between_two_invocations_is_replaced_unseen(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import os\ndef handler(e, c):\n    return os.getpid()")
    pids = []
    async with process_endpoint(tmp_path) as endpoint:
        for _ in range(10):
            outcome = await endpoint.invoke(invocation())
            assert isinstance(outcome, Succeeded)
            pid = int(outcome.payload)
            pids.append(pid)
            os.kill(pid, signal.SIGKILL)
            # Not a turn of the event loop lies between its end and the next invocation.
            deadline = time.monotonic() + 5
            while is_alive(pid):
                assert time.monotonic() < deadline, "it did not end"

    assert len(set(pids)) == 10


async def test_a_handler_past_its_time_limit_is_stopped_and_starts_anew(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import time
        calls = []

        def handler(event, context):
            calls.append(1)
            print("begun", flush=True)
            time.sleep(event)
            return len(calls)
        """,
    )
    async with process_endpoint(tmp_path) as endpoint:
        await endpoint.invoke(invocation(0))
        outcome = await endpoint.invoke(invocation(30, timeout_ms=200))
        after = await endpoint.invoke(invocation(0))

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 200
    assert 200 <= outcome.ran.duration_ms < 2_000
    assert "begun\n" in outcome.ran.log_tail
    assert outcome.ran.log_tail.endswith("\tStatus: timeout\n")
    assert isinstance(after, Succeeded)
    assert after.payload == b"1"


async def test_a_failed_init_says_why_in_the_runtimes_words(tmp_path: Path) -> None:
    write(tmp_path, "missing.py", "import nowhere_to_be_found")
    write(tmp_path, "broken.py", "def handler(:\n")
    write(tmp_path, "empty.py", "")
    write(tmp_path, "raises.py", "raise RuntimeError('no configuration')")
    found = {}
    for handler in ("missing.handler", "broken.handler", "empty.handler", "raises.handler", "handler", "sys.exit"):
        async with process_endpoint(tmp_path, handler=handler) as endpoint:
            outcome = await endpoint.invoke(invocation())
        assert isinstance(outcome, InitFailed)
        assert json.loads(outcome.payload)["requestId"] == ""
        found[handler] = (outcome.error_type, outcome.message)

    assert found["missing.handler"] == (
        "Runtime.ImportModuleError",
        "Unable to import module 'missing': No module named 'nowhere_to_be_found'",
    )
    assert found["broken.handler"][0] == "Runtime.UserCodeSyntaxError"
    assert found["empty.handler"] == ("Runtime.HandlerNotFound", "Handler 'handler' missing on module 'empty'")
    assert found["raises.handler"] == ("RuntimeError", "no configuration")
    assert found["handler"][0] == "Runtime.MalformedHandlerName"
    assert found["sys.exit"][0] == "Runtime.BuiltInModuleConflict"


async def test_a_failed_init_is_tried_again_within_the_invocation(tmp_path: Path) -> None:
    write(
        tmp_path / "code",
        "app.py",
        """
        import pathlib

        flag = pathlib.Path("../flag")
        if not flag.exists():
            flag.touch()
            raise RuntimeError("the first time never works")
        flag.unlink()

        def handler(event, context):
            return "at last"
        """,
    )
    async with process_endpoint(tmp_path / "code") as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'"at last"'
    assert "Phase: init\tStatus: error\tError Type: RuntimeError" in outcome.ran.log_tail


async def test_an_init_that_overruns_is_run_again_under_the_functions_time_limit(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import time\nprint('init', flush=True)\ntime.sleep(30)\ndef handler(e, c): pass")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, init_limit_ms=300, logs=logs) as endpoint:
        outcome = await endpoint.invoke(invocation(request_id="r-7", timeout_ms=400))

    assert isinstance(outcome, TimedOut)
    assert outcome.after_ms == 400
    assert logs.of("r-7").count("init\n") == 2
    assert "Phase: init\tStatus: timeout" in logs.of("r-7")
    assert "Phase: invoke\tStatus: timeout" in logs.of("r-7")


async def test_an_exit_during_init_is_an_exit(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import os\nos._exit(4)")
    async with process_endpoint(tmp_path) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Exited)
    assert outcome.status == "exit status 4"


async def test_what_cannot_be_written_as_json_is_a_marshal_error(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "def handler(e, c):\n    return {1, 2}")
    async with process_endpoint(tmp_path) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, HandlerFailed)
    assert outcome.error_type == "Runtime.MarshalError"
    assert outcome.message == "Unable to marshal response: Object of type set is not JSON serializable"


async def test_an_event_that_is_not_json_is_an_unmarshal_error(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "def handler(e, c):\n    return e")
    async with process_endpoint(tmp_path) as endpoint:
        base = invocation()
        outcome = await endpoint.invoke(
            type(base)("r-7", base.function_arn, "resize", b"{oops", base.timeout_ms, base.trace_header)
        )

    assert isinstance(outcome, HandlerFailed)
    assert outcome.error_type == "Runtime.UnmarshalError"


async def test_numbers_of_dynamodb_and_odd_characters_come_back_as_json(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        from decimal import Decimal

        def handler(event, context):
            if event == "surrogate":
                return "\\ud800"
            return [Decimal("1"), Decimal("1.5"), "ü"]
        """,
    )
    async with process_endpoint(tmp_path) as endpoint:
        numbers = await endpoint.invoke(invocation())
        surrogate = await endpoint.invoke(invocation("surrogate"))

    assert isinstance(numbers, Succeeded)
    assert numbers.payload == '[1, 1.5, "ü"]'.encode()
    assert isinstance(surrogate, Succeeded)
    assert surrogate.payload == b'"\\ud800"'


async def test_an_answer_over_six_megabytes_is_refused_and_the_process_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import os\ndef handler(e, c):\n    return 'x' * e + str(os.getpid())")
    async with process_endpoint(tmp_path) as endpoint:
        before = await endpoint.invoke(invocation(0))
        outcome = await endpoint.invoke(invocation(7_000_000))
        after = await endpoint.invoke(invocation(0))

    assert isinstance(outcome, HandlerFailed)
    assert outcome.error_type == "Function.ResponseSizeTooLarge"
    assert outcome.message == "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    assert isinstance(before, Succeeded)
    assert isinstance(after, Succeeded)
    assert before.payload == after.payload


async def test_what_is_printed_belongs_to_its_invocation_between_start_and_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        "app.py",
        """
        import logging, sys
        logging.getLogger().setLevel("INFO")
        print("loading")

        def handler(event, context):
            print("out", event)
            print("err", event, file=sys.stderr)
            logging.info("logged %s", event)
            sys.stdout.write("no line end")
        """,
    )
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, logs=logs) as endpoint:
        await endpoint.invoke(invocation(1, request_id="r-1"))
        outcome = await endpoint.invoke(invocation(2, request_id="r-2"))

    first, second = logs.of("r-1").splitlines(), logs.of("r-2").splitlines()
    assert first[0].startswith("INIT_START Runtime Version: python:3.")
    assert first[1:5] == ["loading", "START RequestId: r-1 Version: $LATEST", "out 1", "err 1"]
    assert "Init Duration: " in first[-1]
    assert second[:3] == ["START RequestId: r-2 Version: $LATEST", "out 2", "err 2"]
    assert second[3].startswith("[INFO]\t")
    assert second[3].endswith("Z\tr-2\tlogged 2")
    assert second[4:6] == ["no line end", "END RequestId: r-2"]
    report = second[6].split("\t")
    assert report[0] == "REPORT RequestId: r-2"
    assert [part.split(":")[0] for part in report[1:5]] == [
        "Duration",
        "Billed Duration",
        "Memory Size",
        "Max Memory Used",
    ]
    assert report[3] == "Memory Size: 128 MB"
    assert isinstance(outcome, Succeeded)
    assert outcome.ran.log_tail == logs.of("r-2")
    assert logs.tail(FUNCTION_ARN, 1) == [second[-1]]


async def test_the_log_tail_is_the_last_four_kilobytes_of_a_log_kept_whole(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "def handler(e, c):\n    for n in range(20000):\n        print('line', n)")
    logs = InvocationLogs()
    async with process_endpoint(tmp_path, logs=logs) as endpoint:
        outcome = await endpoint.invoke(invocation(request_id="r-1"))

    assert isinstance(outcome, Succeeded)
    assert len(outcome.ran.log_tail.encode()) == 4_096
    assert logs.of("r-1").endswith(outcome.ran.log_tail)
    assert [line for line in logs.of("r-1").splitlines() if line.startswith("line")] == [
        f"line {n}" for n in range(20_000)
    ]


async def test_a_changed_file_is_run_from_the_next_invocation_on(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "from helper import answer\ndef handler(e, c):\n    return answer")
    write(tmp_path, "helper.py", "answer = 'old'")
    async with process_endpoint(tmp_path) as endpoint:
        before = await endpoint.invoke(invocation())
        assert isinstance(before, Succeeded)
        write(tmp_path, "helper.py", "answer = 'brand new'")
        deadline = time.monotonic() + 5
        after: Outcome = before
        # A look at the files is rationed to a twentieth of the time, so it may take one invocation more.
        while isinstance(after, Succeeded) and after.payload == before.payload:
            assert time.monotonic() < deadline, "the change was not noticed"
            after = await endpoint.invoke(invocation())

    assert before.payload == b'"old"'
    assert isinstance(after, Succeeded)
    assert after.payload == b'"brand new"'


async def test_the_folder_of_the_bootstrap_shadows_nothing(tmp_path: Path) -> None:
    write(tmp_path, "app.py", "import output, sys\ndef handler(e, c):\n    return [output.here, sys.path[0]]")
    write(tmp_path, "output.py", "here = 'mine'")
    async with process_endpoint(tmp_path) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Succeeded)
    assert json.loads(outcome.payload) == ["mine", str(tmp_path)]


async def test_layers_and_boto3_can_be_imported(tmp_path: Path) -> None:
    code, layer = tmp_path / "code", tmp_path / "layer"
    write(code, "app.py", "import boto3, paper\ndef handler(e, c):\n    return paper.size")
    write(layer, "python/paper.py", "size = 'A4'")
    async with process_endpoint(code, layers=(layer,)) as endpoint:
        outcome = await endpoint.invoke(invocation(timeout_ms=20_000))

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'"A4"'


async def test_a_folder_that_does_not_exist_is_an_invalid_entrypoint(tmp_path: Path) -> None:
    async with process_endpoint(tmp_path / "nowhere") as endpoint:
        outcome = await endpoint.invoke(invocation(request_id="r-7"))

    assert isinstance(outcome, InitFailed)
    assert outcome.error_type == "Runtime.InvalidEntrypoint"
    assert outcome.message.startswith("RequestId: r-7 Error: there is no folder")
    assert outcome.message in outcome.ran.log_tail


async def test_it_describes_itself_by_folder_and_handler(tmp_path: Path) -> None:
    async with process_endpoint(tmp_path) as endpoint:
        assert endpoint.describe() == f"process {tmp_path}: app.handler"


async def test_a_wrapper_script_starts_the_runtime_in_its_place(tmp_path: Path) -> None:
    write(tmp_path / "layer", "wrap.sh", '#!/bin/sh\nexport WRAPPED="by $#"\nexec "$@"\n').chmod(0o755)
    write(tmp_path / "code", "app.py", "import os\ndef handler(e, c): return os.environ['WRAPPED']")
    wrapper = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap.sh"}

    async with process_endpoint(tmp_path / "code", layers=(tmp_path / "layer",), environment=wrapper) as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, Succeeded)
    assert outcome.payload == b'"by 3"'


async def test_nothing_of_triggerfish_can_be_imported(tmp_path: Path) -> None:
    write(tmp_path, "main.py", "import app.core")

    async with process_endpoint(tmp_path, handler="main.handler") as endpoint:
        outcome = await endpoint.invoke(invocation())

    assert isinstance(outcome, InitFailed)
    assert outcome.message == "Unable to import module 'main': No module named 'app'"
