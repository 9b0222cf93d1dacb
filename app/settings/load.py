"""From the file and the environment to one `Settings`, or to everything that is wrong with them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from app.core.gateway.fronts import Front
from app.core.limits import DEFAULT_LIMITS
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION, Scope
from app.settings.apis import Reading, read_api
from app.settings.buses import read_bus, read_rule
from app.settings.document import Document, read_document
from app.settings.fronts import read_distribution, read_load_balancer, read_url
from app.settings.functions.entry import read_function, read_image
from app.settings.pipes import read_pipe
from app.settings.problems import Place, Problem, SettingsError, place_text
from app.settings.reading import Field, Notes, Table
from app.settings.references import check_references, dead_letter_queues_first
from app.settings.rest_apis import read_rest_api
from app.settings.schedules import read_schedule
from app.settings.service import (
    KEYS,
    VARIABLES,
    check_exposure,
    read_account,
    read_clock,
    read_hosts,
    read_journal_facts,
    read_limits,
    read_listen,
    read_region,
    read_security,
)
from app.settings.sources import is_remote, read_bucket, read_mapping, read_queue, read_remote_queue
from app.settings.topics import read_topic
from app.settings.values.functions import MEMORY_WAYS, FunctionSettings
from app.settings.values.service import DEFAULT_JOURNAL_FACTS, DEFAULT_SEED, Listen, Security, Wall
from app.settings.values.settings import Settings
from app.settings.values.triggers import (
    BucketSettings,
    BusSettings,
    MappingSettings,
    PipeSettings,
    QueueSettings,
    RemoteQueueSettings,
    RuleSettings,
    ScheduleSettings,
    TopicSettings,
)
from app.settings.websocket_apis import read_websocket_api

_Value = TypeVar("_Value")


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of the file at `path` (none: the defaults), with those of `environ` in their place.

    Relative paths in the file begin at its folder. Raises SettingsError with every problem.
    """
    if path is None:
        return _settings(Document(value={}), environ, folder=Path.cwd(), source="")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError([Problem("", f"cannot be read: {error.strerror}", str(path))]) from None
    except UnicodeDecodeError:
        raise SettingsError([Problem("", "cannot be read: it is not UTF-8 text", str(path))]) from None
    return loads(text, environ, folder=path.resolve().parent, source=path.name)


def loads(text: str, environ: Mapping[str, str], *, folder: Path, source: str = "triggerfish.yaml") -> Settings:
    """The same of a text; `folder` is where its relative paths begin, `source` its name in errors."""
    return _settings(read_document(text, source), environ, folder=folder, source=source)


def parse_function(name: str, entry: Mapping[str, Any], *, folder: Path) -> FunctionSettings:
    """One function as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(folder))
    function = read_function(name, field)
    _raise_found(field.notes)
    assert function is not None, "a function that cannot be read has a problem"
    return function


def parse_queue(name: str, entry: Mapping[str, Any]) -> QueueSettings:
    """One queue as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    queue = read_queue(name, field)
    _raise_found(field.notes)
    return queue


def parse_remote_queue(name: str, entry: Mapping[str, Any]) -> RemoteQueueSettings:
    """One queue that another broker keeps, as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    queue = read_remote_queue(name, field)
    _raise_found(field.notes)
    assert queue is not None, "a queue that cannot be read has a problem"
    return queue


def parse_bucket(name: str, entry: Mapping[str, Any]) -> BucketSettings:
    """One bucket as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    bucket = read_bucket(name, field)
    _raise_found(field.notes)
    return bucket


def parse_topic(name: str, entry: Mapping[str, Any]) -> TopicSettings:
    """One topic as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    topic = read_topic(name, field)
    _raise_found(field.notes)
    return topic


def parse_bus(name: str, entry: Mapping[str, Any]) -> BusSettings:
    """One event bus as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    bus = read_bus(name, field)
    _raise_found(field.notes)
    return bus


def parse_rule(name: str, entry: Mapping[str, Any]) -> RuleSettings:
    """One rule as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    rule = read_rule(name, field)
    _raise_found(field.notes)
    assert rule is not None, "a rule that cannot be read has a problem"
    return rule


def parse_schedule(name: str, entry: Mapping[str, Any]) -> ScheduleSettings:
    """One schedule as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    schedule = read_schedule(name, field)
    _raise_found(field.notes)
    assert schedule is not None, "a schedule that cannot be read has a problem"
    return schedule


