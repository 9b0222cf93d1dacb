"""Messages published past ASGI: a plain Publish or PublishBatch is answered as soon as it is read."""

from collections.abc import Callable, Mapping

from app.core.commands import Waiting
from app.core.errors import Refused
from app.engine.driver import Engine
from app.web.at_once import Answered
from app.wire.calls import Call, Caller
from app.wire.errors import refuse
from app.wire.sns.operations import SNS
from app.wire.sns.plain import plain_publish, render_publish

_FORM = b"application/x-www-form-urlencoded"


def publish_at_once(
    engine: Engine, headers: Mapping[bytes, bytes], body: bytes, caller: Callable[[], Caller],
    next_request_id: Callable[[], bytes],
) -> Answered | None:  # fmt: skip
    """The answer that the general path would give, byte for byte, or None when that has to; nothing has happened then.

    Only for requests signed for SNS: for others it takes more to know whom they are for."""
    if b"/sns/aws4_request" not in headers.get(b"authorization", b""):
        return None
    if not headers.get(b"content-type", b"").startswith(_FORM):
        return None
    plain = plain_publish(body)
    if plain is None:
        return None
    operation, params = plain
    request_id = next_request_id()
    try:
        asked = SNS.ask(operation, params, caller(), engine)
        assert isinstance(asked, Call), "to publish is a command"
        answer = engine.submit(asked.command)
        assert not isinstance(answer, Waiting), "who publishes does not wait for the deliveries"
        return render_publish(operation, asked.render(answer), request_id.decode()), request_id
    except Refused as refused:
        named = request_id.decode()
        return refuse(refused, SNS.errors, protocol="query", request_id=named, namespace=SNS.namespace), request_id
