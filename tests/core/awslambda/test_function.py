"""A function's slots and its line."""

from app.core.awslambda.call import Call, ForWaiter
from app.core.awslambda.function import Function, FunctionSpec
from app.core.chain import Cause
from tests.core.stage import SCOPE

ARN = SCOPE.function_arn("work")


def call(name: str) -> Call:
    return Call(name, ARN, ARN, b"{}", "test", Cause("1-a"), ForWaiter(1))


def test_an_invocation_takes_the_lowest_free_slot() -> None:
    function = Function(FunctionSpec(ARN, environments=3))
    slots = [function.begin(call(name)) for name in "abc"]
    function.end("b")
    function.end("a")

    assert slots == [0, 1, 2]
    assert [function.begin(call("d")), function.begin(call("e"))] == [0, 1]


def test_the_call_in_a_slot_can_be_found() -> None:
    function = Function(FunctionSpec(ARN, environments=2))
    first = call("a")
    function.begin(first)

    assert function.call_in([0]) is first
    assert function.call_in([1]) is None


def test_there_is_no_room_while_somebody_stands_in_line() -> None:
    function = Function(FunctionSpec(ARN, environments=1))
    function.line.append(call("a"))

    assert not function.has_room
    assert function.next_in_line() is not None
    assert function.has_room


def test_the_line_waits_for_a_free_slot() -> None:
    function = Function(FunctionSpec(ARN, environments=1))
    function.begin(call("a"))
    function.line.append(call("b"))

    assert function.next_in_line() is None
    function.end("a")
    assert function.next_in_line() is not None


def test_slots_taken_when_the_settings_change_are_given_out_once() -> None:
    function = Function(FunctionSpec(ARN, environments=2))
    for name in "ab":
        function.begin(call(name))

    function.change(FunctionSpec(ARN, environments=3))
    third = function.begin(call("c"))
    function.change(FunctionSpec(ARN, environments=1))
    for name in "cba":
        function.end(name)

    assert third == 2
    assert function.begin(call("d")) == 0
    assert not function.has_room
