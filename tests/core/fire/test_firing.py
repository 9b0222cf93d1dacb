"""Firing: what each source says to an answer (one file a case), and how an event is made from its template."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from app.adapters.event_templates import load_catalogue
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InvocationType,
    Outcome,
    Ran,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.fire import (
    CONTRACTS,
    PRINCIPALS,
    NoSuchTemplate,
    Setting,
    SettingRefused,
    Template,
    contract_of,
    judge,
    judge_callback,
    parse_setting,
    prepare,
)
from app.core.fire.settings import parse_path
from app.core.fire.shapes import Flag, Members, Number, Rows, Text, problems
from app.core.time import parse_instant

CATALOGUE = load_catalogue()
CASES = sorted((Path(__file__).parents[2] / "conformance" / "fire").glob("*.json"))
NOON = parse_instant("2026-11-21T12:00:00Z")


def template(source: str, name: str | None = None) -> Template:
    return CATALOGUE.find(source, name)[0]


def fired(source: str, name: str | None = None, *settings: str) -> Any:
    """The event with these settings, each as `path=value`."""
    return prepare(template(source, name), map(parse_setting, settings)).shot(NOON, lambda: "fresh").event


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_answer_is_judged_as_its_source_would(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    wanted = template(*case["template"])
    event = prepare(wanted, [Setting(parse_path(name), value) for name, value in case.get("fixed", {}).items()])

    verdict = judge(wanted, event.shot(NOON, lambda: "fresh").event, Succeeded(json.dumps(case["answer"]).encode()))

    assert verdict.text == case["verdict"]
    assert verdict.would_accept is ("would take" in case["verdict"])


def test_every_source_that_waits_has_a_contract_and_every_contract_a_template() -> None:
    waiting = [one for one in CATALOGUE.templates if one.invocation is InvocationType.REQUEST_RESPONSE]
    titles = {(one.source, one.name) for one in CATALOGUE.templates}
    sources = {one.source for one in CATALOGUE.templates}

    assert [one.title for one in waiting if contract_of(one.source, one.name) is None] == []
    assert {key for key in CONTRACTS if key not in titles and not (key[1] == "*" and key[0] in sources)} == set()
    assert set(PRINCIPALS) <= sources


@pytest.mark.parametrize("one", CATALOGUE.templates, ids=lambda one: one.title)
def test_no_contract_fails_on_an_answer_of_any_kind(one: Template) -> None:
    for answer in (b"", b"null", b"{}", b"[]", b"7", b'"text"', b"true", b'{"response":{}}', b"[[]]", b"junk", b"\xff"):
        judge(one, one.event, Succeeded(answer))


@pytest.mark.parametrize("one", CATALOGUE.templates, ids=lambda one: one.title)
def test_who_returns_the_event_itself_is_told_of_no_failure_of_ours(one: Template) -> None:
    verdict = judge(one, one.event, Succeeded(json.dumps(one.event).encode()))

    assert verdict.text


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (
            HandlerFailed("ValueError", "no", b"{}"),
            "the function failed: ValueError: no",
        ),
        (
            TimedOut(3_000),
            "the function timed out: Sandbox.Timedout: Task timed out after 3.00 seconds",
        ),
        (
            Exited("killed"),
            "the function exited: Runtime.ExitError: Runtime exited with error: killed",
        ),
        (Unreachable("nobody"), "the function could not be invoked: nobody"),
        (
            Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"),
            "the function could not be invoked: Rate Exceeded.",
        ),
    ],
)
def test_a_function_that_fails_gives_no_answer(outcome: Outcome, text: str) -> None:
    verdict = judge(template("cognito", "PreAuthentication"), {}, outcome)

    assert (verdict.would_accept, verdict.text) == (False, f"Cognito would reject this because {text}")


def test_a_late_answer_is_none() -> None:
    one = template("connect")
    event = one.event

    soon = judge(one, event, Succeeded(b"{}", Ran(duration_ms=8_000)))
    late = judge(one, event, Succeeded(b"{}", Ran(duration_ms=8_100)))

    assert soon.would_accept
    assert late.problems == ("it came after 8.1 seconds, and it waits 8",)


def test_only_some_of_many_problems_are_told() -> None:
    one = template("connect")

    verdict = judge(one, one.event, Succeeded(json.dumps({str(n): [] for n in range(9)}).encode()))

    assert verdict.text.endswith("; and 4 more")
    assert len(verdict.problems) == 9


def test_who_does_not_wait_judges_nothing() -> None:
    one = template("cloudwatch-logs")

    assert judge(one, one.event, None).would_accept is None
    assert judge(one, one.event, Succeeded(b"junk")).would_accept is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "CloudFormation would take this answer"),
        ({"Status": "OK"}, "Status is 'OK', which is none of SUCCESS, FAILED"),
        ({"Status": "FAILED"}, "Reason is missing, which FAILED needs"),
        ({"Status": "FAILED", "Reason": "no"}, "CloudFormation would take this answer"),
        ({"PhysicalResourceId": None}, "PhysicalResourceId is missing"),
        ({"LogicalResourceId": "Other"}, "LogicalResourceId is 'Other', and the event's is 'Bucket'"),
        ({"Data": {"a": "x" * 4_096}}, "more than 4096"),
    ],
)
def test_a_custom_resource_is_judged_by_what_it_puts_to_its_url(changes: dict[str, Any], told: str) -> None:
    event = template("cloudformation", "create").event
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    body = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "photos-1", **answer, **changes})

    assert told in judge_callback("cloudformation", event, body.encode()).text


class TestTemplates:
    @pytest.mark.parametrize("name", ["PreSignUp", "pre-sign-up", "pre_sign_up", "presignup", "PRE-SIGN-UP"])
    def test_a_name_is_found_however_it_is_written(self, name: str) -> None:
        assert template("Cognito", name).name == "pre-sign-up"

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("PreSignUp_AdminCreateUser", "pre-sign-up"),
            ("TokenGeneration_RefreshTokens", "pre-token-generation"),
            ("CustomMessage_ForgotPassword", "custom-message"),
        ],
    )
    def test_a_trigger_source_of_cognito_is_a_name_too(self, name: str, found: str) -> None:
        one, settings = CATALOGUE.find("cognito", name)

        assert one.name == found
        assert prepare(one, settings).shot(NOON, str).event["triggerSource"] == name

    @pytest.mark.parametrize(
        ("source", "found"), [("events", "eventbridge"), ("msk", "kafka"), ("kinesis-firehose", "firehose")]
    )
    def test_other_names_of_a_source_are_known(self, source: str, found: str) -> None:
        assert template(source).source == found

    def test_what_is_not_there_is_told_with_what_may_have_been_meant(self) -> None:
        with pytest.raises(NoSuchTemplate, match="there are no events of 'cogito'; did you mean 'cognito'"):
            template("cogito")
        with pytest.raises(NoSuchTemplate, match="no event 'PreSingUp' of cognito; did you mean 'pre-sign-up'"):
            template("cognito", "PreSingUp")
        with pytest.raises(NoSuchTemplate, match="no event 'zzz' of ses; there are receipt, receipt-waiting"):
            template("ses", "zzz")


class TestSettings:
    def test_values_are_json_or_else_text(self) -> None:
        event = fired("cognito", "PreSignUp", "userName=ann", "version=2", 'request.validationData={"a": [1]}')

        assert (event["userName"], event["version"], event["request"]["validationData"]) == ("ann", 2, {"a": [1]})

    def test_a_list_has_places_and_may_grow_by_one(self) -> None:
        event = fired("ses", "receipt", "Records.0.ses.mail.destination.1=b@example.com")

        assert event["Records"][0]["ses"]["mail"]["destination"] == ["orders@shop.example", "b@example.com"]

    def test_a_dot_in_a_name_is_written_with_a_backslash(self) -> None:
        event = fired("codepipeline", None, r"CodePipeline\.job.accountId=111122223333")

        assert event["CodePipeline.job"]["accountId"] == 111122223333

    def test_a_path_leads_into_what_is_compressed(self) -> None:
        event = fired("cloudwatch-logs", None, "awslogs.data.logEvents.0.message=boom", "awslogs.data.logGroup=/mine")

        log = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        assert (log["logEvents"][0]["message"], log["logGroup"]) == ("boom", "/mine")
        assert len(log["logEvents"]) == 2

    def test_a_path_leads_into_json_within_text_and_into_base64(self) -> None:
        config = fired("config", "change", "invokingEvent.configurationItem.resourceId=other")
        firehose = fired("firehose", "transform", "records.1.data=plain text", 'records.0.data={"id":9}')

        assert json.loads(config["invokingEvent"])["configurationItem"]["resourceId"] == "other"
        assert [base64.b64decode(record["data"]) for record in firehose["records"]] == [b'{"id":9}', b"plain text"]

    def test_the_digest_of_a_message_follows_its_body(self) -> None:
        event = fired("sqs", "one-message", "Records.0.body=hello")

        assert event["Records"][0]["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"

    def test_what_no_two_events_share_is_fresh_unless_it_is_set(self) -> None:
        event = fired("eventbridge", "custom")
        fixed = fired("eventbridge", "custom", "id=mine", "time=2020-01-01T00:00:00Z")

        assert (event["id"], event["time"]) == ("fresh", "2026-11-21T12:00:00Z")
        assert (fixed["id"], fixed["time"]) == ("mine", "2020-01-01T00:00:00Z")

    def test_the_template_itself_stays_as_it_is(self) -> None:
        before = json.dumps(template("cognito", "PreSignUp").event)

        fired("cognito", "PreSignUp", "request.userAttributes.email=x", "response.autoConfirmUser=true")

        assert json.dumps(template("cognito", "PreSignUp").event) == before

    def test_a_path_that_the_template_does_not_have_is_noted(self) -> None:
        shot = prepare(template("cognito", "PreSignUp"), [parse_setting("userNme=x"), parse_setting("userName=y")])

        assert shot.shot(NOON, str).new == ("userNme",)

    @pytest.mark.parametrize(
        ("setting", "problem"),
        [
            ("userName", "is not like path=value"),
            ("a..b=1", "is no path"),
            ("=1", "is no path"),
            ("userName.first=x", "userName is 'ann', with nothing inside"),
        ],
    )
    def test_a_path_that_leads_nowhere_is_refused(self, setting: str, problem: str) -> None:
        with pytest.raises(SettingRefused, match=problem):
            fired("cognito", "PreSignUp", setting)

    @pytest.mark.parametrize("place", ["7", "first", "-1"])
    def test_a_place_that_is_not_in_the_list_is_refused(self, place: str) -> None:
        with pytest.raises(SettingRefused, match="is no place in it"):
            fired("ses", "receipt", f"Records.{place}.eventSource=x")

    def test_what_cannot_be_decoded_is_not_led_through(self) -> None:
        with pytest.raises(SettingRefused, match="cannot be decoded"):
            prepare(
                Template("cloudwatch-logs", "x", "", InvocationType.EVENT, "", {"awslogs": {"data": "junk"}}),
                [parse_setting("awslogs.data.owner=1")],
            ).shot(NOON, str)


class TestShapes:
    SHAPE = Members({"flag": Flag(), "rows": Rows(Text(3), most=2), "count": Number(1, 9)}, must=("flag",), others=None)

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ({"flag": True, "rows": ["a"], "count": 3}, []),
            ({"flag": True, "rows": None}, []),
            ({}, ["flag is missing"]),
            ({"flag": 1}, ["flag is no boolean"]),
            ({"flag": True, "rows": ["abcd"]}, ["rows[0] has 4 characters, more than 3"]),
            ({"flag": True, "rows": ["a", "b", "c"]}, ["rows has 3 entries, more than 2"]),
            ({"flag": True, "count": True}, ["count is no whole number"]),
            ({"flag": True, "count": 1.5}, ["count is no whole number"]),
            ({"flag": True, "count": 10}, ["count is 10, more than 9"]),
            ({"flag": True, "other": 1}, ["other is not one of flag, rows, count"]),
            ([], ["the answer is no object"]),
        ],
    )
    def test_everything_wrong_is_told_by_its_path(self, value: Any, told: list[str]) -> None:
        assert list(problems(self.SHAPE, value)) == told
