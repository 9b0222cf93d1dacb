"""Whether the names that settings mention are names that settings have, and in which order queues can be made."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from app.core.names import Scope, parse_arn
from app.settings.reading import Field, Table, guess
from app.settings.values.triggers import QueueSettings


def check_references(table: Table, scope: Scope, functions: Iterable[Field] = ()) -> None:
    """Note every function, queue, topic and bus that is mentioned and not there; by its ARN it may be elsewhere.

    `functions` are more mentions of functions than those that mappings, buckets and rules make.
    """
    for kind, mentions in (
        ("function", [*_functions_mentioned(table), *functions]),
        ("queue", _queues_mentioned(table)),
        ("topic", _topics_mentioned(table)),
        ("bus", _buses_mentioned(table)),
        ("bucket", _mentions(_destinations(table), "bucket")),
    ):
        section = table.get(_SECTIONS[kind])
        names = {name for name, _ in section.entries()} if section is not None else set()
        if kind == "bus":
            names.add("default")
        for mention in mentions:
            _check(mention, kind, names, scope)


_SECTIONS = {"function": "functions", "queue": "queues", "topic": "topics", "bus": "buses", "bucket": "buckets"}


def dead_letter_queues_first(queues: Iterable[QueueSettings], table: Table) -> tuple[QueueSettings, ...]:
    """The queues, each after the dead-letter queue that it names; a circle is noted."""
    by_name = {queue.name: queue for queue in queues}
    ordered: dict[str, QueueSettings] = {}
    for queue in by_name.values():
        way: list[QueueSettings] = []
        step: QueueSettings | None = queue
        while step is not None and step.name not in ordered:
            if step in way:
                field = table.entries["queues"]
                circle = " → ".join([*(passed.name for passed in way[way.index(step) :]), step.name])
                place = (*field.place, step.name, "RedrivePolicy")
                Field(None, place, field.notes).wrong(f"dead-letter queues go round in a circle: {circle}")
                break
            way.append(step)
            step = by_name.get(step.redrive.dead_letter_queue.rpartition(":")[2]) if step.redrive else None
        ordered.update((passed.name, passed) for passed in reversed(way))
    return tuple(ordered.values())


def _check(mention: Field, kind: str, names: Collection[str], scope: Scope) -> None:
    name = mention.value
    if not isinstance(name, str):
        return
    if name.startswith("arn:"):
        try:
            parsed = parse_arn(name)
        except ValueError as error:
            mention.wrong(str(error))
            return
        if parsed.scope != scope:
            return
        name = parsed.name
    elif kind == "function":  # `name:alias`, or `account:function:name`
        name = name.rpartition("function:")[2].partition(":")[0]
    if name not in names:
        mention.wrong(f"there is no {kind} named {name!r}{guess(name, names)}")


def _functions_mentioned(table: Table) -> Iterator[Field]:
    yield from _mentions(_mappings(table), "function")
    yield from _mentions(_notifications(table), "function")
    yield from _mentions(_subscriptions(table), "function")
    yield from _mentions(_rule_targets(table), "function")
    yield from _mentions(_named(table, "schedules"), "function")
    yield from _mentions(_named(table, "pipes"), "function")
    yield from _mentions(_enriching_functions(table), "enrichment")
    yield from _mentions(_destinations(table), "function")


def _queues_mentioned(table: Table) -> Iterator[Field]:
    yield from _mentions(_mappings(table), "queue")
    yield from _mentions(_notifications(table), "queue")
    yield from _mentions(_subscriptions(table), "queue")
    yield from _mentions(_subscriptions(table), "dead_letter_queue")
    yield from _mentions(_rule_targets(table), "queue")
    yield from _mentions(_rule_targets(table), "dead_letter_queue")
    yield from _mentions(_named(table, "schedules"), "queue")
    yield from _mentions(_named(table, "schedules"), "dead_letter_queue")
    yield from _mentions(_named(table, "pipes"), "source")
    yield from _mentions(_named(table, "pipes"), "queue")
    redrives = list(_mentions(_named(table, "queues"), "RedrivePolicy"))
    yield from _mentions(redrives, "dead_letter_queue")
    yield from _mentions(redrives, "deadLetterTargetArn")
    yield from _mentions(_destinations(table), "queue")


def _topics_mentioned(table: Table) -> Iterator[Field]:
    yield from _mentions(_notifications(table), "topic")
    yield from _mentions(_rule_targets(table), "topic")
    yield from _mentions(_named(table, "schedules"), "topic")
    yield from _mentions(_named(table, "pipes"), "topic")
    yield from _mentions(_destinations(table), "topic")


def _buses_mentioned(table: Table) -> Iterator[Field]:
    yield from _mentions(_named(table, "rules"), "bus")
    yield from _mentions(_rule_targets(table), "bus")
    yield from _mentions(_named(table, "pipes"), "bus")
    yield from _mentions(_destinations(table), "bus")


def _enriching_functions(table: Table) -> Iterator[Field]:
    """The pipes whose enrichment is a function: by its name, or by an ARN of one."""
    for pipe in _named(table, "pipes"):
        enrichment = pipe.value.get("enrichment") if isinstance(pipe.value, Mapping) else None
        if isinstance(enrichment, str) and (not enrichment.startswith("arn:") or ":lambda:" in enrichment):
            yield pipe


def _destinations(table: Table) -> Iterator[Field]:
    """Where the asynchronous events of functions end."""
    functions = list(_named(table, "functions"))
    yield from _mentions(functions, "DeadLetterConfig")
    configs = list(_mentions(functions, "DestinationConfig"))
    yield from _mentions(configs, "OnSuccess")
    yield from _mentions(configs, "OnFailure")


def _rule_targets(table: Table) -> Iterator[Field]:
    for targets in _mentions(_named(table, "rules"), "targets"):
        yield from _members(targets)


def _mappings(table: Table) -> Iterator[Field]:
    mappings = table.get("mappings")
    if mappings is not None:
        yield from _members(mappings)


def _notifications(table: Table) -> Iterator[Field]:
    for rules in _mentions(_named(table, "buckets"), "notifications"):
        yield from _members(rules)


def _subscriptions(table: Table) -> Iterator[Field]:
    for subscriptions in _mentions(_named(table, "topics"), "subscriptions"):
        yield from _members(subscriptions)


def _named(table: Table, section: str) -> Iterator[Field]:
    field = table.get(section)
    if field is not None and isinstance(field.value, Mapping):
        yield from (entry for _, entry in field.entries())


def _members(field: Field) -> Iterator[Field]:
    # What is no list has been noted by whoever reads it.
    if isinstance(field.value, list):
        yield from field.items()


def _mentions(fields: Iterable[Field], key: str) -> Iterator[Field]:
    for field in fields:
        if isinstance(field.value, Mapping) and key in field.value:
            yield Field(field.value[key], (*field.place, key), field.notes)
