"""Writes the events of the golden files of queues anew, from what is given in them: `python -m tests.golden.renew`.

To be read with `git diff` afterwards: what changed has to be right by AWS, not by us.
"""

import json

from tests.wire.test_sqs_events import CASES, event_of


def renew() -> None:
    for path in CASES:
        case = json.loads(path.read_text(encoding="utf-8"))
        case["event"] = event_of(case["given"])
        path.write_text(json.dumps(case, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    renew()
