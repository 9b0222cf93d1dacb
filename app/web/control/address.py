"""Which requests are the control API's. Apart from the app itself, so that asking costs none of its imports."""

from starlette.types import Scope

from app.wire.awslambda.code import CODE_PATH

ROOT = "/_triggerfish"


def is_for_control(scope: Scope) -> bool:
    """Whether the request of this ASGI scope is the control app's: its own paths, and `/` asked for by a browser.

    A browser is told from an S3 client, to which `/` lists buckets, by its wish for HTML.
    """
    path: str = scope["path"]
    if path.startswith(CODE_PATH):
        return False
    if path.startswith(ROOT):
        return path == ROOT or path[len(ROOT)] == "/"
    if path != "/" or scope["method"] != "GET" or scope["query_string"]:
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
