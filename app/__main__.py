"""The entry of `triggerfish` and of `python -m app`."""

import gc
from collections.abc import Mapping
from pathlib import Path

from app.cli.root import run


def main() -> None:
    """Run the command line and exit: 0, 1 for a failure, 2 for bad usage."""
    run(_serve)


def _serve(*, config: Path | None, environ: Mapping[str, str]) -> int:
    # The service and all it needs are imported here: the other commands are to start at once. None of it is garbage;
    # not to look for any saves a tenth of the start. The service looks again once it is up.
    gc.disable()
    from app.main import serve

    return serve(config=config, environ=environ)


if __name__ == "__main__":
    main()
