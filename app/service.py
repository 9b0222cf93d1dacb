"""A running Triggerfish: the engine, its endpoints and its store, set up from settings and shut down again."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar
from urllib.parse import urlsplit

from app.adapters.cloudwatch import told_to_cloudwatch
from app.adapters.cloudwatch_logs import ToldToLogs
from app.adapters.code_store import CodeStore, clean_up_after_dead_services
from app.adapters.moto_keys import keys_in
from app.adapters.moto_services import MotoServices
from app.adapters.object_store import ObjectStore
from app.adapters.outside import Outside
from app.adapters.process.run_folder import clean_up_after_dead_runs
from app.adapters.sqs_broker import SqsBroker
from app.core.awslambda.environment_state import EnvironmentState
from app.core.commands import (
    CreateArchive,
    CreateEventBus,
    CreateEventSourceMapping,
    CreateQueue,
    CreateSchedule,
    CreateScheduleGroup,
    CreateTopic,
    DeclareBucket,
    DeclareRemoteQueue,
    DeleteFunction,
    DescribeEnvironments,
    DescribeIdentities,
    DescribeRemoteQueue,
    PutBucketLifecycle,
    PutBucketNotification,
    PutBusPermission,
    PutFront,
    PutFunction,
    PutRule,
    PutTargets,
    Subscribe,
    UpdateEventBus,
)
from app.core.commands.pipes import CreatePipe
from app.core.errors import Refused
from app.core.facts.scheduler import told as told_of_schedule
from app.core.facts.sns import told
from app.core.gateway.fronts import Front
from app.core.names import Arn, Scope
from app.core.schedule.schedule import DEFAULT_GROUP
from app.core.world import World
from app.endpoints import Endpoints, Packages
from app.engine.clock import Clock, Way
from app.engine.driver import Engine
from app.engine.journal import Journal
from app.engine.ports import Broker, BrokerError, Pool
from app.settings import (
    Auto,
    BucketSettings,
    BusSettings,
    ClockSetting,
    Frozen,
    FunctionSettings,
    MappingSettings,
    PipeSettings,
    QueueSettings,
    RemoteQueueSettings,
    RuleSettings,
    ScheduleSettings,
    Settings,
    SettingsError,
    TopicSettings,
    Wall,
    attributes_of,
    configuration_of,
    create_parameters_of,
    parse_bucket,
    parse_bus,
    parse_function,
    parse_mapping,
    parse_pipe,
    parse_queue,
    parse_remote_queue,
    parse_rule,
    parse_schedule,
    parse_topic,
    pipe_parameters,
    rule_parameters,
    schedule_parameters,
    subscription_parameters,
    target_parameters,
)
from app.stored_fronts import StoredDistributions, StoredLoadBalancers
from app.wire.events.shapes import Shapes

log = logging.getLogger(__name__)

_Entry = TypeVar("_Entry")

_PATIENCE_WITH_BROKER_S = 3.0
"""How long the start waits for a broker elsewhere: it may be started after us."""


class SetupError(Exception):
    """The settings are well-formed, but AWS would refuse what they ask for."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What there is to say at the start: functions with their endpoints, and triggers, each as one line."""

    functions: Sequence[str]
    triggers: Sequence[str]


