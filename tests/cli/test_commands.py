"""What each command prints, of a real service."""

import json

from click.testing import CliRunner

from app.cli.root import root
from tests.cli.conftest import Run
from tests.serving import Serving


def test_the_clock_is_shown_and_moved(run: Run) -> None:
    assert run("clock").stdout == "2026-11-21T12:00:00.000Z  frozen\nnext due: nothing\n"
    assert run("clock", "advance", "10m").stdout.startswith("2026-11-21T12:10:00.000Z  ")
    assert run("clock", "set", "frozen", "--at", "2026-12-24T18:00:00Z").stdout.startswith("2026-12-24T18:00:00.000Z")
    assert json.loads(run("clock", "show", "--json").stdout)["now"] == "2026-12-24T18:00:00.000Z"


def test_the_clock_goes_to_what_is_due_next(run: Run) -> None:
    run("send", "spare", "later", "--delay", "90")

    assert run("clock", "next").stdout.startswith("2026-11-21T12:01:30.000Z")


def test_a_fake_put_shows_where_it_went_and_where_not(run: Run) -> None:
    inside, outside = run("put", "s3://photos/in/cat.jpg", "--size", "3"), run("put", "s3://photos/out/cat.jpg")

    assert inside.stdout.startswith("→ thumbnail\nchain ")
    assert outside.stdout.startswith("✗ thumbnail: prefix 'in/' does not begin 'out/cat.jpg'\n")


def test_a_fake_delete_is_another_event(run: Run) -> None:
    assert run("delete", "s3://photos/in/cat.jpg").stdout.startswith("✗ thumbnail")
    assert run("delete", "s3://photos/in/cat.jpg", "--function", "worker").stdout.startswith("→ worker")


def test_a_queue_is_named_by_name_arn_or_url(run: Run, service: Serving) -> None:
    for name in ("spare", "arn:aws:sqs:us-east-1:000000000000:spare", f"{service.url}/000000000000/spare"):
        assert run("send", name, "hello").exit_code == 0

    assert service.get("queues/spare")["visible"] == 3


def test_a_body_may_come_from_standard_input(run: Run, service: Serving) -> None:
    run("send", "spare", "-", input="from a pipe")

    assert service.get("queues/spare/messages")[0]["body"] == "from a pipe"


def test_dead_letters_are_shown_with_their_story(run: Run, poisoned: str) -> None:
    shown = run("dlq", "show", "orders-dlq").stdout.splitlines()

    assert shown[0] == f"{poisoned}  visible, received 2 times"
    assert shown[1] == '  body: {"poison": true}'
    assert shown[2] == "  2026-11-21T12:00:00.000Z sent to orders"
    assert shown[3].startswith("  2026-11-21T12:00:00.000Z attempt 1 by worker (request ")
    assert shown[3].endswith("failed, ValueError: poison")
    assert shown[5].startswith("  2026-11-21T12:01:00.000Z moved from orders to orders-dlq: ")
    assert shown[-1] == "orders-dlq: 1 message"


def test_dead_letter_queues_are_listed_with_their_sources(run: Run, poisoned: str) -> None:
    assert run("dlq", "list").stdout == "QUEUE       MESSAGES  OF\norders-dlq  1         orders\n"


def test_a_dead_letter_is_redriven_edited_and_elsewhere(run: Run, service: Serving, poisoned: str) -> None:
    redriven = run("dlq", "redrive", "orders-dlq", "--edit", f'{poisoned}={{"poison": false}}', "--to", "spare")

    assert redriven.stdout == "redriven: 1 message\n"
    assert service.get("queues/spare/messages")[0]["body"] == '{"poison": false}'


def test_dead_letters_are_exported_as_json_lines(run: Run, poisoned: str) -> None:
    [line] = run("dlq", "export", "orders-dlq").stdout.splitlines()

    assert json.loads(line)["message_id"] == poisoned


def test_a_purge_says_how_many_it_dropped(run: Run, poisoned: str) -> None:
    assert run("dlq", "purge", "orders-dlq").stdout == "purged: 1 messages\n"


def test_a_mapping_tells_what_it_has_done_as_json(run: Run, poisoned: str) -> None:
    (mapping,) = json.loads(run("mappings", "--json").stdout)

    assert mapping["Metrics"] == {
        "PolledEventCount": 2,
        "FilteredOutEventCount": 0,
        "InvokedEventCount": 2,
        "FailedInvokeEventCount": 2,
        "DeletedEventCount": 0,
    }


