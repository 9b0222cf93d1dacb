"""Users, roles and policies as IAM is told of them, by boto3 over the loopback: who may do what with a queue then."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Serving, serving

STRICT = """
clock: {frozen: 2026-11-21T12:00:00Z}
enforce_permissions: true
"""
ORDERS = "arn:aws:sqs:us-east-1:000000000000:orders"
TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture(scope="module")
def strict() -> Iterator[Serving]:
    with serving(STRICT) as running:
        running.client("sqs").create_queue(QueueName="orders")
        yield running


def url(service: Serving, queue: str = "orders") -> str:
    return f"{service.url}/000000000000/{queue}"


def allowing(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def code_of(act: Any, **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message that an operation is refused with."""
    with pytest.raises(ClientError) as refused:
        act(**parameters)
    error, meta = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    return error["Code"], meta["HTTPStatusCode"], error["Message"]


def test_a_user_may_what_is_put_attached_and_given_to_its_group(strict: Serving) -> None:
    iam = strict.client("iam")
    user = iam.create_user(UserName="ann")["User"]["Arn"]
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    sqs = strict.client("sqs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    queue = url(strict)

    code, status, message = code_of(sqs.send_message, QueueUrl=queue, MessageBody="x")
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        f"User: {user} is not authorized to perform: sqs:sendmessage on resource: {ORDERS} because no identity-based "
        "policy allows the sqs:sendmessage action"
    )
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=allowing("sqs:SendMessage", resource=ORDERS))
    assert sqs.send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
    assert code_of(sqs.receive_message, QueueUrl=queue)[0] == "AccessDenied"
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    assert sqs.list_queues()["QueueUrls"]
    assert code_of(sqs.receive_message, QueueUrl=queue)[0] == "AccessDenied"
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    assert sqs.receive_message(QueueUrl=queue)["Messages"]

    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}
    made = iam.create_policy(PolicyName="none", PolicyDocument=json.dumps(deny))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=made)
    assert code_of(sqs.receive_message, QueueUrl=queue)[2].endswith("with an explicit deny in an identity-based policy")
    iam.create_policy_version(PolicyArn=made, PolicyDocument=allowing("s3:*"), SetAsDefault=True)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)

    assert strict.client("sqs").send_message(QueueUrl=queue, MessageBody="x")["MessageId"], "`test` is nobody's key"


def test_an_assumed_role_is_its_session_within_its_boundary(strict: Serving) -> None:
    iam = strict.client("iam")
    boundary = iam.create_policy(PolicyName="most", PolicyDocument=allowing("sqs:Get*"))["Policy"]["Arn"]
    role = iam.create_role(
        RoleName="reader", Path="/app/", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=boundary
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=allowing("sqs:*"))
    session = strict.client("sts").assume_role(RoleArn=role, RoleSessionName="nightly")["Credentials"]
    sqs = strict.client("sqs", key=session["AccessKeyId"], secret=session["SecretAccessKey"])

    assert sqs.get_queue_attributes(QueueUrl=url(strict), AttributeNames=["QueueArn"])["Attributes"]
    message = code_of(sqs.send_message, QueueUrl=url(strict), MessageBody="x")[2]

    assert message.startswith("User: arn:aws:sts::000000000000:assumed-role/reader/nightly is not authorized")
    assert message.endswith("because no permissions boundary allows the sqs:sendmessage action")


def test_a_role_of_another_account_is_of_that_account(strict: Serving) -> None:
    other = "222222222222"
    iam = strict.client("iam", key=other)
    role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="writer", PolicyName="p", PolicyDocument=allowing("sqs:*"))
    session = strict.client("sts").assume_role(RoleArn=role, RoleSessionName="there")["Credentials"]
    theirs = strict.client("sqs", key=session["AccessKeyId"], secret=session["SecretAccessKey"])

    assert theirs.create_queue(QueueName="own")["QueueUrl"] == f"{strict.url}/{other}/own"
    message = code_of(theirs.send_message, QueueUrl=url(strict), MessageBody="x")[2]
    assert message.startswith(f"User: arn:aws:sts::{other}:assumed-role/writer/there is not authorized")
    assert message.endswith("because no resource-based policy allows the sqs:sendmessage action")
    strict.client("sqs").add_permission(
        QueueUrl=url(strict), Label="theirs", AWSAccountIds=[other], Actions=["SendMessage"]
    )
    assert theirs.send_message(QueueUrl=url(strict), MessageBody="x")["MessageId"]