class Service:
    """Everything but HTTP. `url` is where local processes reach the service."""

    def __init__(self, settings: Settings, *, url: str) -> None:
        self.settings = settings
        self.scope = settings.scope
        self.secret = token_hex(20)
        self.endpoints = Endpoints(
            self.scope,
            url,
            self.secret,
            code=CodeStore(settings.limits),
            images=settings.images,
            enforce_memory=settings.enforce_memory,
        )
        self.packages = Packages(self.endpoints, settings.images)
        self._brokers: dict[Arn, Broker] = {}
        self._remote_arns: dict[str, Arn] = {}
        ports = [front.port for front in settings.fronts if front.port is not None]
        self.outside = Outside(url, self.secret, lambda call: self.store.sweep(call), ports)
        self.engine = Engine(
            World(
                shapes=Shapes(url),
                seed=settings.seed,
                limits=settings.limits,
                enforces_permissions=settings.enforces_permissions,
            ),
            _clock(settings.clock),
            Journal(kept=settings.journal_facts),
            self.endpoints.get,
            self._brokers.get,
            self.outside,
            self.endpoints.release,
        )
        self.endpoints.spec_at_work = self.engine.world.functions.spec_at_work
        self.endpoints.codes_at_work = self.engine.world.deployments.codes
        self.endpoints.logs.now = self.engine.clock.now
        self.endpoints.tell = self.engine.submit
        self.store = ObjectStore(self.engine.clock.now)
        self.stored = MotoServices(self.engine.clock.now)
        self.stored.prepare("logs", ToldToLogs(self.endpoints.logs))
        host = f"localhost:{urlsplit(url).port}"
        StoredLoadBalancers(self.engine, host).follow(self.stored)
        StoredDistributions(self.engine, host).follow(self.stored)
        self.stored.follow("kms", keys_in, self.engine.submit)
        for keeps_identities in ("iam", "sts"):
            self.stored.mend(keeps_identities, _issue_keys)
            self.stored.follow(keeps_identities, _identities, self.engine.submit)
        self.stored.prepare("monitoring", partial(told_to_cloudwatch, self.engine.metrics))

    async def set_up(self) -> None:
        """Make everything the settings name. Raises SetupError, naming the entry, for what AWS would refuse.

        What a service that was killed has left of its functions' processes is ended first.
        """
        try:
            await asyncio.to_thread(clean_up_after_dead_runs)
        except OSError as error:
            log.warning("what earlier runs left behind could not be looked for: %s", error)
        await asyncio.to_thread(clean_up_after_dead_services)
        for function in self.settings.functions:
            await self._named(f"functions.{function.name}", self.add_function(function))
        for queue in self.settings.queues:
            await self._named(f"queues.{queue.name}", self.add_queue(queue))
        for remote in self.settings.remote_queues:
            await self._named(f"queues.{remote.name}", self.add_remote_queue(remote))
        for topic in self.settings.topics:
            await self._named(f"topics.{topic.name}", self.add_topic(topic))
        for bucket in self.settings.buckets:
            await self._named(f"buckets.{bucket.name}", self.add_bucket(bucket))
        for bus in self.settings.buses:
            await self._named(f"buses.{bus.name}", self.add_bus(bus))
        for rule in self.settings.rules:
            await self._named(f"rules.{rule.name}", self.add_rule(rule))
        for mapping in self.settings.mappings:
            await self._named(f"mappings: {mapping.queue} → {mapping.function}", self.add_mapping(mapping))
        for pipe in self.settings.pipes:
            await self._named(f"pipes.{pipe.name}", self.add_pipe(pipe))
        for schedule in self.settings.schedules:
            # Last of what delivers: one that begins at once finds its target there.
            await self._named(f"schedules.{schedule.name}", self.add_schedule(schedule))
        for front in self.settings.fronts:
            await self._named(f"{front.kind} {front.name}", self.add_front(front))

    def end_waits(self) -> None:
        """Answer what has no end of its own, live journals and long polls, because the service is about to stop."""
        self.engine.journal.close()
        self.endpoints.logs.close()
        self.engine.end_long_polls()

    async def close(self) -> None:
        """End every call, process and thread."""
        await self.engine.close()
        await self.endpoints.close()
        for broker in self._brokers.values():
            await broker.close()
        await self.outside.close()
        await self.store.close()
        await self.stored.close()

    # Adding ---------------------------------------------------------------------------------------------

    async def add_function(self, function: FunctionSettings) -> None:
        spec = await self.endpoints.add(function)
        self.engine.submit(PutFunction(spec))
        endpoint = self.endpoints.get(spec.arn)
        if isinstance(endpoint, Pool):
            endpoint.watch(partial(self._describe_environments, spec.arn))

    async def add_front(self, front: Front) -> None:
        self.engine.submit(PutFront(front))

    async def remove_function(self, function: Arn) -> None:
        """Raises ResourceNotFound."""
        self.engine.submit(DeleteFunction(function))
        await self.endpoints.remove(function)

    async def add_queue(self, queue: QueueSettings) -> None:
        arn = self.scope.queue_arn(queue.name)
        self.engine.submit(CreateQueue(arn, attributes_of(queue, self.scope), queue.tags, permits_all=True))

    async def add_remote_queue(self, queue: RemoteQueueSettings) -> None:
        """Waits a moment for what its broker says of it, so that mappings can be checked; one that is away may come
        later."""
        arn = queue.arn_in(self.scope)
        broker = SqsBroker(
            queue.name, queue.endpoint, queue_url=queue.url, region=queue.region or self.scope.region,
            account=queue.account,
        )  # fmt: skip
        self.engine.submit(DeclareRemoteQueue(arn, broker.describe()))
        self._brokers[arn] = broker
        self._remote_arns[queue.name] = arn
        with suppress(BrokerError, TimeoutError):
            attributes = await asyncio.wait_for(broker.attributes(), _PATIENCE_WITH_BROKER_S)
            self.engine.submit(DescribeRemoteQueue(arn, attributes))

    async def add_schedule(self, schedule: ScheduleSettings) -> None:
        """Its group is made with it, where there is none yet."""
        group = schedule.parameters.get("GroupName", DEFAULT_GROUP)
        if group not in {each.name for each in self.engine.world.scheduler.schedules.groups(self.scope)}:
            self.engine.submit(CreateScheduleGroup(self.scope, group, {}))
        self.engine.submit(CreateSchedule(self.scope, schedule_parameters(schedule, self.scope)))

    async def add_topic(self, topic: TopicSettings) -> None:
        """With its subscriptions, in their order."""
        arn = self.scope.topic_arn(topic.name)
        self.engine.submit(CreateTopic(arn, topic.attributes, topic.tags, permits_all=True))
        for subscription in topic.subscriptions:
            protocol, endpoint, attributes = subscription_parameters(subscription, self.scope)
            self.engine.submit(Subscribe(arn, protocol, endpoint, attributes, self.scope))

    async def add_bucket(self, bucket: BucketSettings) -> None:
        self.engine.submit(DeclareBucket(self.scope, bucket.name, bucket.versioning))
        if bucket.notifications or bucket.event_bridge:
            self.engine.submit(PutBucketNotification(bucket.name, configuration_of(bucket, self.scope)))
        if bucket.lifecycle:
            self.engine.submit(PutBucketLifecycle(bucket.name, bucket.lifecycle))

    async def add_bus(self, bus: BusSettings) -> None:
        """With its policy and archives; the default bus is there already."""
        description = {} if bus.description is None else {"Description": bus.description}
        make = UpdateEventBus if bus.name == "default" else CreateEventBus
        self.engine.submit(make(self.scope, {"Name": bus.name, **description}))
        if bus.policy is not None:
            self.engine.submit(PutBusPermission(self.scope, {"EventBusName": bus.name, "Policy": bus.policy}))
        for name, archive in bus.archives.items():
            source = {"ArchiveName": name, "EventSourceArn": self.scope.bus_arn(bus.name)}
            self.engine.submit(CreateArchive(self.scope, {**source, **archive}))

    async def add_rule(self, rule: RuleSettings) -> None:
        """With its targets."""
        self.engine.submit(PutRule(self.scope, rule_parameters(rule)))
        targets = tuple(target_parameters(target, self.scope) for target in rule.targets)
        if targets:
            self.engine.submit(PutTargets(self.scope, rule.name, targets, rule.bus))

    async def add_mapping(self, mapping: MappingSettings) -> dict[str, Any]:
        """The mapping in AWS's response shape."""
        mapping = replace(mapping, queue=self._remote_arns.get(mapping.queue, mapping.queue))
        command = CreateEventSourceMapping(self.scope, create_parameters_of(mapping, self.scope))
        answer: dict[str, Any] = self.engine.submit(command)
        return answer

    async def add_pipe(self, pipe: PipeSettings) -> None:
        self.engine.submit(CreatePipe(self.scope, pipe.name, pipe_parameters(pipe, self.scope)))

    # The same from entries of the control API, which are written as in the settings file -------------------------

    async def add_function_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_function(_parsed(lambda: parse_function(name, entry, folder=Path.cwd())))

    async def add_queue_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_queue(_parsed(lambda: parse_queue(name, entry)))

    async def add_remote_queue_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_remote_queue(_parsed(lambda: parse_remote_queue(name, entry)))

    async def add_bucket_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_bucket(_parsed(lambda: parse_bucket(name, entry)))

    async def add_bus_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_bus(_parsed(lambda: parse_bus(name, entry)))

    async def add_rule_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_rule(_parsed(lambda: parse_rule(name, entry)))

    async def add_topic_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_topic(_parsed(lambda: parse_topic(name, entry)))

    async def add_schedule_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_schedule(_parsed(lambda: parse_schedule(name, entry)))

    async def add_pipe_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        await self.add_pipe(_parsed(lambda: parse_pipe(name, entry)))

    async def add_mapping_entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return await self.add_mapping(_parsed(lambda: parse_mapping(entry)))

    def _describe_environments(self, function: Arn, states: tuple[EnvironmentState, ...]) -> None:
        self.engine.submit(DescribeEnvironments(function, states))

    # Telling --------------------------------------------------------------------------------------------

    def announcement(self) -> Announcement:
        world = self.engine.world
        functions = [f"{f.spec.name}  {self.endpoints.describe(f.arn)}" for f in world.functions.all()]
        triggers = [f"queue {_name(m.queue)} → {_name(m.function)}" for m in world.mappings.all()]
        triggers += [f"pipe {pipe.name}: {pipe.way}" for pipe in world.pipes.all()]
        for topic in world.topics.all():
            subscribed = topic.subscriptions.values()
            triggers += [f"topic {topic.name} → {told(each.protocol, each.endpoint)}" for each in subscribed]
        for bucket in world.buckets.all.values():
            for rule in bucket.configuration.rules:
                keys = f"{rule.prefix}…{rule.suffix}" if rule.prefix or rule.suffix else "all keys"
                triggers.append(f"bucket {bucket.name} ({keys}) → {_name(rule.target)}")
            if bucket.configuration.event_bridge:
                triggers.append(f"bucket {bucket.name} → default event bus")
        for bus in world.event_bridge.registry.all():
            for each in bus.rules.values():
                triggers += [f"rule {each.label} → {_name(target.arn)}" for target in each.targets.values()]
        triggers += [
            f"{told_of_schedule(timed.arn)} ({timed.plan.text}) → {_name(timed.plan.target.arn)}"
            for timed in world.scheduler.schedules.all()
        ]
        return Announcement(functions, triggers)

    async def _named(self, place: str, adding: Any) -> None:
        try:
            await adding
        except Refused as refusal:
            raise SetupError(f"{place}: {refusal.message}") from refusal


def _clock(setting: ClockSetting) -> Clock:
    match setting:
        case Wall():
            return Clock(Way.WALL)
        case Auto():
            return Clock(Way.AUTO)
        case Frozen(at=at):
            return Clock(Way.FROZEN, at=at)


def _parsed(parse: Callable[[], _Entry]) -> _Entry:
    """What `parse` gives; wrong entries are told as ValueError, in one sentence a problem."""
    try:
        return parse()
    except SettingsError as error:
        raise ValueError("; ".join(map(str, error.problems))) from error


def _name(arn: Arn) -> str:
    return arn.rsplit(":", 1)[-1]


def _issue_keys() -> None:
    from app.adapters.moto_identities import put_in_place

    put_in_place()


def _identities(_backend: object, _scope: Scope) -> DescribeIdentities:
    # moto is loaded with it, on its thread, when somebody first asks for it.
    from app.adapters.moto_identities import all_identities

    return all_identities()
