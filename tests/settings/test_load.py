"""The settings as a whole: file, environment, and everything wrong at once."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.names import Scope
from app.core.time import parse_instant
from app.settings import Auto, Frozen, Listen, Security, Settings, SettingsError, Wall, load, loads


def problems_of(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        loads(text, environ or {}, folder=Path(__file__).parent)
    return [str(problem) for problem in raised.value.problems]


def read(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    return loads(text, environ or {}, folder=Path(__file__).parent)


def test_without_a_file_everything_has_its_default() -> None:
    settings = load(None, {})

    assert settings == Settings()
    assert (settings.listen, settings.scope) == (Listen("127.0.0.1", 4566), Scope("000000000000", "us-east-1"))


def test_an_empty_file_is_a_file_without_settings() -> None:
    assert read("") == Settings()
    assert read("functions:\nqueues:\n") == Settings()


def test_the_services_own_settings_are_read() -> None:
    settings = read(
        """
        listen: "[::1]:4600"
        hosts: [triggerfish]
        account: "123456789012"
        region: eu-central-1
        seed: 7
        clock: {frozen: 2026-11-21T12:00:00Z}
        journal: {facts: 5000}
        security: {token: t, credentials: {AKID: secret}, trust_private_network: true}
        """
    )

    assert settings == Settings(
        listen=Listen("::1", 4600),
        hosts=("triggerfish",),
        account="123456789012",
        region="eu-central-1",
        seed=7,
        clock=Frozen(parse_instant("2026-11-21T12:00:00Z")),
        journal_facts=5000,
        security=Security("t", {"AKID": "secret"}, trust_private_network=True),
    )


def test_an_account_needs_no_quotes_though_yaml_takes_it_for_an_octal_number() -> None:
    assert read("account: 000000000000").account == "000000000000"
    assert read("account: 012345670123").account == "012345670123"


def test_the_environment_wins_over_the_file() -> None:
    settings = read(
        "listen: 127.0.0.1:1\nseed: 1\nclock: wall\nsecurity: {token: old}",
        {
            "TRIGGERFISH_LISTEN": "0.0.0.0:4567",
            "TRIGGERFISH_HOSTS": "triggerfish, broker",
            "TRIGGERFISH_ACCOUNT": "123456789012",
            "TRIGGERFISH_REGION": "eu-west-1",
            "TRIGGERFISH_SEED": "42",
            "TRIGGERFISH_CLOCK": "frozen:2026-11-21T12:00:00Z",
            "TRIGGERFISH_JOURNAL_FACTS": "2000",
            "TRIGGERFISH_TOKEN": "12345",
            "TRIGGERFISH_TRUST_PRIVATE_NETWORK": "true",
        },
    )

    assert settings == Settings(
        listen=Listen("0.0.0.0", 4567),
        hosts=("triggerfish", "broker"),
        account="123456789012",
        region="eu-west-1",
        seed=42,
        clock=Frozen(parse_instant("2026-11-21T12:00:00Z")),
        journal_facts=2000,
        security=Security("12345", {}, trust_private_network=True),
    )


def test_an_empty_variable_says_nothing() -> None:
    assert read("seed: 5", {"TRIGGERFISH_SEED": ""}).seed == 5


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("TRIGGERFISH_SEED", "many", "TRIGGERFISH_SEED: must be a whole number, not 'many'"),
        (
            "TRIGGERFISH_LISTEN",
            "4566",
            "TRIGGERFISH_LISTEN: must be an address and a port like 127.0.0.1:4566, not '4566'",
        ),
        ("TRIGGERFISH_ACCOUNT", "12", "TRIGGERFISH_ACCOUNT: must have twelve digits, not '12'"),
        ("TRIGGERFISH_REGION", "mars", "TRIGGERFISH_REGION: must be a region like eu-central-1, not 'mars'"),
        ("TRIGGERFISH_CLOCK", "soon", "TRIGGERFISH_CLOCK: must be wall, auto or {frozen: 2026-11-21T12:00:00Z}"),
        ("TRIGGERFISH_JOURNAL_FACTS", "1", "TRIGGERFISH_JOURNAL_FACTS: must be 1000 or more, not 1"),
        (
            "TRIGGERFISH_TRUST_PRIVATE_NETWORK",
            "maybe",
            "TRIGGERFISH_TRUST_PRIVATE_NETWORK: must be true or false, not 'maybe'",
        ),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, problem: str) -> None:
    assert problems_of("", {name: value}) == [problem]


def test_a_variable_outdoes_even_a_wrong_value_of_the_file() -> None:
    assert read("seed: many", {"TRIGGERFISH_SEED": "3"}).seed == 3


def test_every_problem_is_told_with_its_line_in_the_order_of_the_file() -> None:
    text = (
        "sed: 1\n"
        "clock: sometimes\n"
        "functions:\n"
        "  thumbnail:\n"
        "    CodeUri: .\n"
        "    Handler: a.b\n"
        "    Timeout: soon\n"
        "    Memory: 128\n"
        "queues:\n"
        "  orders: {Visibility: 30}\n"
    )

    assert problems_of(text) == [
        "triggerfish.yaml:1: sed: there is no such key; did you mean seed?",
        "triggerfish.yaml:2: clock: must be wall, auto or {frozen: 2026-11-21T12:00:00Z}",
        "triggerfish.yaml:7: functions.thumbnail.Timeout: must be a whole number, not 'soon'",
        "triggerfish.yaml:8: functions.thumbnail.Memory: there is no such key; did you mean MemorySize?",
        "triggerfish.yaml:10: queues.orders.Visibility: there is no such key; did you mean VisibilityTimeout?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("listen: 127.0.0.1:70000", "triggerfish.yaml:1: listen: a port is from 0 to 65535, not 70000"),
        ("seed: true", "triggerfish.yaml:1: seed: must be a whole number, not true"),
        ("seed: -1", "triggerfish.yaml:1: seed: must be from 0 to 9223372036854775807, not -1"),
        (
            "clock: {frozen: noon}",
            "triggerfish.yaml:1: clock.frozen: 'noon' is not an instant; write it like 2026-11-21T12:00:00Z",
        ),
        ("clock: [wall]", "triggerfish.yaml:1: clock: must be wall, auto or {frozen: 2026-11-21T12:00:00Z}"),
        ("- a\n- b", "triggerfish.yaml:1: must be a mapping of names, not a list"),
        ("security: {token: ''}", "triggerfish.yaml:1: security.token: must not be empty"),
        ("journal:\n  facts: 10", "triggerfish.yaml:2: journal.facts: must be 1000 or more, not 10"),
        (
            "limits: {mapping_transition: soon}",
            (
                "triggerfish.yaml:1: limits.mapping_transition: 'soon' is not a duration; "
                "write it like 45s, 10m, 1h30m or 250ms"
            ),
        ),
        ("limits: {client_idle: 0s}", "triggerfish.yaml:1: limits.client_idle: must be longer than 0s"),
        ("functions: [a]", "triggerfish.yaml:1: functions: must be a mapping of names, not a list"),
        ("mappings: {a: b}", "triggerfish.yaml:1: mappings: must be a list, not a mapping"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("seed: 1\nseed: 2", 2, "seed: this key stands here a second time, after line 1"),
        ("queues:\n  a: {}\n  b: {}\n  a: {}", 4, "queues.a: this key stands here a second time, after line 2"),
        ("seed: [1", 1, "this is no YAML: while parsing a flow sequence, expected ',' or ']', but got '<stream end>'"),
        (
            "a: 1\n\tb: 2",
            2,
            "this is no YAML: while scanning for the next token, found character '\\t' that cannot start any token",
        ),
        ("seed: !Ref x", 1, "this is no YAML: could not determine a constructor for the tag '!Ref'"),
        ("seed: &a [*a]", 1, "seed[0]: this refers to itself"),
        ("[1]: 2", 1, "this is no YAML: a key must be a word"),
        ("seed: .nan", 1, "seed: '.nan' is no kind of value that settings have"),
        ("seed: !!binary aGk=", 1, "seed: 'aGk=' is no kind of value that settings have"),
    ],
)
def test_a_malformed_file_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    assert problems_of(text) == [f"triggerfish.yaml:{line}: {reason}"]


def test_text_that_yaml_cannot_hold_is_told() -> None:
    (problem,) = problems_of("seed: \x00")

    assert problem.startswith("triggerfish.yaml: this is no YAML: ")


def test_anchors_and_merged_keys_are_understood() -> None:
    settings = read(
        """
        functions:
          a: &base {script: {fail_every: 3}, Timeout: 5}
          b: {<<: *base, Timeout: 6}
        """
    )

    assert [(function.name, function.timeout_s) for function in settings.functions] == [("a", 5), ("b", 6)]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: cannot be read: No such file or directory"):
        load(tmp_path / "none.yaml", {})
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("región: x".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"latin\.yaml: cannot be read: it is not UTF-8 text"):
        load(latin, {})


def test_errors_name_the_file_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: x\n")

    with pytest.raises(SettingsError, match=r"^mine\.yaml:1: seed: "):
        load(path, {})


# Who may come in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1:4566", "127.9.9.9:1", "localhost:4566", "[::1]:4566"])
def test_a_loopback_address_needs_no_credentials(address: str) -> None:
    assert read(f"listen: '{address}'").listen.is_loopback


@pytest.mark.parametrize("address", ["0.0.0.0:4566", "[::]:4566", "192.168.1.7:80", "triggerfish:4566"])
def test_another_address_needs_a_token_and_credentials(address: str) -> None:
    (problem,) = problems_of(f"listen: '{address}'")

    assert problem == (
        f"triggerfish.yaml:1: listen: {address} can be reached from other machines, so security.token and "
        "security.credentials must be set (or security.trust_private_network: true inside a private container network)"
    )


def test_another_address_with_only_a_token_lacks_the_credentials() -> None:
    (problem,) = problems_of("listen: 0.0.0.0:4566\nsecurity: {token: t}")

    assert "so security.credentials must be set" in problem


@pytest.mark.parametrize("security", ["{token: t, credentials: {A: b}}", "{trust_private_network: true}"])
def test_another_address_is_taken_when_it_is_guarded_or_trusted(security: str) -> None:
    assert read(f"listen: 0.0.0.0:4566\nsecurity: {security}").listen.host == "0.0.0.0"


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read("security: {token: hush-token, credentials: {AKID: hush-secret}}")

    assert "hush" not in repr(settings)


# The rest -------------------------------------------------------------------------------------------


def test_the_clock_has_three_ways() -> None:
    assert read("clock: wall").clock == Wall()
    assert read("clock: auto").clock == Auto()
    assert read("clock: {frozen: '2026-11-21T13:00:00+01:00'}").clock == Frozen(parse_instant("2026-11-21T12:00:00Z"))


def test_a_limit_that_is_set_leaves_the_others_as_aws_has_them() -> None:
    assert read("limits: {mapping_transition: 5s}").limits == Limits(mapping_transition_ms=5_000)
    assert read("").limits == DEFAULT_LIMITS


def test_the_limits_of_concurrency_can_be_set() -> None:
    limits = read("limits: {account_concurrency: 50, scaling_environments: 20, requests_per_execution_s: 10}").limits

    assert limits == Limits(
        account_concurrency=50, unreserved_concurrency=50, scaling_environments=20, requests_per_execution_s=10
    )