SENDER = """
import json, os, urllib.error, urllib.request

def handler(event, context):
    key = os.environ["AWS_ACCESS_KEY_ID"]
    body = json.dumps({"QueueUrl": event["queue"], "MessageBody": "from a function"}).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.SendMessage",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261121/us-east-1/sqs/aws4_request, Signature=0",
    }
    try:
        answer = urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers))
    except urllib.error.HTTPError as error:
        answer = error
    return json.loads(answer.read())
"""


def deploy(service: Serving, name: str, role: str) -> Any:
    """A client of Lambda, where there is a function now that sends a message itself."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", SENDER)
    client = service.client("lambda")
    client.create_function(
        FunctionName=name, Role=role, Runtime="python3.12", Handler="app.handler", Code={"ZipFile": package.getvalue()}
    )
    return client


def test_a_function_and_its_mapping_have_the_rights_of_its_role(strict: Serving) -> None:
    iam, managed = strict.client("iam"), "arn:aws:iam::aws:policy/service-role/"
    role = iam.create_role(RoleName="work", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="work", PolicyArn=f"{managed}AWSLambdaBasicExecutionRole")
    functions = deploy(strict, "work", role)

    def invoke() -> Any:
        answer = functions.invoke(FunctionName="work", Payload=json.dumps({"queue": url(strict)}))
        return json.loads(answer["Payload"].read())

    told = invoke()
    assert told["__type"] == "com.amazon.coral.service#AccessDeniedException"
    assert told["message"].startswith("User: arn:aws:sts::000000000000:assumed-role/work/work is not authorized")
    iam.put_role_policy(RoleName="work", PolicyName="send", PolicyDocument=allowing("sqs:Send*"))
    assert invoke()["MessageId"]

    code, status, message = code_of(functions.create_event_source_mapping, FunctionName="work", EventSourceArn=ORDERS)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    iam.attach_role_policy(RoleName="work", PolicyArn=f"{managed}AWSLambdaSQSQueueExecutionRole")
    mapping = functions.create_event_source_mapping(FunctionName="work", EventSourceArn=ORDERS, Enabled=False)
    assert mapping["EventSourceArn"] == ORDERS


def test_a_queues_key_is_the_one_that_kms_has() -> None:
    with serving("clock: {frozen: 2026-11-21T12:00:00Z}") as service:
        kms, sqs = service.client("kms"), service.client("sqs")
        key = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/orders", TargetKeyId=key["KeyId"])
        queue = sqs.create_queue(QueueName="orders", Attributes={"KmsMasterKeyId": "alias/orders"})["QueueUrl"]

        sqs.send_message(QueueUrl=queue, MessageBody="x")
        kms.disable_key(KeyId=key["KeyId"])
        code, status, message = code_of(sqs.receive_message, QueueUrl=queue)
        assert (code, status) == ("KMS.DisabledException", 400)
        assert message.startswith(f"{key['Arn']} is disabled. (Service: AWSKMS; Status Code: 400;")
        with pytest.raises(sqs.exceptions.KmsDisabled):
            sqs.send_message(QueueUrl=queue, MessageBody="x")
        kms.enable_key(KeyId=key["KeyId"])
        assert sqs.receive_message(QueueUrl=queue)["Messages"]

        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        assert code_of(sqs.send_message, QueueUrl=queue, MessageBody="x")[0] == "KMS.InvalidStateException"
        service.post("clock/advance", {"duration": "7d"})
        assert code_of(sqs.send_message, QueueUrl=queue, MessageBody="x")[0] == "KMS.NotFoundException"

        signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
        signed = sqs.create_queue(QueueName="signed", Attributes={"KmsMasterKeyId": signing})["QueueUrl"]
        assert code_of(sqs.send_message, QueueUrl=signed, MessageBody="x")[0] == "KMS.InvalidKeyUsageException"


def test_what_would_be_refused_is_a_warning_where_permissions_are_not_enforced() -> None:
    with serving("clock: {frozen: 2026-11-21T12:00:00Z}") as service:
        mine, theirs = service.client("sqs"), service.client("sqs", key="111111111111")
        mine.create_queue(QueueName="orders")

        for _ in range(2):
            theirs.send_message(QueueUrl=url(service), MessageBody="x")

        (warning,) = service.get("warnings")
        assert warning["kind"] == "permission"
        assert warning["text"] == (
            "arn:aws:iam::111111111111:root may not sqs:SendMessage orders: no resource-based policy allows it: AWS "
            "would not let it"
        )
        assert len(mine.receive_message(QueueUrl=url(service), MaxNumberOfMessages=10)["Messages"]) == 2
