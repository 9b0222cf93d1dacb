"""The clock over HTTP."""

from tests.serving import NOON, Serving, serving


def test_it_tells_its_way_its_time_and_what_is_due_next(service: Serving) -> None:
    service.post("queues/orders/messages", {"body": "first"})

    assert service.get("clock") == {
        "way": "frozen",
        "now": NOON,
        "next_wakeup": "2026-11-21T12:00:01.000Z",
        "holds": [],
    }


def test_an_advance_answers_when_all_that_was_due_has_happened(service: Serving) -> None:
    service.post("queues/orders/messages", {"body": "first"})

    advanced = service.post("clock/advance", {"duration": "10m"})

    assert advanced["now"] == "2026-11-21T12:10:00.000Z"
    assert advanced["facts"] > 0
    assert service.get("queues/orders-dlq")["visible"] == 1


def test_advancing_to_the_next_stops_there(service: Serving) -> None:
    service.post("queues/orders/messages", {"body": "first"})

    assert service.post("clock/advance-to-next")["now"] == "2026-11-21T12:00:01.000Z"


def test_advancing_to_the_next_stays_when_nothing_is_due(service: Serving) -> None:
    assert service.post("clock/advance-to-next") == {"now": NOON, "woken": 0, "facts": 0}


def test_its_way_and_time_can_be_set(service: Serving) -> None:
    answer = service.ask("PUT", "clock", {"way": "frozen", "at": "2026-12-24T18:00:00Z"})

    assert answer.json["now"] == "2026-12-24T18:00:00.000Z"


def test_it_never_goes_back(service: Serving) -> None:
    answer = service.ask("PUT", "clock", {"way": "frozen", "at": "2020-01-01T00:00:00Z"})

    assert answer.error == (
        400,
        "BadRequest",
        f"the clock is at {NOON} and cannot go back to 2020-01-01T00:00:00.000Z",
    )


def test_a_duration_that_is_none_is_told_with_an_example(service: Serving) -> None:
    answer = service.ask("POST", "clock/advance", {"duration": "soon"})

    assert answer.error == (
        400,
        "BadRequest",
        "'soon' is not a duration; write it like 45s, 10m, 1h30m or 250ms",
    )


def test_an_automatic_clock_needs_no_pushing() -> None:
    with serving("{clock: auto, functions: {nap: {script: {succeed_after: 60s}, Timeout: 900}}}") as service:
        before = service.get("clock")["now"]
        invoked = service.post("functions/nap/invoke", {})
        after = service.get("clock")["now"]

    assert invoked["outcome"] == "succeeded"
    assert after > before