def test_lists_are_tables(run: Run) -> None:
    assert run("queues").stdout.splitlines()[:2] == [
        "QUEUE       VISIBLE  IN FLIGHT  DELAYED",
        "orders      0        0          0",
    ]
    assert "worker     10s" in run("functions").stdout
    assert "  orders  worker    10     Enabled  5        0 of 5" in run("mappings").stdout


def test_the_status_names_everything(run: Run) -> None:
    shown = run("status").stdout

    assert "clock: 2026-11-21T12:00:00.000Z (frozen), next due: nothing" in shown
    assert "  queue orders → worker" in shown
    assert "  bucket photos in/* (s3:ObjectCreated:*) → thumbnail" in shown


def test_an_invocation_prints_what_was_returned(run: Run) -> None:
    run("clock", "set", "auto")

    invoked = run("invoke", "thumbnail", "--payload", '{"a": 1}')

    assert (invoked.exit_code, invoked.stdout) == (0, "null\n")


def test_an_invocation_that_failed_says_so_and_exits_with_one(run: Run) -> None:
    run("clock", "set", "auto")

    invoked = run("invoke", "worker")

    assert invoked.exit_code == 1
    assert "failed: ValueError: poison" in invoked.stderr


def test_an_asynchronous_invocation_is_only_accepted(run: Run) -> None:
    assert run("invoke", "worker", "--event").stdout.startswith("accepted ")


def test_logs_are_printed_as_they_are(run: Run) -> None:
    assert run("logs", "worker").stdout == ""


def test_a_story_is_told_of_a_message_wherever_it_is(run: Run) -> None:
    message_id = run("send", "spare", "hello").stdout.strip()

    assert run("story", message_id).stdout == (
        f"{message_id}  visible in spare\n  2026-11-21T12:00:00.000Z sent to spare\n"
    )


def test_without_loops_there_are_no_warnings(run: Run) -> None:
    assert run("warnings").stdout == "no warnings\n"


def test_the_end_of_the_journal_is_shown(run: Run) -> None:
    message_id = run("send", "spare", "hello").stdout.strip()

    shown = run("tail", "--no-follow", "-n", "1")

    assert shown.stdout == f"2026-11-21T12:00:00.000Z spare got {message_id} (5 bytes)\n"


def test_every_listing_can_be_json(run: Run, poisoned: str) -> None:
    for command in (
        ("status",), ("queues",), ("functions",), ("mappings",), ("warnings",), ("clock", "show"), ("dlq", "list"),
        ("dlq", "show", "orders-dlq"), ("story", poisoned), ("logs", "worker"),
    ):  # fmt: skip
        json.loads(run(*command, "--json").stdout)


def test_colour_is_for_terminals_that_want_it(run: Run) -> None:
    plain = run("queues")
    coloured = run("queues", color=True)
    refused = run("queues", color=True, NO_COLOR="1")

    assert "\x1b[" in coloured.stdout
    assert "\x1b[" not in plain.stdout + refused.stdout


def test_what_the_service_refuses_is_one_line_and_exit_code_one(run: Run) -> None:
    refused = run("dlq", "show", "nothing")

    assert (refused.exit_code, refused.stderr) == (1, "Error: The specified queue does not exist.\n")


def test_bad_usage_is_exit_code_two(run: Run) -> None:
    for arguments in (
        ("put", "photos/in/cat.jpg"),
        ("put", "s3://photos"),
        ("clock", "set", "fast"),
        ("send", "spare"),
    ):
        assert run(*arguments).exit_code == 2


def test_no_service_is_one_line_and_exit_code_one() -> None:
    # Port 9 is discard's; nobody serves it, and nobody who does would answer HTTP.
    result = CliRunner().invoke(root, ["--endpoint", "http://127.0.0.1:9", "queues"])

    assert result.exit_code == 1
    assert result.stderr == "Error: no Triggerfish is running at http://127.0.0.1:9; start one with: triggerfish up\n"


def test_metrics_are_shown_for_all_functions_and_for_one(run: Run) -> None:
    nothing = run("metrics", "worker")
    run("invoke", "worker", "--event")
    run("clock", "advance", "10m")

    overview = run("metrics").stdout.splitlines()
    one = {line.split()[0]: line.split()[1:] for line in run("metrics", "worker").stdout.splitlines()}

    assert nothing.stdout == "nothing was counted of worker yet\n"
    assert overview[0].split()[:4] == ["FUNCTION", "INVOCATIONS", "ERRORS", "THROTTLES"]
    assert [line.split()[:3] for line in overview[1:]] == [["thumbnail", "0", "0"], ["worker", "3", "3"]]
    assert one["Errors"] == ["3", "3", "1", "1", "1", "Count"]
    assert one["AsyncEventsDropped"][1] == "1"
