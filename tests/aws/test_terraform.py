"""The real Terraform with its AWS provider against the real command: the example is applied, planned again, used and
destroyed.

Where Terraform or its provider cannot be had, this skips, also in CI: they are no packages of Python, Node or Debian.
What the provider calls is then tested by `test_as_terraform_does.py`.
"""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.live import ROOT, Live, clean_environ, live, until

pytestmark = pytest.mark.real

EXAMPLE = ROOT / "examples/terraform"

_INIT_WITHIN_S = 60.0
_APPLY_WITHIN_S = 300.0
"""The provider reads a queue's attributes back for half a minute after each change."""


class Terraform:
    """`terraform` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, *arguments: str, within_s: float = _APPLY_WITHIN_S, variables: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        environ = {**clean_environ(), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        configuration = environ.get("TF_CLI_CONFIG_FILE")
        if configuration is not None and not Path(configuration).exists():
            del environ["TF_CLI_CONFIG_FILE"]
        environ |= {f"TF_VAR_{name}": value for name, value in (variables or {}).items()}
        return subprocess.run(
            ["terraform", *arguments], cwd=self.folder, env=environ, capture_output=True, text=True, timeout=within_s,
            check=False,
        )  # fmt: skip


@pytest.fixture
def terraform(tmp_path: Path) -> Terraform:
    """In a copy of the example, with the provider."""
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on the PATH")
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.zip"))
    with zipfile.ZipFile(folder / "worker.zip", "w") as archive:
        archive.write(folder / "worker/app.py", "app.py")
    run = Terraform(folder)
    try:
        begun = run("init", "-input=false", "-no-color", within_s=_INIT_WITHIN_S)
    except subprocess.TimeoutExpired:
        pytest.skip("terraform init found no AWS provider in time")
    if begun.returncode != 0:
        pytest.skip(f"terraform init has no AWS provider: {' '.join(begun.stderr.split())[:200]}")
    return run


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Live]:
    folder = tmp_path / "service"
    folder.mkdir()
    with live(folder, "enforce_permissions: true") as running:
        yield running


def test_the_example_is_written_as_terraform_formats_it() -> None:
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on the PATH")
    environ = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}

    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", str(EXAMPLE)], capture_output=True, text=True, env=environ, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_is_applied_and_a_second_plan_is_empty(terraform: Terraform, service: Live) -> None:
    variables = {"endpoint": service.url, "s3control_endpoint": service.url.replace("127.0.0.1", "localhost")}

    applied = terraform("apply", "-auto-approve", "-input=false", "-no-color", variables=variables)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    planned = terraform("plan", "-detailed-exitcode", "-input=false", "-no-color", variables=variables)
    assert planned.returncode == 0, f"a second plan would change something:\n{planned.stdout}{planned.stderr}"

    service.client("sqs").send_message(
        QueueUrl=f"{service.url}/000000000000/orders", MessageBody='{"id": 7, "total": 99}'
    )
    until(lambda: "1 orders, 0 without a total" in service.run("logs", "worker").stdout)

    destroyed = terraform("destroy", "-auto-approve", "-input=false", "-no-color", variables=variables)
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert service.client("lambda").list_functions()["Functions"] == []
    assert service.client("sqs").list_queues().get("QueueUrls", []) == []
