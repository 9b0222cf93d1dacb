"""What users run on Node against queues: AWS's SDK for JavaScript, which verifies digests, and sqs-consumer."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Live, clean_environ, live
from tests.tools import node_packages

pytestmark = pytest.mark.real

SETTINGS = """
    queues:
      jobs: {RedrivePolicy: {dead_letter_queue: jobs-dlq, maxReceiveCount: 2}}
      jobs-dlq: {}
    """
ACCOUNT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("service"), SETTINGS) as running:
        yield running


def test_every_digest_is_what_the_sdk_computes(service: Live, tmp_path: Path) -> None:
    told = _run("queues.mjs", node_packages("@aws-sdk/client-sqs"), service, tmp_path)

    assert told == {
        "sameDigest": True,
        "body": 'hällo <&> "q" 😀 +%20',
        "bytes": [0, 255, 128],
        "text": "ü <&>\r\n x",
        "trace": "Root=1-5759e988-bd862e3fe1be46a994272793",
        "sent": [["good"], [["bad", "InvalidParameterValue"]]],
        "deleted": [["good"], [["bad", "ReceiptHandleIsInvalid"]]],
        "sameMessage": True,
        "inOrder": ["once", "after"],
        "refused": ["AWS.SimpleQueueService.NonExistentQueue", 400],
    }


def test_sqs_consumer_handles_returns_and_keeps_messages(service: Live, tmp_path: Path) -> None:
    told = _run("consumer.mjs", node_packages("@aws-sdk/client-sqs", "sqs-consumer"), service, tmp_path)

    assert told == {
        "handled": ["one", "late"],
        "failed": ["Unexpected message handler failure: told to, 1", "Unexpected message handler failure: told to, 2"],
        "letters": ["bad"],
    }


def _run(script: str, packages: Path, service: Live, folder: Path) -> Any:
    """What a script prints, as JSON."""
    (folder / "node_modules").symlink_to(packages)
    program = folder / script
    program.write_bytes((Path(__file__).parent / "javascript" / script).read_bytes())
    environ = {**clean_environ(), **ACCOUNT, "AWS_ENDPOINT_URL": service.url}
    done = subprocess.run(
        ["node", program], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
