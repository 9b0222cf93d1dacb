"""Function URLs, load balancers and distributions: what leads to which function, and where they answer."""

from app.core.gateway.distribution import EVENT_TYPES, Behavior, Distribution, Origin
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.load_balancer import (
    DEFAULT_INTERVAL_S,
    Action,
    FixedAnswer,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    TargetGroup,
)
from app.core.names import Arn, Scope
from app.core.time import SECOND_MS
from app.settings.apis import Reading, front_id, read_cors, read_port
from app.settings.reading import Field, Table

_URL_KEYS = ("function", "AuthType", "InvokeMode", "Cors", "port")
_RULE_KEYS = (
    "path", "host", "methods", "headers", "query", "source_ip", "function", "multi_value_headers", "health_check",
    "fixed", "redirect",
)  # fmt: skip
_CHECK_KEYS = ("path", "interval", "timeout", "healthy_threshold", "unhealthy_threshold")
_BEHAVIOR_KEYS = ("path", "origin", "functions", "include_body")


# Function URLs --------------------------------------------------------------------------------------


def read_url(name: str, entry: Field, reading: Reading) -> FunctionUrl | None:
    """One entry of `urls`: a function's name, or a table."""
    if isinstance(entry.value, str):
        function = reading.function(entry)
        return FunctionUrl(front_id(name), name, reading.scope, function) if function else None
    table = entry.table(_URL_KEYS)
    function_field = table.must("function")
    function = reading.function(function_field) if function_field is not None else None
    if function is None:
        return None
    return FunctionUrl(
        front_id(name), name, reading.scope, function, table.word("AuthType", "NONE", ("NONE", "AWS_IAM")),
        table.read("Cors", read_cors), table.word("InvokeMode", "BUFFERED", ("BUFFERED", "RESPONSE_STREAM")),
        port=table.read("port", read_port),
    )  # fmt: skip


# Load balancers -------------------------------------------------------------------------------------


def read_load_balancer(name: str, entry: Field, reading: Reading) -> LoadBalancer:
    """One entry of `load_balancers`: its rules in their order."""
    table = entry.table(("rules", "port"))
    rules_field = table.must("rules")
    rules = [
        _read_rule(f"{front_id(name)}-{number}", rule, reading)
        for number, rule in enumerate(rules_field.items() if rules_field is not None else (), start=1)
    ]
    listener = Listener(rules=tuple(rule for rule in rules if rule is not None))
    return LoadBalancer(front_id(name), name, reading.scope, (listener,), table.read("port", read_port))


def _read_rule(group: str, entry: Field, reading: Reading) -> Rule | None:
    table = entry.table(_RULE_KEYS)
    action = _read_action(group, table, reading)
    if action is None:
        return None
    headers = table.get("headers")
    query = table.get("query")
    return Rule(
        _one_or_more(table, "path"), _one_or_more(table, "host"), table.texts("methods"), action,
        tuple((name.lower(), _patterns(given)) for name, given in (headers.entries() if headers is not None else ())),
        tuple(
            tuple((key, pattern) for pattern in _patterns(given))
            for key, given in (query.entries() if query is not None else ())
        ),
        _one_or_more(table, "source_ip"),
    )  # fmt: skip


def _read_action(group: str, table: Table, reading: Reading) -> Action | None:
    if sum(name in table for name in ("function", "fixed", "redirect")) != 1:
        table.field.wrong("must lead to one of function, fixed and redirect")
        return None
    if "fixed" in table:
        return table.read("fixed", _read_fixed)
    if "redirect" in table:
        return table.read("redirect", _read_redirect)
    function = table.read("function", reading.function)
    if function is None:
        return None
    target = TargetGroup(
        group, _group_arn(group, reading.scope), function, table.flag("multi_value_headers", False),
        table.read("health_check", _read_health_check),
    )  # fmt: skip
    return Forward(((target, 1),))


def _group_arn(name: str, scope: Scope) -> Arn:
    digits = front_id(f"target group {name}")
    return f"arn:aws:elasticloadbalancing:{scope.region}:{scope.account}:targetgroup/{name}/{digits}"


def _one_or_more(table: Table, name: str) -> tuple[str, ...]:
    given = table.get(name)
    return () if given is None else _patterns(given)


def _patterns(given: Field) -> tuple[str, ...]:
    """One text, or a list of them."""
    if isinstance(given.value, str):
        text = given.text()
        return (text,) if text else ()
    return given.texts()


def _read_redirect(entry: Field) -> Redirect:
    table = entry.table(("status", "protocol", "host", "port", "path", "query"))
    parts = {
        name: text
        for name in ("protocol", "host", "port", "path", "query")
        if (text := table.read(name, Field.any_text)) is not None
    }
    return Redirect(table.integer("status", 302, least=301, most=302), **parts)


def _read_fixed(entry: Field) -> FixedAnswer:
    table = entry.table(("status", "type", "body"))
    status = table.integer("status", 200, least=200, most=599)
    return FixedAnswer(status, table.text("type", "text/plain"), table.read("body", Field.any_text) or "")


def _read_health_check(entry: Field) -> HealthCheck | None:
    if entry.value is True:
        return HealthCheck()
    table = entry.table(_CHECK_KEYS)
    return HealthCheck(
        table.text("path", "/"),
        table.duration_ms("interval", DEFAULT_INTERVAL_S * SECOND_MS) // SECOND_MS,
        table.duration_ms("timeout", 30 * SECOND_MS) // SECOND_MS,
        table.integer("healthy_threshold", 5, least=2, most=10),
        table.integer("unhealthy_threshold", 2, least=2, most=10),
    )


# Distributions --------------------------------------------------------------------------------------


def read_distribution(name: str, entry: Field, reading: Reading) -> Distribution | None:
    """One entry of `distributions`: an origin with functions around it, and more behaviors by path before that."""
    table = entry.table(("origin", "functions", "include_body", "behaviors", "port"))
    behaviors_field = table.get("behaviors")
    behaviors = [
        _read_behavior(behavior.table(_BEHAVIOR_KEYS), reading)
        for behavior in (behaviors_field.items() if behaviors_field is not None else ())
    ]
    behaviors.append(_read_behavior(table, reading))
    found = tuple(behavior for behavior in behaviors if behavior is not None)
    if len(found) < len(behaviors):
        return None
    return Distribution(front_id(name), name, reading.scope, found, table.read("port", read_port))


def _read_behavior(table: Table, reading: Reading) -> Behavior | None:
    origin_field = table.must("origin")
    origin = _read_origin(origin_field) if origin_field is not None else None
    functions: dict[str, Arn] = {}
    given = table.get("functions")
    for event, named in given.entries() if given is not None else ():
        if event not in EVENT_TYPES:
            named.wrong(f"there is no such event; they are {', '.join(EVENT_TYPES)}")
        elif (function := reading.function(named)) is not None:
            functions[event] = function
    if origin is None:
        return None
    return Behavior(table.text("path", "*"), origin, functions, table.flag("include_body", False))


def _read_origin(entry: Field) -> Origin | None:
    table = entry.table(("url", "bucket", "path", "headers"))
    if ("url" in table) == ("bucket" in table):
        entry.wrong("must be either a url or a bucket")
        return None
    return Origin(
        table.read("url", Field.url), table.read("bucket", Field.text), table.read("path", Field.any_text) or "",
        table.text_entries("headers"),
    )  # fmt: skip
