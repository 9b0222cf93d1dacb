"""Functions that run behind somebody else's endpoint: emulators, Invoke APIs, any HTTP server."""

from app.settings.functions.common import Common, read_environments
from app.settings.reading import Field, Table
from app.settings.values.functions import ConcurrentRieFunction, HttpFunction, InvokeApiFunction, RieFunction

REMOTE_ENVIRONMENTS = 10
_ONCE = "say with `environments` how many invocations it runs at once"
INVOKE_API_KEYS = ("invoke_api", "function_name", "region", "access_key_id", "secret_access_key")


def read_rie(table: Table, common: Common) -> RieFunction | None:
    field = table.entries["rie"]
    read = _urls(field, "an emulator takes one call at a time, so each URL is one environment")
    if (environments := table.get("environments")) is not None:
        environments.wrong("is not for `rie`: each URL is one environment")
    keys = table.texts("access_key_ids")
    count = len(field.value) if isinstance(field.value, list | tuple) else 1
    if keys and len(keys) != count:
        table.entries["access_key_ids"].wrong(f"must be one for each URL: {count}, not {len(keys)}")
    resolve = table.flag("resolve", True)
    if not read:
        return None
    return RieFunction(**common, environments=len(read), urls=read, access_key_ids=keys, resolve=resolve)


def _urls(field: Field, why_once: str) -> tuple[str, ...]:
    """One URL or several; `why_once` says why one cannot be there twice."""
    items = field.items() if isinstance(field.value, list | tuple) else [field]
    if not items:
        field.wrong("must have at least one URL")
    urls = tuple(url for item in items if (url := item.url()) is not None)
    if len(set(urls)) < len(urls):
        field.wrong(f"has one URL twice; {why_once}")
    return urls


def read_concurrent_rie(table: Table, common: Common) -> ConcurrentRieFunction | None:
    urls = _urls(table.entries["concurrent_rie"], _ONCE)
    environments = read_environments(table, REMOTE_ENVIRONMENTS)
    return ConcurrentRieFunction(**common, environments=environments, urls=urls) if urls else None


def read_invoke_api(table: Table, common: Common) -> InvokeApiFunction | None:
    urls = _urls(table.entries["invoke_api"], _ONCE)
    access_key_id = table.read("access_key_id", Field.text)
    secret_access_key = table.read("secret_access_key", Field.text)
    if (access_key_id is None) != (secret_access_key is None):
        table.field.wrong("access_key_id and secret_access_key belong together")
    environments = read_environments(table, REMOTE_ENVIRONMENTS)
    function_name = table.text("function_name", common["name"])
    region = table.read("region", Field.text)
    if not urls:
        return None
    return InvokeApiFunction(
        **common,
        environments=environments,
        urls=urls,
        function_name=function_name,
        region=region,
        access_key_id=access_key_id,
        secret_access_key=secret_access_key,
    )


def read_http(table: Table, common: Common) -> HttpFunction | None:
    urls = _urls(table.entries["http"], _ONCE)
    environments = read_environments(table, REMOTE_ENVIRONMENTS)
    return HttpFunction(**common, environments=environments, urls=urls) if urls else None
