"""What of an environment outlives its runtime: a log stream, a folder."""

import os
import time
from dataclasses import dataclass

from app.adapters.process.run_folder import Record
from app.core.time import Instant


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What of an environment outlives its runtime: its log stream and its `/tmp`. `began_at` is the clock's instant."""

    log_stream: str
    record: Record
    began_at: Instant


def new_log_stream(version: str, now: Instant) -> str:
    """`YYYY/MM/DD/[version]` and 32 hexadecimal digits."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime(now / 1_000))}/[{version}]{os.urandom(16).hex()}"
