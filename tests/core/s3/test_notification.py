"""A bucket's notification configuration: what S3 refuses, and where an event goes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidArgument
from app.core.names import Arn, Scope
from app.core.s3.notification import (
    NotificationConfiguration,
    NotificationRule,
    RequestedRule,
    RouteRefused,
    RouteTaken,
    TargetKind,
    event_matches,
    route,
    understand,
    validate,
    with_ids,
)
from app.core.s3.object_event import Sequencers
from app.core.time import parse_instant

SCOPE = Scope()
RESIZE = SCOPE.function_arn("resize")
INDEX = SCOPE.function_arn("index")
UPLOADS = SCOPE.queue_arn("uploads")
TOPIC = "arn:aws:sns:us-east-1:000000000000:uploads"
NEWS = "arn:aws:sns:us-east-1:000000000000:news"
NOON = parse_instant("2026-11-21T12:00:00Z")

CREATED = ("s3:ObjectCreated:*",)
REMOVED = ("s3:ObjectRemoved:*",)


def rule(
    target: Arn = RESIZE, events: tuple[str, ...] = CREATED, prefix: str = "", suffix: str = "", id: str = ""
) -> NotificationRule:
    return NotificationRule(id, target, events, prefix, suffix)


def check(
    *rules: NotificationRule,
    exists: Callable[[Arn], bool] = lambda _: True,
    skip: bool = False,
    region: str | None = None,
) -> None:
    validate(
        NotificationConfiguration(rules),
        bucket="photos",
        exists=exists,
        skip_destination_validation=skip,
        region=region,
    )


def refusal(*rules: NotificationRule, exists: Callable[[Arn], bool] = lambda _: True, skip: bool = False) -> str:
    with pytest.raises(InvalidArgument) as refused:
        check(*rules, exists=exists, skip=skip)
    return refused.value.message


def misunderstanding(*requested: RequestedRule) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as refused:
        understand(requested)
    return refused.value


OVERLAP = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)


class TestOverlap:
    def test_two_rules_without_filters_cannot_share_an_event_type(self) -> None:
        assert refusal(rule(RESIZE), rule(UPLOADS)) == OVERLAP

    def test_a_wildcard_shares_each_of_its_types(self) -> None:
        assert refusal(rule(RESIZE, CREATED), rule(UPLOADS, ("s3:ObjectCreated:Copy",))) == OVERLAP

    def test_types_of_one_family_are_not_shared(self) -> None:
        check(rule(RESIZE, ("s3:ObjectCreated:Put",)), rule(UPLOADS, ("s3:ObjectCreated:Copy",)))

    def test_families_are_apart(self) -> None:
        check(rule(RESIZE, CREATED), rule(UPLOADS, REMOVED))

    def test_a_prefix_that_begins_another_overlaps_with_it(self) -> None:
        assert refusal(rule(RESIZE, prefix="in/"), rule(UPLOADS, prefix="in/large/")) == AMBIGUOUS

    def test_no_filter_overlaps_with_any(self) -> None:
        assert refusal(rule(RESIZE, prefix="in/"), rule(UPLOADS)) == AMBIGUOUS

    def test_prefixes_apart_are_enough(self) -> None:
        check(rule(RESIZE, prefix="in/", suffix=".jpg"), rule(UPLOADS, prefix="out/", suffix=".jpg"))

    def test_suffixes_apart_are_enough(self) -> None:
        check(rule(RESIZE, prefix="in/", suffix=".jpg"), rule(UPLOADS, prefix="in/", suffix=".png"))

    def test_a_suffix_that_ends_another_overlaps_with_it(self) -> None:
        assert refusal(rule(RESIZE, suffix=".gz"), rule(UPLOADS, suffix=".tar.gz")) == AMBIGUOUS

    @given(
        events=st.tuples(*[st.sampled_from([CREATED, REMOVED, ("s3:ObjectCreated:Put",)])] * 2),
        filters=st.tuples(*[st.tuples(*[st.text("ab", max_size=2)] * 2)] * 2),
        name=st.sampled_from(["ObjectCreated:Put", "ObjectCreated:Copy", "ObjectRemoved:Delete"]),
        key=st.text("ab", max_size=4),
    )
    def test_an_accepted_configuration_sends_an_event_to_one_target_at_most(
        self,
        events: tuple[tuple[str, ...], tuple[str, ...]],
        filters: tuple[tuple[str, str], tuple[str, str]],
        name: str,
        key: str,
    ) -> None:
        rules = (rule(RESIZE, events[0], *filters[0]), rule(UPLOADS, events[1], *filters[1]))
        try:
            check(*rules)
        except InvalidArgument:
            return

        taken = [way for way in route(NotificationConfiguration(rules), name, key) if isinstance(way, RouteTaken)]

        assert len(taken) <= 1


class TestIds:
    def test_an_id_stands_for_one_rule(self) -> None:
        message = refusal(rule(RESIZE, CREATED, id="a"), rule(UPLOADS, REMOVED, id="a"))

        assert message == "Same ID used for multiple configurations. IDs must be unique."

    def test_rules_without_ids_are_given_some(self) -> None:
        configuration = NotificationConfiguration((rule(id="mine"), rule(UPLOADS, REMOVED)), event_bridge=True)

        filled = with_ids(configuration, lambda: "generated")

        assert [rule.id for rule in filled.rules] == ["mine", "generated"]
        assert filled.event_bridge


class TestDestinations:
    def test_what_is_missing_is_listed_together(self) -> None:
        with pytest.raises(InvalidArgument) as refused:
            check(rule(RESIZE, CREATED), rule(UPLOADS, REMOVED), exists=lambda _: False)

        assert refused.value.message == "Unable to validate the following destination configurations"
        assert refused.value.arguments == {
            "ArgumentName1": f"{RESIZE}, null",
            "ArgumentValue1": f"Not authorized to invoke function [{RESIZE}]",
            "ArgumentName2": UPLOADS,
            "ArgumentValue2": "The destination queue does not exist",
        }

    def test_a_target_of_two_rules_is_named_once(self) -> None:
        with pytest.raises(InvalidArgument) as refused:
            check(rule(UPLOADS, CREATED), rule(UPLOADS, REMOVED), exists=lambda _: False)

        assert list(refused.value.arguments) == ["ArgumentName1", "ArgumentValue1"]

    def test_validation_can_be_skipped(self) -> None:
        check(rule(RESIZE), exists=lambda _: False, skip=True)

    def test_a_fifo_queue_is_refused_even_then(self) -> None:
        message = refusal(rule(f"{UPLOADS}.fifo"), skip=True)

        assert message == "Unable to validate the following destination configurations"

    def test_a_topic_has_to_be_there(self) -> None:
        with pytest.raises(InvalidArgument) as refused:
            check(rule(TOPIC), exists=lambda _: False)

        assert refused.value.arguments["ArgumentValue1"] == "The destination topic does not exist"

    def test_targets_are_in_the_buckets_region(self) -> None:
        with pytest.raises(InvalidArgument) as refused:
            check(rule(RESIZE), region="eu-west-1")

        assert "service region is not valid for the bucket location constraint" in refused.value.message

    def test_an_overlap_is_told_before_a_missing_destination(self) -> None:
        assert refusal(rule(RESIZE), rule(UPLOADS), exists=lambda _: False) == OVERLAP


class TestRequests:
    @pytest.mark.parametrize("kind", list(TargetKind))
    @pytest.mark.parametrize(
        "target", ["", "resize", "arn:aws:ec2:us-east-1:000000000000:instance/1", "arn:aws:sqs:::q"]
    )
    def test_an_arn_must_be_one_of_its_kind(self, kind: TargetKind, target: str) -> None:
        refused = misunderstanding(RequestedRule(kind, target, CREATED))

        assert refused.message == "The ARN could not be parsed"
        assert refused.arguments == {"ArgumentName": kind.value, "ArgumentValue": target}

    def test_a_queue_is_no_function(self) -> None:
        refused = misunderstanding(RequestedRule(TargetKind.FUNCTION, UPLOADS, CREATED))

        assert refused.arguments["ArgumentName"] == "CloudFunction"

    def test_arns_come_before_all_else(self) -> None:
        refused = misunderstanding(
            RequestedRule(TargetKind.QUEUE, UPLOADS, ("s3:Nothing",)), RequestedRule(TargetKind.QUEUE, "junk", CREATED)
        )

        assert refused.message == "The ARN could not be parsed"

    @pytest.mark.parametrize("event", ["ObjectCreated:Put", "s3:ObjectCreated", "s3:ObjectAcl:*", "s3:*"])
    def test_an_event_type_must_be_one_of_s3s(self, event: str) -> None:
        refused = misunderstanding(RequestedRule(TargetKind.QUEUE, UPLOADS, (event,)))

        assert refused.message == "The event is not supported for notifications"
        assert refused.arguments["ArgumentValue"] == event

    def test_filter_rules_are_prefix_or_suffix(self) -> None:
        refused = misunderstanding(RequestedRule(TargetKind.QUEUE, UPLOADS, CREATED, (("infix", "x"),)))

        assert refused.message == "filter rule name must be either prefix or suffix"
        assert refused.arguments["ArgumentName"] == "FilterRule.Name"

    @pytest.mark.parametrize("side", ["prefix", "suffix"])
    def test_a_filter_has_one_of_each(self, side: str) -> None:
        filter_rules = ((side, "a"), (side.capitalize(), "b"))

        refused = misunderstanding(RequestedRule(TargetKind.QUEUE, UPLOADS, CREATED, filter_rules))

        assert refused.message == f"Cannot specify more than one {side} rule in a filter."

    def test_a_filter_value_has_1024_bytes_at_most(self) -> None:
        longest = RequestedRule(TargetKind.QUEUE, UPLOADS, CREATED, (("prefix", "é" * 512),))
        too_long = RequestedRule(TargetKind.QUEUE, UPLOADS, CREATED, (("prefix", "é" * 512 + "a"),))

        (understood,) = understand([longest])
        refused = misunderstanding(too_long)

        assert understood.prefix == "é" * 512
        assert refused.message == "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation"

    def test_a_bucket_has_a_hundred_of_them_and_no_more(self) -> None:
        rules = [RequestedRule(TargetKind.QUEUE, UPLOADS, CREATED, (("prefix", f"{n:03}/"),)) for n in range(101)]

        refused = misunderstanding(*rules)

        assert len(understand(rules[:100])) == 100
        assert refused.message == "The number of notification configurations must not exceed 100"

    def test_names_of_filter_rules_have_any_case_and_values_may_be_empty(self) -> None:
        filter_rules = (("PREFIX", "in/"), ("suffix", ""))

        (understood,) = understand([RequestedRule(TargetKind.QUEUE, UPLOADS, CREATED, filter_rules, "a")])

        assert understood == NotificationRule("a", UPLOADS, CREATED, "in/", "")

    def test_rules_from_settings_are_checked_alike(self) -> None:
        assert refusal(rule("resize")) == "The ARN could not be parsed"
        assert refusal(rule(events=("s3:Nothing",))) == "The event is not supported for notifications"
        assert refusal(rule(suffix="x" * 1025)).startswith("Size of filter rule value")


CASES = sorted((Path(__file__).parents[2] / "conformance" / "s3_notification").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_configuration_is_taken_or_refused_in_s3s_words(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    entries = [
        RequestedRule(
            TargetKind(entry["kind"]), entry["arn"], tuple(entry["events"]),
            tuple((name, value) for name, value in entry["filters"]), entry.get("id", ""),
        )
        for entry in case["configuration"]
    ]  # fmt: skip
    told: dict[str, Any] | None = None

    try:
        rules = understand(entries)
        check(*rules, exists=lambda arn: arn in (RESIZE, UPLOADS, NEWS), skip=case["skip_destination_validation"])
    except InvalidArgument as refused:
        told = {"message": refused.message, "arguments": refused.arguments}

    assert told == case["refused"]


class TestRoute:
    @pytest.mark.parametrize(
        ("event_type", "event_name", "matches"),
        [
            ("s3:ObjectCreated:*", "ObjectCreated:Put", True),
            ("s3:ObjectCreated:Put", "ObjectCreated:Put", True),
            ("s3:ObjectCreated:Put", "ObjectCreated:Post", False),
            ("s3:ObjectRemoved:*", "ObjectCreated:Put", False),
            ("s3:LifecycleTransition", "LifecycleTransition", True),
        ],
    )
    def test_an_event_type_covers_its_events(self, event_type: str, event_name: str, matches: bool) -> None:
        assert event_matches(event_type, event_name) is matches

    def test_every_rule_says_why_it_takes_the_event_or_not(self) -> None:
        configuration = NotificationConfiguration(
            (
                rule(RESIZE, prefix="in/", suffix=".jpg", id="taken"),
                rule(INDEX, REMOVED, id="other event"),
                rule(INDEX, prefix="out/", id="other prefix"),
                rule(UPLOADS, prefix="in/", suffix=".png", id="other suffix"),
                rule(TOPIC, prefix="in/", id="topic"),
            )
        )

        routes = route(configuration, "ObjectCreated:Put", "in/a.jpg")

        assert routes == [
            RouteTaken(RESIZE, "taken"),
            RouteRefused(INDEX, "other event", "ObjectCreated:Put is not among s3:ObjectRemoved:*"),
            RouteRefused(INDEX, "other prefix", "prefix 'out/' does not begin 'in/a.jpg'"),
            RouteRefused(UPLOADS, "other suffix", "suffix '.png' does not end 'in/a.jpg'"),
            RouteTaken(TOPIC, "topic"),
        ]

    def test_the_default_bus_is_told_of_all_but_replication_and_lost_objects(self) -> None:
        configuration = NotificationConfiguration(event_bridge=True)
        scope = Scope("111122223333", "eu-west-1")
        bus = "arn:aws:events:eu-west-1:111122223333:event-bus/default"

        routes = [
            route(configuration, name, "a", scope)
            for name in ("ObjectTagging:Put", "Replication:OperationNotTracked", "ReducedRedundancyLostObject")
        ]

        assert routes == [
            [RouteTaken(bus, "EventBridge")],
            [RouteRefused(bus, "EventBridge", "S3 does not tell EventBridge of Replication:OperationNotTracked")],
            [RouteRefused(bus, "EventBridge", "S3 does not tell EventBridge of ReducedRedundancyLostObject")],
        ]

    @pytest.mark.parametrize("prefix", ["my photos/", "my+photos/"])
    def test_a_filter_may_be_written_plainly_or_encoded(self, prefix: str) -> None:
        (way,) = route(NotificationConfiguration((rule(prefix=prefix),)), "ObjectCreated:Put", "my photos/a.jpg")

        assert way == RouteTaken(RESIZE, "")


class TestSequencers:
    def test_they_rise_whatever_the_clock_does(self) -> None:
        sequencers = Sequencers()

        given_out = [sequencers.next(now) for now in (NOON, NOON, NOON + 1, NOON, NOON + 5)]

        assert given_out == sorted(set(given_out))
        assert {len(sequencer) for sequencer in given_out} == {18}
        assert all(int(sequencer, 16) for sequencer in given_out)
