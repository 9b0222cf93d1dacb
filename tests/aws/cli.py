"""The AWS CLI against a service, in a folder of the test's own."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live import Live
from tests.tools import environ_with_tools

_ACCOUNT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@dataclass(frozen=True)
class Aws:
    service: Live
    folder: Path
    program: str = "aws"
    account: Mapping[str, str] = field(default_factory=dict)
    """Whose keys it has, where not the default account's."""

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run `aws` with these arguments, and give what it prints; what it says is wrong, if it `fails`."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stderr.strip() if fails else done.stdout

    @property
    def environ(self) -> dict[str, str]:
        return {
            **environ_with_tools(), **_ACCOUNT, **self.account,
            "AWS_ENDPOINT_URL": self.service.url, "AWS_PAGER": "",
        }  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        """The command line; Debian's version 2 is older than the variable for the endpoint."""
        return [self.program, "--endpoint-url", self.service.url, *arguments]

    def json(self, *arguments: str) -> Any:
        """The same, as the values that it prints; None if it prints nothing."""
        printed = self(*arguments)
        return json.loads(printed) if printed.strip() else None
