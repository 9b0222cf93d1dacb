"""The services that only store: whose account it is, what time it is there, and what is said where moto has nothing."""

import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from app.adapters.moto_services import MotoServices, Stored
from app.adapters.object_store import ObjectStore
from app.core.errors import Refused
from app.core.names import Scope
from app.core.time import parse_instant
from app.engine.storage import StoreRequest
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.refusals import NotEmulated

NOON = parse_instant("2026-11-21T12:00:00Z")
HOME, OTHER = Scope(), Scope("111122223333", "eu-west-1")
TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
async def services() -> AsyncIterator[MotoServices]:
    services = MotoServices(lambda: NOON)
    yield services
    await services.close()


async def ask(services: MotoServices, action: str, scope: Scope = HOME, **parameters: str) -> HttpAnswer:
    """Something of IAM, by the query protocol."""
    form = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "content-length": str(len(form))}
    return await services.handle("iam", HttpRequest("POST", "/", "", headers, form), scope)


async def tell_json(services: MotoServices, service: str, target: str, body: object) -> HttpAnswer:
    content = json.dumps(body).encode()
    headers = {
        "content-type": "application/x-amz-json-1.1", "x-amz-target": target, "content-length": str(len(content)),
    }  # fmt: skip
    return await services.handle(service, HttpRequest("POST", "/", "", headers, content), HOME)


async def test_nothing_of_moto_is_loaded_before_it_is_asked(services: MotoServices) -> None:
    assert not services.is_loaded

    await ask(services, "ListRoles")

    assert services.is_loaded


async def test_accounts_do_not_see_each_other(services: MotoServices) -> None:
    await ask(services, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=TRUST)

    assert (await ask(services, "GetRole", RoleName="worker")).status == 200
    assert (await ask(services, "GetRole", OTHER, RoleName="worker")).status == 404


async def test_what_is_stored_is_stamped_by_our_clock(services: MotoServices) -> None:
    answer = await ask(services, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=TRUST)

    assert b"<CreateDate>2026-11-21T12:00:00Z</CreateDate>" in answer.body


async def test_an_observer_is_told_of_what_succeeded_only(services: MotoServices) -> None:
    told: list[Stored] = []
    services.observe("iam", told.append)

    await ask(services, "CreateRole", OTHER, RoleName="worker", AssumeRolePolicyDocument=TRUST)
    await ask(services, "CreateRole", OTHER, RoleName="worker", AssumeRolePolicyDocument=TRUST)

    assert [(stored.service, stored.scope, stored.answer.status) for stored in told] == [("iam", OTHER, 200)]


async def test_what_moto_lacks_is_named(services: MotoServices) -> None:
    with pytest.raises(NotEmulated) as refusal:
        await tell_json(services, "logs", "Logs_20140328.TestTransformer", {})

    assert refusal.value.message.startswith("Triggerfish does not emulate this operation of 'logs'.")


async def test_a_refusal_of_motos_is_an_answer(services: MotoServices) -> None:
    answer = await tell_json(services, "kinesis", "Kinesis_20131202.DescribeStream", {"StreamName": "none"})

    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == "ResourceNotFoundException"


async def test_the_backend_itself_can_be_used(services: MotoServices) -> None:
    await services.use("logs", HOME, lambda logs: logs.create_log_group("/aws/lambda/f", {}))

    answer = await tell_json(services, "logs", "Logs_20140328.DescribeLogGroups", {})

    assert [group["logGroupName"] for group in json.loads(answer.body)["logGroups"]] == ["/aws/lambda/f"]


async def test_nothing_is_left_for_the_next_one(services: MotoServices) -> None:
    await ask(services, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=TRUST)
    await services.close()

    newest = MotoServices(lambda: NOON)
    answer = await ask(newest, "GetRole", RoleName="worker")
    await newest.close()

    assert answer.status == 404


async def test_other_services_are_not_its_business(services: MotoServices) -> None:
    assert services.handles("iam")
    assert not services.handles("batch")
    assert issubclass(NotEmulated, Refused)


async def test_closing_leaves_the_object_store_alone(services: MotoServices) -> None:
    store = ObjectStore(lambda: NOON)
    await store.create_bucket(HOME, "photos")
    await ask(services, "ListRoles")

    await services.close()

    answer = await store.handle(StoreRequest("GET", "/photos", "", {"content-length": "0"}))
    assert answer.status == 200
    await store.close()
