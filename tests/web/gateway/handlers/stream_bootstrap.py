"""A program of its own that speaks the Runtime API and streams: metadata, eight NULs, and a body in chunks."""

import http.client
import json
import os


def main() -> None:
    host = os.environ["AWS_LAMBDA_RUNTIME_API"]
    while True:
        asking = http.client.HTTPConnection(host)
        asking.request("GET", "/2018-06-01/runtime/invocation/next")
        asked = asking.getresponse()
        event = json.loads(asked.read())
        request_id = asked.headers["Lambda-Runtime-Aws-Request-Id"]
        metadata = json.dumps({"statusCode": 201, "headers": {"x-path": event["path"]}}).encode()
        answering = http.client.HTTPConnection(host)
        answering.request(
            "POST", f"/2018-06-01/runtime/invocation/{request_id}/response",
            iter([metadata[:10], metadata[10:] + b"\x00" * 4, b"\x00" * 4 + b"from ", b"a program"]),
            {"Lambda-Runtime-Function-Response-Mode": "streaming", "Content-Type": "application/octet-stream",
             "Transfer-Encoding": "chunked"}, encode_chunked=True,
        )  # fmt: skip
        answering.getresponse().read()


if __name__ == "__main__":
    main()
