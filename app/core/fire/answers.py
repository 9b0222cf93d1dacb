"""What an answer has to have to do with its event: checks that no shape tells, each on answers of the right shape."""

# ruff: noqa: ARG001 -- every check takes the event and the answer
import base64
import binascii
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from app.core.fire.shapes import SCALAR, Flag, Members, Number, Rows, Text, problems

_HTTP_RESPONSE = Members(
    {
        "statusCode": Number(100, 599, may_be_text=True),
        "headers": Members(others=SCALAR),
        "cookies": Rows(Text()),
        "body": Text(),
        "isBase64Encoded": Flag(),
    }
)
_RESERVED_CLAIMS = frozenset(
    [
        "acr",
        "amr",
        "at_hash",
        "auth_time",
        "azp",
        "exp",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
    ]
)
"""Claims that Cognito alone writes (user-pool-lambda-pre-token-generation)."""


def signed_up(event: Any, answer: Any) -> Iterator[str]:
    """What is to be verified has to be there (user-pool-lambda-pre-sign-up)."""
    attributes = event.get("request", {}).get("userAttributes", {})
    for flag, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if answer["response"].get(flag) and not attributes.get(attribute):
            yield f"response.{flag} is true, and the user has no {attribute}"


def has_the_code(event: Any, answer: Any) -> Iterator[str]:
    """A message of one's own has the placeholder in it (user-pool-lambda-custom-message)."""
    request = event.get("request", {})
    wanted = [request.get("codeParameter")]
    if event.get("triggerSource") == "CustomMessage_AdminCreateUser":
        wanted.append(request.get("usernameParameter"))
    for name in ("smsMessage", "emailMessage"):
        message = answer["response"].get(name)
        for placeholder in wanted:
            if message and placeholder and placeholder not in message:
                yield f"response.{name} does not have {placeholder} in it"


def goes_on_one_way(event: Any, answer: Any) -> Iterator[str]:
    response = answer["response"]
    if response.get("issueTokens") and response.get("failAuthentication"):
        yield "response.issueTokens and response.failAuthentication are both true"
    elif not any(response.get(name) for name in ("issueTokens", "failAuthentication", "challengeName")):
        yield "response has neither a challengeName, nor issues tokens, nor fails the authentication"


def leaves_reserved_claims(event: Any, answer: Any) -> Iterator[str]:
    """Cognito does not reject these but leaves them out; who wrote them will look for them."""
    response = answer["response"]
    details = response.get("claimsOverrideDetails") or {}
    both = response.get("claimsAndScopeOverrideDetails") or {}
    for token in (details, both.get("idTokenGeneration") or {}, both.get("accessTokenGeneration") or {}):
        for claim in (token.get("claimsToAddOrOverride") or {}).keys() & _RESERVED_CLAIMS:
            yield f"the claim {claim} is Cognito's own"


def is_not_empty(event: Any, answer: Any) -> Iterator[str]:
    """Recorded: `{}` is a malformed proxy response, though no single member is needed."""
    if not answer:
        yield "the answer is empty"


def http_response(event: Any, answer: Any) -> Iterator[str]:
    """With a statusCode the answer is a response and has its shape; without one all of it is the body (B.3)."""
    if isinstance(answer, dict) and "statusCode" in answer:
        yield from problems(_HTTP_RESPONSE, answer)


def one_kind_of_headers(event: Any, answer: Any) -> Iterator[str]:
    """A target group takes the kind of headers that it gives."""
    given, other = "multiValueHeaders", "headers"
    if given not in event:
        given, other = other, given
    if answer.get(other) and not answer.get(given):
        yield f"it has {other} where this target group reads {given}"


def lex_action(event: Any, answer: Any) -> Iterator[str]:
    """What each dialog action needs beside it (lambda-response-format)."""
    state = answer["sessionState"]
    kind = state["dialogAction"]["type"]
    if kind == "ElicitSlot" and not state["dialogAction"].get("slotToElicit"):
        yield "sessionState.dialogAction.slotToElicit is missing"
    if kind != "ElicitIntent" and not state.get("intent"):
        yield f"sessionState.intent is missing, which {kind} is about"
    if kind == "ElicitIntent" and not answer.get("messages"):
        yield "messages is missing, which ElicitIntent needs"


