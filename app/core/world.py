"""The simulated cloud: joins the machines; commands in, answers and effects out, one timetable over all that waits."""

from collections.abc import Callable, Iterable
from typing import Any

from app.core import commands
from app.core.access.gates import Gate, PolicyGate
from app.core.access.keys import Keys
from app.core.afterwork import Afterwork
from app.core.awslambda.concurrency import Concurrency
from app.core.awslambda.deployments import Deployments
from app.core.awslambda.environments import Environments
from app.core.awslambda.families import Families
from app.core.awslambda.function import Function
from app.core.awslambda.function_papers import Papers
from app.core.awslambda.functions import Functions
from app.core.awslambda.invocations import Invocations
from app.core.awslambda.invoke_refusals import Rehearsals
from app.core.awslambda.layers import Layers
from app.core.awslambda.provisioning import Provisioning
from app.core.buses import EventBridge
from app.core.causes import Causes
from app.core.chain import Chains
from app.core.commands import Command
from app.core.delivery import outside_targets
from app.core.delivery.api_target import ApiTarget
from app.core.delivery.hand_over import HandOver
from app.core.delivery.local_targets import FunctionTarget, QueueTarget
from app.core.delivery.outside import Outside
from app.core.delivery.outside_targets import OutsideTarget
from app.core.delivery.targets import Targets
from app.core.errors import QueueNameExists
from app.core.facts import Effect
from app.core.gateway.apis import Apis
from app.core.gateway.domains import Domains
from app.core.gateway.gateways import Gateways
from app.core.gateway.health_checks import HealthChecks
from app.core.gateway.leading import Leading
from app.core.gateway.rest.definition.apis import RestApis
from app.core.gateway.url_configs import UrlConfigs
from app.core.gateway.websocket.connections import SocketConnections
from app.core.ids import Ids
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.machine import Machine, Timetable, Waking
from app.core.mappings.mapping import Mapping
from app.core.mappings.mappings import Mappings
from app.core.mappings.poller_gate import PollerGate
from app.core.mappings.polling import Polling
from app.core.mappings.remote_polling import RemotePolling
from app.core.names import Arn
from app.core.pipes.enrichments import Enrichments
from app.core.pipes.journey import Machinery
from app.core.pipes.pipes import PipeConsumer, Pipes
from app.core.s3.bucket_target import BucketTarget
from app.core.s3.buckets import Buckets
from app.core.schedule.scheduler import Scheduler
from app.core.shapes import EventShapes
from app.core.sqs.move_tasks import MoveTasks
from app.core.sqs.queue import Queue
from app.core.sqs.queue_access import QueueAccess
from app.core.sqs.queue_keys import QueueKeys
from app.core.sqs.queues import Queues
from app.core.sqs.receiving import Receiving
from app.core.sqs.redriving import Redriving
from app.core.sqs.remote_queues import RemoteQueues
from app.core.sqs.sending import Sending
from app.core.time import Instant, earliest
from app.core.topics.confirmations import Confirmations
from app.core.topics.deliveries import Deliveries
from app.core.topics.fan_out import FanOut
from app.core.topics.target import TopicTarget
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
    whoever brings the time wakes the world first. `begin` and `finish` are `handle` in two steps. The machines are
    there to be read: nothing else changes them.
    """

    def __init__(
        self, *, shapes: EventShapes, seed: int = 1, limits: Limits = DEFAULT_LIMITS, enforces_permissions: bool = False
    ) -> None:
        """`enforces_permissions` blocks a service that lacks a permission to invoke a function, as AWS does."""
        ids = Ids(seed)
        self.shapes, self.limits = shapes, limits
        self._outbox: list[Effect] = []
        self._timetable: Timetable[Queue | Mapping | Waking] = Timetable()
        self._dirty_queues: dict[Arn, Queue] = {}
        self._dirty_mappings: dict[str, Mapping] = {}
        self._afterwork = Afterwork(self._outbox)
        self._to_book: list[Queue | Mapping] = []
        """Whose next wake-ups are booked when the command in progress is finished."""
        self._chains = Chains(ids, limits.chain_hops_kept)
        self.targets = Targets()
        self._outside = Outside(self._outbox)
        self.concurrency = Concurrency(limits)
        self.functions = Functions(
            ids, limits, self.concurrency, self._outbox, self.targets, self._function_changed, self._function_gone
        )
        self.causes = Causes(self._chains, self.functions, self._outside)
        self._keys = Keys(self._keys_changed)
        queue_keys = QueueKeys(self._keys, enforces_permissions)
        self.queues = Queues(ids, limits, self._outbox, self._queue_changed, self._queue_gone, queue_keys)
        self.sending = Sending(ids, limits, self._outbox, self.queues, self.causes.of)
        self.receiving = Receiving(limits, self._outbox, self.queues)
        self.redriving = Redriving(ids, self._outbox, self.queues, self.sending)
        self.move_tasks = MoveTasks(ids, limits, self.queues, self.redriving, self._outbox)
        self.families = Families(self.functions)
        gate = Gate(self.families, self._outbox, enforces_permissions)
        self.invocations = Invocations(
            ids, limits, self._chains, self._outbox, self.functions, self.concurrency, self.targets, self.causes.of,
            self.receiving.next_waiter, self._function_freed, self._settle_batch, self._keys, gate.admit,
        )  # fmt: skip
        policies = PolicyGate(self._outbox, enforces_permissions)
        self.queue_access = QueueAccess(
            self.queues, self.functions, self._outbox, enforces_permissions, queue_keys, self._identities_changed
        )
        self.targets.register("sqs", QueueTarget(self.queues, self.sending, self._chains, policies, self.queue_access))
        self.poller_gate = PollerGate(self.queue_access, self.queues, self.functions, self._outbox, limits)
        self.layers = Layers(self._outbox)
        self._papers = Papers(self._outbox, self.families)
        self._provisioning = Provisioning(limits, self._outbox, self.functions, self.families)
        self.deployments = Deployments(
            limits, self._outbox, self.functions, self.families, self._provisioning, self.layers
        )
        self.targets.register("lambda", FunctionTarget(self.functions, self.invocations.events, ids, gate))
        self.remote_queues = RemoteQueues(self._outbox, self.causes.of, self.queues.__contains__)
        self._remote_polling = RemotePolling(
            limits, self._outbox, self.remote_queues, self.functions, self._mappings_of_queue, self._mapping_changed
        )
        self.mappings = Mappings(
            ids, limits, self._outbox, self.queues, self._remote_polling, self.functions, self.poller_gate,
            self._mapping_changed, self._flush_mapping,
        )  # fmt: skip
        self.polling = Polling(
            ids, shapes, self._outbox, self.mappings, self.queues, self.receiving, self._remote_polling, self.functions,
            self.invocations.submit, self._mapping_changed, self._mapping_gone, self.poller_gate, self._afterwork,
            self._pipe_consumer,
        )  # fmt: skip
        self.buckets = Buckets(ids, shapes, self._outbox, self.functions, self.targets, self._outside, self.causes.of)
        self.targets.register("s3", BucketTarget(self.buckets, self._chains, self._outside))
        deliveries = Deliveries(self._outbox, self.targets, self._outside, shapes, limits)
        self.topics = Topics(
            ids, limits, self._outbox, FanOut(deliveries, self._outbox), self.causes.of,
            Confirmations(ids, limits, deliveries),
        )  # fmt: skip
        self.targets.register("sns", TopicTarget(self.topics, policies))
        self.event_bridge = EventBridge(ids, limits, self._outbox, self.targets, self._outside, self.causes.of)
        self.targets.register("events", self.event_bridge)
        fronts = ApiTarget(self._outside, self._chains)
        self.targets.register("execute-api", fronts)
        enrichments = Enrichments(self.event_bridge.destinations, fronts, self._outside, self._chains)
        machinery = Machinery(
            ids, self._outbox, self.functions, self.targets, self.invocations.submit, enrichments, limits
        )
        self.pipes = Pipes(machinery, limits, self.queues, self.mappings, self.polling.settle)
        elsewhere = OutsideTarget(self._outside, self._chains, ids)
        for service in outside_targets.SERVICES:
            self.targets.register(service, elsewhere)
        self.scheduler = Scheduler(
            ids, limits, self._outbox, self.targets, self._outside, self.causes.of, self.causes.known,
            self.event_bridge,
        )  # fmt: skip
        self._machines: tuple[Waking, ...] = (
            *self.event_bridge.machines,
            self.invocations,
            self.invocations.events,
            self.move_tasks,
            self.deployments,
            deliveries,
            self.pipes,
            self.buckets.restores.completions,
        )
        self._environments = Environments(self._outbox, self.functions.get)
        self.gateways = Gateways(ids, self._outbox, self.causes.of)
        self.sockets = SocketConnections(limits, self._outbox, self.receiving.next_waiter)
        self.health_checks = HealthChecks(
            ids, self._chains, self._outbox, self.gateways, self.functions, self.invocations
        )
        self._quiet: tuple[Waking, ...] = (
            self._environments,
            self.sockets,
            self.buckets.restores.ends,
            self.buckets.sweeps,
            *self.scheduler.machines,
            self.health_checks,
        )
        self.url_configs = UrlConfigs(ids, self.gateways, self.functions)
        self.domains = Domains(ids, self.gateways)
        self.apis = Apis(ids, self.gateways, self.domains)
        self.rest_apis = RestApis(ids, self.gateways, self.domains)
        self._leading = Leading(self.functions, gate)
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

    def begin(self, command: Command, *, now: Instant) -> tuple[Any, list[Effect]]:
        """As `handle`, but what nobody waits for is left for `finish`, which is to be called before anything else. The
        wishes are all there already."""
        due = self.next_wakeup()
        assert due is None or due > now, "the world is behind: wake it before it is commanded"
        self._now = max(self._now, now)
        self._afterwork.is_put_off = True
        try:
            answer = self._verbs[type(command)](command, now)
            self._work_off(now)
        except BaseException:
            told = self._drain()
            self.finish(told)
            self._outbox += told
            raise
        return answer, self._drain()

    def finish(self, effects: list[Effect]) -> None:
        """Do what was left of the command that was begun; what it tells is put in among its effects, in the order in
        which `handle` would have told it."""
        self._afterwork.finish(effects)
        # What was deleted is marked here; its mappings were fed when the command marked its queue.
        for queue in (*self._to_book, *self._dirty_queues.values()):
            self._timetable.book(queue)
        self._to_book.clear()
        self._dirty_queues.clear()
        assert not self._dirty_mappings, "what is put off gives nobody anything to receive"
        self._timetable.book_all(self._standing)

    def next_wakeup(self) -> Instant | None:
        """When something is due next; never before what has happened: a shortened retention period is due now."""
        at = self._timetable.next_wakeup()
        return at if at is None or at > self._now else self._now

    def next_event(self, *, endless: bool = True) -> Instant | None:
        """When something is due next that is worth going to, which ends of retention, of long polls and of days, and
        pollers that come or go, are not. Without `endless`, recurring schedules are not either: who follows them is
        never done."""
        others: list[Machine] = [*self._machines]
        if endless:
            others += self.scheduler.machines
        times = [queue.next_event() for queue in self.queues.all()]
        times += [mapping.next_event() for mapping in self.mappings.machines()]
        times += [machine.next_wakeup() for machine in others]
        return earliest(*times, self.scheduler.next_finite())

    def wake(self, now: Instant) -> list[Effect]:
        """Let everything happen that is due until `now`, in order, each at its own instant."""
        while (due := self._timetable.due(now)) is not None:
            at, machine = due
            self._now = at = max(at, self._now)
            self._wake(machine, at)
            if self._work_off(at) or not isinstance(machine, Queue):
                self._timetable.book_all(self._standing)
        self._now = max(self._now, now)
        return self._drain()

    # Inside ---------------------------------------------------------------------------------------------

    def _table_of_verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        queues, access = self.queues, self.queue_access
        return {
            commands.CreateQueue: self._create_queue,
            commands.DeleteQueue: access.forgetting(queues.delete),
            commands.SetQueueAttributes: access.forgetting(queues.set_attributes),
            commands.TagQueue: access.forgetting(queues.tag),
            commands.UntagQueue: access.forgetting(queues.untag),
            commands.CancelWait: self._cancel,
            **queues.verbs(),
            **self.sending.verbs(),
            **self.receiving.verbs(),
            commands.RedriveMessages: self.redriving.redrive,
            **self.move_tasks.verbs(),
            commands.AddPermission: access.forgetting(queues.add_permission),
            commands.RemovePermission: access.forgetting(queues.remove_permission),
            commands.Admit: self._admit,
            **access.identities.verbs(),
            commands.DeclareRemoteQueue: self.remote_queues.declare,
            **self._remote_polling.verbs(),
            commands.SettleReceive: self.polling.arrive,
            **self.deployments.verbs(),
            **self._papers.verbs(),
            **self._provisioning.verbs(),
            **self.layers.verbs(),
            **self.functions.verbs(),
            **self.mappings.verbs(),
            commands.Invoke: self.invocations.invoke,
            commands.SettleInvocation: self.invocations.settle,
            **self._environments.verbs(),
            **self._keys.verbs(),
            **Rehearsals(self._outbox, self.functions).verbs(),
            commands.SettleOutsideCall: self._outside.settle,
            **self.buckets.verbs(),
            **self.topics.verbs(),
            **self.pipes.verbs(),
            **self.event_bridge.verbs(),
            **self.gateways.verbs(),
            **self.sockets.verbs(),
            **self.scheduler.verbs(),
            **self.url_configs.verbs(),
            **HandOver(self._outbox, self.targets, self.causes.of).verbs(),
            **self.apis.verbs(),
            **self.rest_apis.verbs(),
            **self._leading.verbs(),
        }

    def _admit(self, admit: commands.Admit, now: Instant) -> Any:
        """Raises AccessDenied, QueueOutOfReach, and what the command raises that was asked for."""
        self.queue_access.admit(admit, now)
        return None if admit.command is None else self._verbs[type(admit.command)](admit.command, now)

    def _create_queue(self, command: commands.CreateQueue, now: Instant) -> Arn:
        if command.queue in self.remote_queues:
            raise QueueNameExists("A queue of this name is declared, and kept at a broker elsewhere.")
        return self.queues.create(command, now)

    def _cancel(self, command: commands.CancelWait, now: Instant) -> None:
        if not self.receiving.cancel(command, now):
            self.invocations.cancel_wait(command.waiter)

    def _queue_gone(self, queue: Queue) -> None:
        self.receiving.end_all(queue)

    def _queue_changed(self, queue: Queue, now: Instant) -> None:
        self._dirty_queues[queue.arn] = queue

    def _mappings_of_queue(self, arn: Arn) -> Iterable[Mapping]:
        return self.mappings.of_queue(arn)

    def _function_changed(self, function: Function, now: Instant) -> None:
        self.invocations.change(function, now)
        if self.queue_access.identities.are_known:
            # It may have another role.
            self.queue_access.forget()

    def _function_gone(self, function: Function, now: Instant) -> None:
        self.invocations.forget(function, now)
        self.url_configs.function_gone(function.arn, now)

    def _function_freed(self, function: Function) -> None:
        for mapping in self.mappings.of_function(function.arn):
            self._dirty_mappings[mapping.uuid] = mapping

    def _keys_changed(self) -> None:
        """Queues whose key worked may fail now, and others not any more."""
        self.queue_access.forget()
        for arn in self.queues.refusals.troubled:
            self._dirty_queues[arn] = self.queues[arn]

    def _identities_changed(self) -> None:
        """Mappings that lacked a right may have it now, and others not any more."""
        for mapping in self.mappings.machines():
            self._dirty_mappings[mapping.uuid] = mapping

    def _mapping_changed(self, mapping: Mapping) -> None:
        self._dirty_mappings[mapping.uuid] = mapping

    def _flush_mapping(self, mapping: Mapping, reason: str, now: Instant) -> None:
        self.polling.flush(mapping, reason, now)

    def _pipe_consumer(self, arn: Arn) -> PipeConsumer | None:
        return self.pipes.consumer_of(arn)

    def _mapping_gone(self, mapping: Mapping) -> None:
        self.pipes.forget(mapping)
        self._dirty_mappings.pop(mapping.uuid, None)
        self._timetable.forget(mapping)

    def _settle_batch(self, owner: Any, outcome: Any, now: Instant) -> None:
        self.polling.settle(owner, outcome, now)

    def _work_off(self, now: Instant) -> bool:
        """Hand out what queues have to who waits for it, until nothing moves, and book their next wake-ups.

        Says whether mappings took part, which invoke: then other machines may have another next wake-up too.
        """
        had_mappings = False
        while self._dirty_queues or self._dirty_mappings:
            if self._dirty_queues:
                arn = next(iter(self._dirty_queues))
                queue = self._dirty_queues.pop(arn)
                is_mapped = False
                for mapping in self.mappings.of_queue(arn):
                    self._dirty_mappings[mapping.uuid] = mapping
                    is_mapped = True
                if arn not in self.queues:
                    self._timetable.forget(queue)
                else:
                    self.receiving.serve_waiting(queue, now)
                    if not is_mapped:
                        # Else it is booked when its mappings have received from it.
                        self._book(queue)
            else:
                had_mappings = True
                uuid = next(iter(self._dirty_mappings))
                mapping = self._dirty_mappings.pop(uuid)
                self.polling.feed(mapping, now)
                self._book(mapping)
                fed_from = self.queues.get(mapping.queue)
                if fed_from is not None:
                    # What it received is hidden now, and comes back.
                    self._book(fed_from)
        return had_mappings

    def _book(self, machine: Queue | Mapping) -> None:
        if self._afterwork.is_put_off:
            self._to_book.append(machine)
        else:
            self._timetable.book(machine)

    def _wake(self, machine: Queue | Mapping | Waking, at: Instant) -> None:
        match machine:
            case Queue():
                self._outbox += machine.wake(at)
                self.receiving.end_polls(machine, at)
                self._queue_changed(machine, at)
            case Mapping():
                self.polling.wake(machine, at)
            case _:
                machine.wake(at)

    def _drain(self) -> list[Effect]:
        effects = self._outbox[:]
        self._outbox.clear()
        return effects