def parse_pipe(name: str, entry: Mapping[str, Any]) -> PipeSettings:
    """One pipe as the file would have it under its name. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    pipe = read_pipe(name, field)
    _raise_found(field.notes)
    assert pipe is not None, "a pipe that cannot be read has a problem"
    return pipe


def parse_mapping(entry: Mapping[str, Any]) -> MappingSettings:
    """One mapping as the file would have it. Raises SettingsError."""
    field = Field(entry, (), Notes(Path()))
    mapping = read_mapping(field)
    _raise_found(field.notes)
    assert mapping is not None, "a mapping that cannot be read has a problem"
    return mapping


def _raise_found(notes: Notes) -> None:
    if notes.found:
        raise SettingsError([Problem(place_text(place), text) for place, text in notes.found])


def _settings(document: Document, environ: Mapping[str, str], *, folder: Path, source: str) -> Settings:
    overridden = {place: name for name, place in VARIABLES.items() if environ.get(name)}
    value = document.value if document.value is not None else {}
    if isinstance(value, dict):
        for place, name in overridden.items():
            _put(value, place, environ[name])
    written = {place: text for place, text in document.written.items() if place not in overridden}
    notes = Notes(folder, written, overridden)
    settings = _read(Field(value, (), notes))
    if notes.found:
        problems = [_problem(place, text, document, overridden, source) for place, text in dict.fromkeys(notes.found)]
        raise SettingsError(sorted(problems, key=lambda problem: problem.line or 0))
    return settings


def _put(value: dict[str, Any], place: Place, text: str) -> None:
    *outer, last = (str(step) for step in place)
    for step in outer:
        inner = value.get(step)
        if inner is None:
            inner = value[step] = {}
        if not isinstance(inner, dict):  # an error of the file, which is found when it is read
            return
        value = inner
    value[last] = text


def _problem(place: Place, text: str, document: Document, overridden: Mapping[Place, str], source: str) -> Problem:
    if place in overridden:
        return Problem(overridden[place], text)
    nearest = next((place[:end] for end in range(len(place), -1, -1) if place[:end] in document.lines), None)
    return Problem(place_text(place), text, source, document.lines[nearest] if nearest is not None else None)


def _read(field: Field) -> Settings:
    table = field.table(
        (
            *KEYS, "images", "functions", "queues", "topics", "buckets", "mappings", "buses", "rules",
            "schedules", "pipes", *FRONT_SECTIONS,
        )
    )  # fmt: skip
    listen = table.read("listen", read_listen) or Listen()
    security = table.read("security", read_security) or Security()
    check_exposure(listen, security, table)
    scope = Scope(
        table.read("account", read_account) or DEFAULT_ACCOUNT, table.read("region", read_region) or DEFAULT_REGION
    )
    mappings = table.read("mappings", Field.items) or []
    fronts = Reading(scope)
    settings = Settings(
        listen=listen,
        hosts=table.read("hosts", read_hosts) or (),
        account=scope.account,
        region=scope.region,
        seed=table.integer("seed", DEFAULT_SEED, least=0, most=2**63 - 1),
        clock=table.read("clock", read_clock) or Wall(),
        journal_facts=table.read("journal", read_journal_facts) or DEFAULT_JOURNAL_FACTS,
        limits=table.read("limits", read_limits) or DEFAULT_LIMITS,
        security=security,
        enforces_permissions=table.flag("enforce_permissions", False),
        enforce_memory=table.word("enforce_memory", "off", MEMORY_WAYS),
        images=_named(table, "images", read_image),
        functions=_named(table, "functions", read_function),
        queues=dead_letter_queues_first(_named(table, "queues", read_queue, unless=is_remote), table),
        remote_queues=_named(table, "queues", read_remote_queue, unless=lambda entry: not is_remote(entry)),
        topics=_named(table, "topics", read_topic),
        buckets=_named(table, "buckets", read_bucket),
        buses=_named(table, "buses", read_bus),
        rules=_named(table, "rules", read_rule),
        schedules=_named(table, "schedules", read_schedule),
        pipes=_named(table, "pipes", read_pipe),
        mappings=tuple(mapping for item in mappings if (mapping := read_mapping(item)) is not None),
        fronts=_read_fronts(table, fronts, listen),
    )
    check_references(table, scope, fronts.functions)
    return settings


FRONT_SECTIONS: Mapping[str, Callable[[str, Field, Reading], Front | None]] = {
    "apis": read_api,
    "rest_apis": read_rest_api,
    "websocket_apis": read_websocket_api,
    "urls": read_url,
    "load_balancers": read_load_balancer,
    "distributions": read_distribution,
}


def _read_fronts(table: Table, reading: Reading, listen: Listen) -> tuple[Front, ...]:
    """Everything that has a name of its own on the web; no two may have the same, nor the same port."""
    fronts: dict[str, Front] = {}
    ports: dict[int, str] = {}
    for section, read in FRONT_SECTIONS.items():
        field = table.get(section)
        for name, entry in field.entries() if field is not None else ():
            front = read(name, entry, reading)
            if front is None:
                continue
            if front.id in fronts:
                entry.wrong(f"the {fronts[front.id].kind} {fronts[front.id].name} has this name already")
            if front.port is not None and front.port == listen.port:
                entry.wrong(f"port {front.port} is where everything else listens")
            if front.port is not None and ports.setdefault(front.port, front.id) != front.id:
                entry.wrong(f"port {front.port} is that of {ports[front.port]} already")
            fronts[front.id] = front
    return tuple(fronts.values())


def _named(
    table: Table,
    section: str,
    read: Callable[[str, Field], _Value | None],
    *,
    unless: Callable[[Field], bool] = lambda _: False,
) -> tuple[_Value, ...]:
    field = table.get(section)
    entries = field.entries() if field is not None else ()
    read_entries = (read(name, entry) for name, entry in entries if not unless(entry))
    return tuple(value for value in read_entries if value is not None)
