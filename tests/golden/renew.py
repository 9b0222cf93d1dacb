"""Writes the events of the golden files of queues, topics and buses anew, from what is given in them:
`python -m tests.golden.renew`.

To be read with `git diff` afterwards: what changed has to be right by AWS, not by us.
"""

import json

from tests.wire import test_bus_events as bus
from tests.wire import test_sns_events as sns
from tests.wire import test_sqs_events as sqs


def renew() -> None:
    for cases, member, render in (
        (sqs.CASES, "event", sqs.event_of), (sns.CASES, "sent", sns.sent_of), (bus.CASES, "sent", bus.sent_of),
    ):  # fmt: skip
        for path in cases:
            case = json.loads(path.read_text(encoding="utf-8"))
            case[member] = render(case["given"])
            path.write_text(json.dumps(case, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    renew()