def lex_v1_action(event: Any, answer: Any) -> Iterator[str]:
    """The same in version 1 (lambda-input-response-format)."""
    action = answer["dialogAction"]
    needed = {
        "Close": ("fulfillmentState",),
        "ConfirmIntent": ("intentName", "slots"),
        "Delegate": ("slots",),
        "ElicitSlot": ("intentName", "slots", "slotToElicit"),
    }
    for name in needed.get(action["type"], ()):
        if action.get(name) is None:
            yield f"dialogAction.{name} is missing, which {action['type']} needs"


def speech_has_words(event: Any, answer: Any) -> Iterator[str]:
    speech = answer["response"].get("outputSpeech")
    if speech:
        name = "text" if speech["type"] == "PlainText" else "ssml"
        if not speech.get(name):
            yield f"response.outputSpeech.{name} is missing"


def bedrock_way(event: Any, answer: Any) -> Iterator[str]:
    """An action group with functions is answered with one, one with an API schema with a path (agents-lambda)."""
    response = answer["response"]
    if response["actionGroup"] != event.get("actionGroup"):
        yield f"response.actionGroup is {response['actionGroup']!r}, and the event's is {event.get('actionGroup')!r}"
    names = ("function", "functionResponse") if "function" in event else ("apiPath", "httpMethod", "responseBody")
    for name in names:
        if response.get(name) is None:
            yield f"response.{name} is missing"


def of_this_request(event: Any, answer: Any) -> Iterator[str]:
    """A custom resource answers under the ids of its request, and says why it failed (crpg-ref-responses)."""
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        if answer[name] != event.get(name):
            yield f"{name} is {answer[name]!r}, and the event's is {event.get(name)!r}"
    if answer["Status"] == "FAILED" and not answer.get("Reason"):
        yield "Reason is missing, which FAILED needs"


def every_record_once(event: Any, answer: Any) -> Iterator[str]:
    """Each recordId comes back once, with data where it is kept (data-transformation)."""
    sent = [record["recordId"] for record in event["records"]]
    yield from _each_once("recordId", sent, [record["recordId"] for record in answer["records"]])
    for place, record in enumerate(answer["records"]):
        if record["result"] == "Ok" and not _is_base64(record.get("data")):
            yield f"records[{place}].data is no base64"


def every_task_once(event: Any, answer: Any) -> Iterator[str]:
    """The invocation and its tasks come back under their ids (batch-ops-invoke-lambda)."""
    for name in ("invocationId", "invocationSchemaVersion"):
        if answer[name] != event.get(name):
            yield f"{name} is {answer[name]!r}, and the event's is {event.get(name)!r}"
    sent = [task["taskId"] for task in event["tasks"]]
    yield from _each_once("taskId", sent, [result["taskId"] for result in answer["results"]])


def authorized_in_full(event: Any, answer: Any) -> Iterator[str]:
    """Whoever is let in is somebody, for some time, with some rights (config-custom-auth)."""
    if not answer["isAuthenticated"]:
        return
    for name in ("principalId", "disconnectAfterInSeconds", "refreshAfterInSeconds", "policyDocuments"):
        if answer.get(name) is None:
            yield f"{name} is missing"


def one_for_each(event: Any, answer: Any) -> Iterator[str]:
    """A batch is answered in its order, one for each (resolver-mapping-template-reference-lambda, BatchInvoke)."""
    if len(answer) != len(event):
        yield f"the answer has {len(answer)} entries for {len(event)} requests"


def known_messages(event: Any, answer: Any) -> Iterator[str]:
    yield from _known(answer, (record.get("messageId") for record in event["Records"]))


def known_sequence_numbers(event: Any, answer: Any) -> Iterator[str]:
    numbers = (
        (record.get("kinesis") or {}).get("sequenceNumber") or (record.get("dynamodb") or {}).get("SequenceNumber")
        for record in event["Records"]
    )
    yield from _known(answer, numbers)


def _known(answer: Any, known: Iterable[str | None]) -> Iterator[str]:
    """A failure that is not of the batch makes all of it fail (with-sqs, services-kinesis-batchfailurereporting)."""
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    names = set(known)
    for place, failure in enumerate(failures or ()):
        if failure["itemIdentifier"] not in names:
            yield f"batchItemFailures[{place}].itemIdentifier is not of this batch, so that all of it would be retried"


def _each_once(name: str, sent: list[str], returned: list[str]) -> Iterator[str]:
    counts = Counter(returned)
    for id_ in sent:
        if counts[id_] == 0:
            yield f"the {name} {id_} does not come back"
        elif counts[id_] > 1:
            yield f"the {name} {id_} comes back {counts[id_]} times"
    for id_ in counts.keys() - set(sent):
        yield f"the {name} {id_} was never sent"


def _is_base64(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True
