"""Which of a bucket's rules take an object event, and what would become of it at their targets."""

import json

from app.core.awslambda.functions import parse_function_name
from app.core.commands import ChangeObject, Publish, SendMessage
from app.core.delivery.targets import Parcel
from app.core.explain.events import explain_arrival_on_bus
from app.core.explain.explanation import About, Conclusion, Step, Trail, Verdict, progress
from app.core.explain.invoking import explain_event, gone
from app.core.explain.publishing import explain_publish
from app.core.explain.sending import explain_send
from app.core.explain.stand_ins import STAND_IN_ID, cause_of
from app.core.names import Arn, Scope, name_of, parse_arn
from app.core.s3.buckets import SUBJECT, station_of
from app.core.s3.notification import Route, RouteRefused, route
from app.core.s3.object_event import ObjectEvent, is_event
from app.core.world import World

_STAND_IN_SEQUENCER = "0" * 18
_STAND_IN_HOST_ID = "0" * 64 + "="


def explain_object(world: World, command: ChangeObject, target: Arn | None, trail: Trail) -> Conclusion:
    """Which rules take the event, and what becomes of it there; with `target`, only the rules that name that one."""
    bucket = world.buckets.all.get(command.bucket)
    if bucket is None:
        words = f"there is no bucket '{command.bucket}'"
        return trail.end(Step(Verdict.NO, About.BUCKET, words, code="NoSuchBucket"))
    rules = bucket.configuration.rules
    noun = "notification rule" if len(rules) == 1 else "notification rules"
    words = f"bucket '{bucket.name}' is there, with {len(rules)} {noun}"
    trail.add(Step(Verdict.YES, About.BUCKET, words, count=len(rules)))
    if not is_event(command.event_name):
        trail.add(Step(Verdict.NOTE, About.EVENT, f"S3 itself sends no event '{command.event_name}'"))
    routes = route(bucket.configuration, command.event_name, command.key, bucket.scope)
    wanted = [way for way in routes if target is None or way.target == target]
    if not wanted:
        where = f"to '{name_of(target)}'" if target else "anywhere"
        return trail.end(Step(Verdict.NO, About.RULE, f"no rule of bucket '{bucket.name}' leads {where}"))
    trail.path = (f"s3://{command.bucket}/{command.key}",)
    fates = [_at_rule(world, way, command, bucket.scope, trail) for way in wanted]
    return max(fates, key=progress)


def _at_rule(world: World, way: Route, command: ChangeObject, scope: Scope, trail: Trail) -> Conclusion:
    name = name_of(way.target)
    if isinstance(way, RouteRefused):
        words = f"rule {way.rule_id} to '{name}' says no: {way.reason}"
        return trail.end(Step(Verdict.NO, About.RULE, words, rule=way.rule_id))
    trail.add(Step(Verdict.YES, About.RULE, f"rule {way.rule_id} to '{name}' takes it", rule=way.rule_id))
    event = ObjectEvent(
        command.event_name, command.bucket, command.key, command.size, command.etag, command.version_id,
        _STAND_IN_SEQUENCER, STAND_IN_ID[:16], _STAND_IN_HOST_ID, command.source_ip,
    )  # fmt: skip
    cause = cause_of(world, command.origin, command.origin.trace_header).via(station_of(event))
    branch = Trail(trail.now, trail.path, trail.steps)
    service = parse_arn(way.target).service
    if service == "sqs":
        body = world.shapes.s3_event(event, rule_id=way.rule_id, region=scope.region, now=trail.now)
        send = SendMessage(way.target, body.decode(), origin=command.origin)
        return explain_send(world, send, None, branch, cause=cause)
    if service == "sns":
        body = world.shapes.s3_event(event, rule_id=way.rule_id, region=scope.region, now=trail.now)
        message = Publish(way.target, body.decode(), SUBJECT, origin=command.origin)
        return explain_publish(world, message, None, branch, cause=cause)
    if service == "events":
        told = json.loads(world.shapes.s3_bus_event(event, account=scope.account, now=trail.now))
        body = json.dumps({**told, "id": STAND_IN_ID}).encode()
        return explain_arrival_on_bus(world, Parcel(way.target, body, cause, f"bucket {command.bucket}"), branch)
    parsed = parse_function_name(way.target, scope)
    function = world.functions.get(parsed.as_invoked) if parsed else None
    if function is None:
        return trail.end(gone(About.TARGET, way.target))
    branch.path = (*trail.path, function.spec.name)
    return explain_event(world, function, cause, branch)
