"""The service's own settings: where it listens, as whom, its clock, its seed, and who may talk to it."""

import re
from dataclasses import replace

from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from app.core.time import parse_instant
from app.settings.problems import Place
from app.settings.reading import Field, Table
from app.settings.values.service import Auto, ClockSetting, Frozen, Listen, Security, Wall

VARIABLES: dict[str, Place] = {
    "TRIGGERFISH_LISTEN": ("listen",),
    "TRIGGERFISH_HOSTS": ("hosts",),
    "TRIGGERFISH_ACCOUNT": ("account",),
    "TRIGGERFISH_REGION": ("region",),
    "TRIGGERFISH_SEED": ("seed",),
    "TRIGGERFISH_CLOCK": ("clock",),
    "TRIGGERFISH_JOURNAL_FACTS": ("journal", "facts"),
    "TRIGGERFISH_TOKEN": ("security", "token"),
    "TRIGGERFISH_TRUST_PRIVATE_NETWORK": ("security", "trust_private_network"),
}
"""The environment variables, and the value of the file that each takes the place of. An empty one says nothing."""

KEYS = (
    "listen",
    "hosts",
    "account",
    "region",
    "seed",
    "clock",
    "journal",
    "limits",
    "security",
    "enforce_permissions",
    "enforce_memory",
)

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]+\]?")


def read_listen(field: Field) -> Listen | None:
    """`127.0.0.1:4566`, `[::1]:4566`, `localhost:0`."""
    text = field.text()
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not host or not port.isdecimal() or not (_HOST.fullmatch(host)):
        field.wrong(f"must be an address and a port like 127.0.0.1:4566, not {text!r}")
        return None
    if int(port) > 65_535:
        field.wrong(f"a port is from 0 to 65535, not {port}")
        return None
    return Listen(host, int(port))


def read_hosts(field: Field) -> tuple[str, ...]:
    """More names that this service is called by; from the environment with commas in between."""
    if field.place in field.notes.overridden:
        return tuple(name for part in str(field.value).split(",") if (name := part.strip()))
    return field.texts()


def read_account(field: Field) -> str:
    account = field.text()
    if account is not None and not _ACCOUNT.fullmatch(account):
        field.wrong(f"must have twelve digits, not {account!r}")
    return account or DEFAULT_ACCOUNT


def read_region(field: Field) -> str:
    region = field.text()
    if region is not None and not _REGION.fullmatch(region):
        field.wrong(f"must be a region like eu-central-1, not {region!r}")
    return region or DEFAULT_REGION


def read_clock(field: Field) -> ClockSetting | None:
    """`wall`, `auto`, `{frozen: 2026-11-21T12:00:00Z}`, or the last as text: `frozen:2026-11-21T12:00:00Z`."""
    if isinstance(field.value, str) and field.value.startswith("frozen:"):
        return _frozen(field, field.value.removeprefix("frozen:"))
    match field.value:
        case "wall":
            return Wall()
        case "auto":
            return Auto()
        case {"frozen": at, **others} if not others:
            return _frozen(Field(at, (*field.place, "frozen"), field.notes), at)
        case _:
            field.wrong("must be wall, auto or {frozen: 2026-11-21T12:00:00Z}")
            return None


def _frozen(field: Field, at: object) -> Frozen | None:
    try:
        return Frozen(parse_instant(str(at)))
    except ValueError as error:
        field.wrong(str(error))
        return None


def read_journal_facts(field: Field) -> int | None:
    """How many facts the journal keeps."""
    facts = field.table(("facts",)).get("facts")
    return facts.integer(1_000) if facts is not None else None


def _some_time_ms(field: Field) -> int | None:
    duration_ms = field.duration_ms()
    if duration_ms == 0:
        field.wrong("must be longer than 0s")
    return duration_ms


def read_limits(field: Field) -> Limits:
    """AWS's limits, with those changed that can be set."""
    table = field.table(
        (
            "mapping_transition",
            "pollers_idle",
            "function_transition",
            "provisioned_transition",
            "function_environments",
            "fifo_calls_per_s",
            "account_concurrency",
            "scaling_environments",
            "requests_per_execution_s",
            "event_bytes",
            "rules_per_bus",
            "client_idle",
            "authorizer_timeout",
        )
    )
    account = table.integer("account_concurrency", DEFAULT_LIMITS.account_concurrency, least=1, most=1_000_000)
    return replace(
        DEFAULT_LIMITS,
        mapping_transition_ms=table.duration_ms("mapping_transition", DEFAULT_LIMITS.mapping_transition_ms),
        pollers_idle_ms=table.duration_ms("pollers_idle", DEFAULT_LIMITS.pollers_idle_ms),
        function_transition_ms=table.duration_ms("function_transition", DEFAULT_LIMITS.function_transition_ms),
        provisioned_transition_ms=table.duration_ms("provisioned_transition", DEFAULT_LIMITS.provisioned_transition_ms),
        function_environments=table.integer(
            "function_environments", DEFAULT_LIMITS.function_environments, least=1, most=1_000
        ),
        authorizer_timeout_ms=table.duration_ms("authorizer_timeout", DEFAULT_LIMITS.authorizer_timeout_ms),
        fifo_calls_per_s=table.integer("fifo_calls_per_s", DEFAULT_LIMITS.fifo_calls_per_s, least=0, most=100_000),
        account_concurrency=account,
        # A new account has less than a hundred and can reserve none of it: the number in the refusal is then smaller.
        unreserved_concurrency=min(DEFAULT_LIMITS.unreserved_concurrency, account),
        scaling_environments=table.integer(
            "scaling_environments", DEFAULT_LIMITS.scaling_environments, least=1, most=1_000_000
        ),
        client_idle_ms=table.read("client_idle", _some_time_ms) or DEFAULT_LIMITS.client_idle_ms,
        event_bytes=table.integer("event_bytes", DEFAULT_LIMITS.event_bytes, least=1, most=10_000_000),
        rules_per_bus=table.integer("rules_per_bus", DEFAULT_LIMITS.rules_per_bus, least=1, most=1_000_000),
        requests_per_execution_s=table.integer("requests_per_execution_s", 0, least=0, most=10_000),
    )


def read_security(field: Field) -> Security:
    table = field.table(("token", "credentials", "trust_private_network"))
    token = table.read("token", Field.text)
    credentials: dict[str, str] = {}
    if (keys := table.get("credentials")) is not None:
        credentials = {key: secret for key, entry in keys.entries() if (secret := entry.text()) is not None}
    return Security(token, credentials, table.flag("trust_private_network", False))


def check_exposure(listen: Listen, security: Security, table: Table) -> None:
    """Whoever listens beyond loopback says who may come in, or that the network is private."""
    if listen.is_loopback or security.trust_private_network or (security.token and security.credentials):
        return
    missing = [name for name in ("token", "credentials") if not getattr(security, name)]
    place: Place = ("listen",)
    Field(None, place, table.field.notes).wrong(
        f"{listen} can be reached from other machines, so security.{' and security.'.join(missing)} must be set "
        "(or security.trust_private_network: true inside a private container network)"
    )
