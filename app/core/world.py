"""The simulated cloud: commands in, answers and effects out, and one timetable over everything that waits."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from app.core import commands, outside_targets
from app.core.api_target import ApiTarget
from app.core.bucket_target import BucketTarget
from app.core.buckets import Bucket, Buckets
from app.core.buses import EventBridge
from app.core.chain import Cause, Chains
from app.core.commands import Asker, Command, Origin
from app.core.concurrency import Concurrency
from app.core.deployment import Code
from app.core.deployments import Deployments
from app.core.environments import Environments
from app.core.errors import QueueNameExists, ResourceNotFound
from app.core.event_invoke import EventInvokeConfig
from app.core.explain import Explanation, Question, Scene, explain
from app.core.facts import Effect, Fact
from app.core.families import Families
from app.core.function import Function, FunctionSpec
from app.core.function_papers import Papers
from app.core.functions import Functions, parse_function_name
from app.core.gateway.apis import Apis
from app.core.gateway.domains import Domains
from app.core.gateway.gateways import Gateways
from app.core.gateway.health_checks import HealthChecks
from app.core.gateway.leading import Leading
from app.core.gateway.rest.definition.apis import RestApis
from app.core.gateway.url_configs import UrlConfigs
from app.core.gateway.websocket.connections import SocketConnections
from app.core.hand_over import HandOver
from app.core.ids import Ids
from app.core.invocations import Invocations
from app.core.invoke_refusals import Rehearsals
from app.core.keys import Keys
from app.core.layers import Layers
from app.core.lifecycle import LifecycleRule
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.local_targets import FunctionTarget, Gate, PolicyGate, QueueTarget
from app.core.machine import Machine, Timetable, Waking
from app.core.mapping import Mapping
from app.core.mappings import Mappings
from app.core.message import Message
from app.core.move_tasks import MoveTask, MoveTasks
from app.core.names import LATEST, Arn, Scope, parse_arn
from app.core.notification import NotificationConfiguration
from app.core.outside import Outside
from app.core.outside_targets import OutsideTarget
from app.core.pipes.enrichments import Enrichments
from app.core.pipes.journey import Machinery
from app.core.pipes.pipe import Pipe
from app.core.pipes.pipes import PipeConsumer, Pipes
from app.core.provisioning import Provisioning
from app.core.queue import Queue
from app.core.queues import Queues
from app.core.remote_polling import RemotePolling
from app.core.remote_queues import RemoteQueue, RemoteQueues
from app.core.schedule.scheduler import Scheduler
from app.core.shapes import EventShapes
from app.core.targets import Targets
from app.core.time import Instant, earliest
from app.core.topics.confirmations import Confirmations
from app.core.topics.deliveries import Deliveries
from app.core.topics.fan_out import FanOut
from app.core.topics.subscription import Subscription
from app.core.topics.target import TopicTarget
from app.core.topics.topic import Topic
from app.core.topics.topics import Topics

_OF_QUEUES_ALONE = frozenset(
    {
        commands.SendMessage,
        commands.SendMessageBatch,
        commands.ReceiveMessage,
        commands.DeleteMessage,
        commands.DeleteMessageBatch,
        commands.ChangeMessageVisibility,
        commands.ChangeMessageVisibilityBatch,
    }
)
"""Commands that change nothing but queues, and what waits for them: other machines need not be asked after each."""


class World:
    """Everything that decides. Equal seeds and equal commands, each with its instant, make equal worlds.

    `handle` and `wake` give back what is to be done and what happened. A command must not come before what is due:
    whoever brings the time wakes the world first.
    """

    def __init__(
        self, *, shapes: EventShapes, seed: int = 1, limits: Limits = DEFAULT_LIMITS, enforces_permissions: bool = False
    ) -> None:
        """`enforces_permissions` blocks a service that lacks a permission to invoke a function, as AWS does."""
        ids = self._ids = Ids(seed)
        self._shapes, self._limits = shapes, limits
        self._outbox: list[Effect] = []
        self._timetable: Timetable[Queue | Mapping | Waking] = Timetable()
        self._dirty_queues: dict[Arn, Queue] = {}
        self._dirty_mappings: dict[str, Mapping] = {}
        self._chains = Chains(ids, limits.chain_hops_kept)
        self._queues = Queues(ids, limits, self._outbox, self._cause_of, self._queue_changed)
        self._move_tasks = MoveTasks(ids, limits, self._queues, self._outbox)
        self._targets = Targets()
        self._outside = Outside(self._outbox)
        self._concurrency = Concurrency(limits)
        self._functions = Functions(
            ids, limits, self._concurrency, self._outbox, self._targets, self._function_changed, self._function_gone
        )
        self._keys = Keys()
        self._invocations = Invocations(
            ids, limits, self._chains, self._outbox, self._functions, self._concurrency, self._targets,
            self._cause_of, self._queues.next_waiter, self._function_freed, self._settle_batch, self._keys,
        )  # fmt: skip
        policies = PolicyGate(self._outbox, enforces_permissions)
        self._targets.register("sqs", QueueTarget(self._queues, self._chains, policies))
        self._layers = Layers(self._outbox)
        self._families = Families(self._functions)
        self._papers = Papers(self._outbox, self._families)
        self._provisioning = Provisioning(limits, self._outbox, self._functions, self._families)
        self._deployments = Deployments(
            limits, self._outbox, self._functions, self._families, self._provisioning, self._layers
        )
        gate = self._gate = Gate(self._families, self._outbox, enforces_permissions)
        self._targets.register("lambda", FunctionTarget(self._functions, self._invocations.events, ids, gate))
        self._remote_queues = RemoteQueues(self._outbox, self._cause_of, self._queues.__contains__)
        self._remote_polling = RemotePolling(
            limits, self._outbox, self._remote_queues, self._functions, self._mappings_of_queue, self._mapping_changed
        )
        self._mappings = Mappings(
            ids, limits, shapes, self._outbox, self._queues, self._remote_polling, self._functions,
            self._invocations.submit, self._mapping_changed, self._mapping_gone, self._pipe_consumer,
        )  # fmt: skip
        self._buckets = Buckets(
            ids, shapes, self._outbox, self._functions, self._targets, self._outside, self._cause_of
        )
        self._targets.register("s3", BucketTarget(self._buckets, self._chains, self._outside))
        deliveries = Deliveries(self._outbox, self._targets, self._outside, shapes, limits)
        self._topics = Topics(
            ids, limits, self._outbox, FanOut(deliveries, self._outbox), self._cause_of,
            Confirmations(ids, limits, deliveries),
        )  # fmt: skip
        self._targets.register("sns", TopicTarget(self._topics, policies))
        self._event_bridge = EventBridge(ids, limits, self._outbox, self._targets, self._outside, self._cause_of)
        self._targets.register("events", self._event_bridge)
        fronts = ApiTarget(self._outside, self._chains)
        self._targets.register("execute-api", fronts)
        enrichments = Enrichments(self._event_bridge.destinations, fronts, self._outside, self._chains)
        machinery = Machinery(
            ids, self._outbox, self._functions, self._targets, self._invocations.submit, enrichments, limits
        )
        self._pipes = Pipes(machinery, limits, self._queues, self._mappings)
        elsewhere = OutsideTarget(self._outside, self._chains, ids)
        for service in outside_targets.SERVICES:
            self._targets.register(service, elsewhere)
        self._scheduler = Scheduler(
            ids, limits, self._outbox, self._targets, self._outside, self._cause_of, self._known_cause,
            self._event_bridge,
        )  # fmt: skip
        self._machines: tuple[Waking, ...] = (
            *self._event_bridge.machines,
            self._invocations,
            self._invocations.events,
            self._move_tasks,
            self._deployments,
            deliveries,
            self._pipes,
            self._buckets.restores.completions,
        )
        self._environments = Environments(self._outbox, self._functions.get)
        self._gateways = Gateways(ids, self._outbox, self._cause_of)
        self._sockets = SocketConnections(limits, self._outbox, self._queues.next_waiter)
        self.health_checks = HealthChecks(
            ids, self._chains, self._outbox, self._gateways, self._functions, self._invocations
        )
        self._quiet: tuple[Waking, ...] = (
            self._environments,
            self._sockets,
            self._buckets.restores.ends,
            self._buckets.sweeps,
            *self._scheduler.machines,
            self.health_checks,
        )
        self._url_configs = UrlConfigs(ids, self._gateways, self._check_function)
        self._domains = Domains(ids, self._gateways)
        self._apis = Apis(ids, self._gateways, self._domains)
        self._rest_apis = RestApis(ids, self._gateways, self._domains)
        self._leading = Leading(self._functions, gate)
        self._standing = (*self._machines, *self._quiet)
        self._verbs = self._table_of_verbs()
        self._now: Instant = 0

    # Commands -------------------------------------------------------------------------------------------

    def handle(self, command: Command, *, now: Instant) -> tuple[Any, list[Effect]]:
        """Answer the command. Raises a `Refused`; then nothing changed."""
        due = self.next_wakeup()
        assert due is None or due > now, "the world is behind: wake it before it is commanded"
        self._now = max(self._now, now)
        kind = type(command)
        answer = self._verbs[kind](command, now)
        if self._work_off(now) or kind not in _OF_QUEUES_ALONE:
            self._timetable.book_all(self._standing)
        return answer, self._drain()

    def next_wakeup(self) -> Instant | None:
        """When something is due next; never before what has happened: a shortened retention period is due now."""
        at = self._timetable.next_wakeup()
        return at if at is None else max(at, self._now)

    def next_event(self, *, endless: bool = True) -> Instant | None:
        """When something is due next that is worth going to, which ends of retention, of long polls and of days, and
        pollers that come or go, are not. Without `endless`, recurring schedules are not either: who follows them is
        never done."""
        others: list[Machine] = [*self._machines]
        if endless:
            others += self._scheduler.machines
        times = [queue.next_event() for queue in self._queues.all()]
        times += [mapping.next_event() for mapping in self._mappings.machines()]
        times += [machine.next_wakeup() for machine in others]
        return earliest(*times, self._scheduler.next_finite())

    def wake(self, now: Instant) -> list[Effect]:
        """Let everything happen that is due until `now`, in order, each at its own instant."""
        while (due := self._timetable.due(now)) is not None:
            at, machine = due
            self._now = at = max(at, self._now)
            self._wake(machine, at)
            self._work_off(at)
            self._timetable.book_all(self._standing)
        self._now = max(self._now, now)
        return self._drain()

    # Reading --------------------------------------------------------------------------------------------

    def queue(self, arn: Arn) -> Queue:
        """Raises QueueDoesNotExist."""
        return self._queues[arn]

    def queues(self, scope: Scope | None = None) -> list[Queue]:
        return self._queues.all(scope)

    def remote_queues(self, scope: Scope | None = None) -> list[RemoteQueue]:
        """The queues that another broker keeps, by name."""
        return self._remote_queues.all(scope)

    def dead_letter_sources(self, queue_arn: Arn) -> list[Queue]:
        """The queues whose redrive policy names this one."""
        return self._queues.dead_letter_sources(queue_arn)

    def move_tasks(self, source: Arn, most: int = 1) -> list[MoveTask]:
        """The newest first. Raises ResourceNotFound, InvalidParameterValue."""
        return self._move_tasks.of(source, most)

    def function(self, arn: Arn) -> Function:
        """Raises ResourceNotFound."""
        return self._functions[arn]

    def functions(self, scope: Scope | None = None) -> list[Function]:
        return self._functions.all(scope)

    def event_invoke(self, function: Arn, qualifier: str = LATEST) -> EventInvokeConfig:
        """Raises ResourceNotFound when the function, its version or alias is not there or has no config of its own."""
        return self._functions.event_invoke_of(function, qualifier)

    def event_invokes(self, function: Arn) -> dict[str, EventInvokeConfig]:
        """All configs of a function by version or alias, in order. Raises ResourceNotFound."""
        return self._functions.event_invokes_of(function)

    def events_waiting(self, function: Arn) -> int:
        """How many asynchronous events wait for their next attempt."""
        return len(self._invocations.events.waiting_for(function))

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def access_key_ids(self) -> Collection[str]:
        """Those of all environments."""
        return self._functions.access_key_ids

    def spec_at_work(self, arn: Arn) -> FunctionSpec | None:
        """Of the function, or the published version that has environments of its own, with this ARN."""
        function = self._functions.exactly(arn)
        return None if function is None else function.spec

    @property
    def deployments(self) -> Families:
        """Versions, aliases, permissions: to be read."""
        return self._families

    def codes(self) -> Iterator[Code]:
        """The packages of all functions, versions and layers."""
        yield from self._families.codes()
        yield from self._layers.codes()

    @property
    def layers(self) -> Layers:
        return self._layers

    def mapping(self, scope: Scope, uuid: str) -> Mapping:
        """Raises ResourceNotFound."""
        return self._mappings.get(scope, uuid)

    def mappings(self, scope: Scope | None = None) -> list[Mapping]:
        return self._mappings.all(scope)

    @property
    def event_bridge(self) -> EventBridge:
        """The event buses, for reading."""
        return self._event_bridge

    def pipe(self, scope: Scope, name: str) -> Pipe:
        """Raises ResourceNotFound."""
        return self._pipes.get(scope, name)

    def pipe_at(self, arn: Arn) -> Pipe:
        """Raises ResourceNotFound."""
        return self._pipes.at(arn)

    def pipes(self, scope: Scope | None = None) -> list[Pipe]:
        """By name."""
        return self._pipes.all(scope)

    @property
    def scheduler(self) -> Scheduler:
        """Schedules and the rules that have one, for reading."""
        return self._scheduler

    @property
    def buckets(self) -> dict[str, Bucket]:
        return self._buckets.all

    def bucket_notification(self, bucket: str) -> NotificationConfiguration:
        """Raises NoSuchBucket."""
        return self._buckets[bucket].configuration

    def topic(self, arn: Arn) -> Topic:
        """Raises TopicDoesNotExist."""
        return self._topics[arn]

    def topics(self, scope: Scope | None = None) -> list[Topic]:
        return self._topics.all(scope)

    def subscription(self, arn: Arn) -> Subscription:
        """Raises SubscriptionDoesNotExist."""
        return self._topics.subscription(arn)

    def subscriptions(self, scope: Scope) -> list[Subscription]:
        """Of all topics of the scope."""
        return self._topics.subscriptions(scope)

    def bucket_lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """Raises NoSuchBucket, NoSuchLifecycleConfiguration."""
        return self._buckets.lifecycle_of(bucket)

    @property
    def sockets(self) -> SocketConnections:
        """The open connections to WebSocket APIs."""
        return self._sockets

    @property
    def gateways(self) -> Gateways:
        """The HTTP fronts of functions: to be read."""
        return self._gateways

    @property
    def domains(self) -> Domains:
        """The custom domain names of API Gateway: to be read."""
        return self._domains

    @property
    def rest_apis(self) -> RestApis:
        """The APIs of API Gateway v1: to be read."""
        return self._rest_apis

    @property
    def apis(self) -> Apis:
        """The APIs of API Gateway v2: to be read."""
        return self._apis

    @property
    def url_configs(self) -> UrlConfigs:
        """The function URLs that were made over Lambda's API: to be read."""
        return self._url_configs

    def find_message(self, message_id: str) -> tuple[Queue, Message] | None:
        """Where a message is now. Looks into every queue: for people, not for the hot path."""
        for queue in self._queues.all():
            if (message := queue.find(message_id)) is not None:
                return queue, message
        return None

    def explain(self, question: Question, *, now: Instant, history: Sequence[tuple[Instant, Fact]] = ()) -> Explanation:
        """What would happen, or did, and why not what was hoped for. Nothing changes. Raises ResourceNotFound.

        `history` is what the journal knows of the message that is asked about.
        """
        scene = Scene(
            self._queues,
            self._remote_queues,
            self._functions,
            self._invocations,
            self._mappings,
            self._buckets,
            self._topics,
            self._event_bridge,
            self._scheduler,
            self._gateways,
            self._pipes,
            self._targets,
            self._shapes,
            self._limits,
            self._known_cause,
        )
        return explain(scene, question, now=now, history=history)

    # Inside ---------------------------------------------------------------------------------------------

    def _table_of_verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        queues, functions, mappings, buckets = self._queues, self._functions, self._mappings, self._buckets
        return {
            commands.CreateQueue: self._create_queue,
            commands.DeleteQueue: queues.delete,
            commands.SetQueueAttributes: queues.set_attributes,
            commands.PurgeQueue: queues.purge,
            commands.TagQueue: queues.tag,
            commands.UntagQueue: queues.untag,
            commands.SendMessage: queues.send,
            commands.SendMessageBatch: queues.send_batch,
            commands.ReceiveMessage: queues.receive,
            commands.CancelWait: self._cancel,
            commands.DeleteMessage: queues.delete_message,
            commands.DeleteMessageBatch: queues.delete_batch,
            commands.ChangeMessageVisibility: queues.change_visibility,
            commands.ChangeMessageVisibilityBatch: queues.change_visibility_batch,
            commands.RedriveMessages: queues.redrive,
            commands.StartMessageMoveTask: self._move_tasks.start,
            commands.CancelMessageMoveTask: self._move_tasks.cancel,
            commands.AddPermission: queues.add_permission,
            commands.RemovePermission: queues.remove_permission,
            commands.DeclareRemoteQueue: self._remote_queues.declare,
            commands.DescribeRemoteQueue: self._remote_polling.describe,
            commands.SettleReceive: mappings.arrive,
            commands.SettleDeletes: self._remote_polling.settle_deletes,
            commands.ReportBrokerFailure: self._remote_polling.report_failure,
            **self._deployments.verbs(),
            **self._papers.verbs(),
            **self._provisioning.verbs(),
            **self._layers.verbs(),
            commands.DescribeEnvironments: functions.describe,
            commands.PutEventInvokeConfig: functions.put_event_invoke,
            commands.DeleteEventInvokeConfig: functions.delete_event_invoke,
            commands.PutReservedConcurrency: functions.put_reserved_concurrency,
            commands.CreateEventSourceMapping: mappings.create,
            commands.UpdateEventSourceMapping: mappings.update,
            commands.DeleteEventSourceMapping: mappings.delete,
            commands.TagMapping: mappings.tag,
            commands.UntagMapping: mappings.untag,
            commands.Invoke: self._invoke,
            commands.SettleInvocation: self._invocations.settle,
            **self._environments.verbs(),
            **self._keys.verbs(),
            **Rehearsals(self._outbox, functions).verbs(),
            commands.SettleOutsideCall: self._outside.settle,
            commands.DeclareBucket: buckets.declare,
            commands.ForgetBucket: buckets.forget,
            commands.PutBucketNotification: buckets.put_notification,
            commands.PutBucketLifecycle: buckets.put_lifecycle,
            commands.ChangeObject: buckets.change_object,
            **self._topics.verbs(),
            **self._pipes.verbs(),
            **self._event_bridge.verbs(),
            **self._gateways.verbs(),
            **self._sockets.verbs(),
            **self._scheduler.verbs(),
            **self._url_configs.verbs(),
            **HandOver(self._outbox, self._targets, self._cause_of).verbs(),
            **self._apis.verbs(),
            **self._rest_apis.verbs(),
            **self._leading.verbs(),
        }

    def _create_queue(self, command: commands.CreateQueue, now: Instant) -> Arn:
        if command.queue in self._remote_queues:
            raise QueueNameExists("A queue of this name is declared, and kept at a broker elsewhere.")
        return self._queues.create(command, now)

    def _invoke(self, command: commands.Invoke, now: Instant) -> Any:
        """Raises AccessDenied where a service or another account lacks the permission, and what invoking raises."""
        asker, function = command.asker, command.function
        if asker is None and ":" in function:
            # Who calls another account's function needs its permission; in one's own account none is asked here.
            name = parse_function_name(function, command.scope, qualifier=command.qualifier)
            if name is not None and parse_arn(name.arn).account != command.scope.account:
                asker, function = Asker(f"arn:aws:iam::{command.scope.account}:root"), name.as_invoked
        while asker is not None:
            if (refusal := self._gate.judge(function, asker)) is not None:
                raise refusal
            asker = asker.also
        return self._invocations.invoke(command, now)

    def _check_function(self, function: Arn) -> None:
        """Raises ResourceNotFound for a function, or an alias of it, that is not there."""
        if self._functions.get(function) is None:
            raise ResourceNotFound("Function does not exist")

    def _cancel(self, command: commands.CancelWait, now: Instant) -> None:
        if not self._queues.cancel(command, now):
            self._invocations.cancel_wait(command.waiter)

    def _cause_of(self, origin: Origin, trace_header: str | None, now: Instant) -> Cause:
        """What caused a request: the invocation its trace header names, else the one that runs where its key belongs.

        Without either it comes from outside and starts a chain. Known by its key alone, AWS would have lost the
        chain, unless only the endpoint dropped the header (classic RIE), which Lambda would not.
        """
        known = self._known_cause(origin, trace_header)
        if known is not None:
            return known
        cause = self._chains.start(trace_header, now=now)
        self._outside.rounds.begin_chain(cause.chain)
        return cause

    def _known_cause(self, origin: Origin, trace_header: str | None) -> Cause | None:
        cause = self._chains.cause_of_header(trace_header)
        if cause is not None:
            return cause
        found = self._functions.caller_with_key(origin.access_key_id) if origin.access_key_id else None
        if found is not None:
            function, call = found
            if call is not None and call.hop is not None:
                return Cause(call.hop.chain, call.hop, is_seen=not function.spec.passes_trace_header)
        return None

    def _queue_changed(self, queue: Queue, now: Instant) -> None:
        self._dirty_queues[queue.arn] = queue

    def _mappings_of_queue(self, arn: Arn) -> Iterable[Mapping]:
        return self._mappings.of_queue(arn)

    def _function_changed(self, function: Function, now: Instant) -> None:
        self._invocations.change(function, now)

    def _function_gone(self, function: Function, now: Instant) -> None:
        self._invocations.forget(function, now)
        self._url_configs.function_gone(function.arn, now)

    def _function_freed(self, function: Function) -> None:
        for mapping in self._mappings.of_function(function.arn):
            self._dirty_mappings[mapping.uuid] = mapping

    def _mapping_changed(self, mapping: Mapping) -> None:
        self._dirty_mappings[mapping.uuid] = mapping

    def _pipe_consumer(self, arn: Arn) -> PipeConsumer | None:
        return self._pipes.consumer_of(arn)

    def _mapping_gone(self, mapping: Mapping) -> None:
        self._pipes.forget(mapping)
        self._dirty_mappings.pop(mapping.uuid, None)
        self._timetable.forget(mapping)

    def _settle_batch(self, owner: Any, outcome: Any, now: Instant) -> None:
        self._mappings.settle(owner, outcome, now)

    def _work_off(self, now: Instant) -> bool:
        """Hand out what queues have to who waits for it, until nothing moves, and book their next wake-ups.

        Says whether mappings took part, which invoke: then other machines may have another next wake-up too.
        """
        had_mappings = False
        while self._dirty_queues or self._dirty_mappings:
            if self._dirty_queues:
                arn = next(iter(self._dirty_queues))
                queue = self._dirty_queues.pop(arn)
                for mapping in self._mappings.of_queue(arn):
                    self._dirty_mappings[mapping.uuid] = mapping
                if arn in self._queues:
                    self._queues.serve_waiting(queue, now)
                    self._timetable.book(queue)
                else:
                    self._timetable.forget(queue)
            else:
                had_mappings = True
                uuid = next(iter(self._dirty_mappings))
                mapping = self._dirty_mappings.pop(uuid)
                self._mappings.feed(mapping, now)
                self._timetable.book(mapping)
                if mapping.queue in self._queues:
                    # What it received is hidden now, and comes back.
                    self._timetable.book(self._queues[mapping.queue])
        return had_mappings

    def _wake(self, machine: Queue | Mapping | Waking, at: Instant) -> None:
        match machine:
            case Queue():
                self._outbox += machine.wake(at)
                self._queues.end_polls(machine, at)
                self._queue_changed(machine, at)
            case Mapping():
                self._mappings.wake(machine, at)
            case _:
                machine.wake(at)

    def _drain(self) -> list[Effect]:
        effects = self._outbox[:]
        self._outbox.clear()
        return effects
