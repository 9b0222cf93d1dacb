"""Who a request says it is from."""

from app.core.access.issued_keys import issued_key
from app.core.awslambda.deployment import access_key_ids_of
from app.core.names import Scope
from app.wire.credentials import ANONYMOUS, Credential, credential_in, parse_credential


def _header(key: str, region: str = "us-east-1", service: str = "sqs") -> str:
    scope = f"{key}/20261121/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=00"


def test_a_signed_header_tells_key_region_and_service() -> None:
    assert credential_in(_header("test", "eu-central-1", "lambda"), "") == Credential(
        "test", Scope("000000000000", "eu-central-1"), "lambda"
    )


def test_a_key_of_twelve_digits_is_an_account() -> None:
    assert credential_in(_header("111122223333"), "").scope == Scope("111122223333", "us-east-1")


def test_a_presigned_query_tells_the_same() -> None:
    query = "Action=ListQueues&X-Amz-Credential=test%2F20261121%2Fus-west-2%2Fsqs%2Faws4_request"

    assert credential_in("", query) == Credential("test", Scope("000000000000", "us-west-2"), "sqs")


def test_a_request_without_signature_is_anonymous_in_the_default_account() -> None:
    assert credential_in("", "list-type=2") is ANONYMOUS
    assert ANONYMOUS.scope == Scope("000000000000", "us-east-1")


def test_a_header_of_another_scheme_says_nothing() -> None:
    assert credential_in("Bearer abc", "") is ANONYMOUS


def test_the_key_of_a_functions_environment_is_of_its_account() -> None:
    first, second = access_key_ids_of("arn:aws:lambda:eu-west-1:999999999999:function:f", 2)

    assert (len(first), first != second) == (20, True)
    assert parse_credential(f"{first}/20261121/eu-west-1/sqs/aws4_request").scope == Scope("999999999999", "eu-west-1")
    assert parse_credential("TFSHNOKEY/20261121/eu-west-1/sqs/aws4_request").scope.account == "000000000000"


def test_a_key_that_was_issued_here_is_of_its_account_and_one_of_awss_is_not() -> None:
    for key, account in (
        (issued_key("ASIA", "222222222222", "ABCD"), "222222222222"),
        ("AKIAIOSFODNN7EXAMPLE", "000000000000"),
    ):
        assert parse_credential(f"{key}/20261121/eu-west-1/sqs/aws4_request").scope == Scope(account, "eu-west-1")
