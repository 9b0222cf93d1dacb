"""Runs commands of the AWS CLI in one process, which is started once: a line of JSON in, a line out.

Run by the CLI's own Python; what comes in is a command's arguments, what goes out its status, output and errors.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver

driver = create_clidriver()
for line in sys.stdin:
    # The CLI writes what it prints as bytes, past the text.
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        status = driver.main(json.loads(line))
    told = [stream.buffer.getvalue().decode() for stream in (out, err)]
    sys.stdout.write(json.dumps([status, *told]) + "\n")
    sys.stdout.flush()
