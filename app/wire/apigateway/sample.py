"""GetModelTemplate: a mapping template that takes a model's members over, one by one."""

import json
from typing import Any

import orjson


def sample_template(schema: str) -> str:
    """`#set($inputRoot = $input.path('$'))` and the model's members, as API Gateway's console offers it."""
    try:
        document = orjson.loads(schema)
    except orjson.JSONDecodeError:
        document = {}
    return "#set($inputRoot = $input.path('$'))\n" + _sample(document, "$inputRoot", 0)


def _sample(schema: Any, at: str, depth: int) -> str:
    if not isinstance(schema, dict) or depth > 8:
        return '"..."'
    if schema.get("type") == "array":
        item = f"$elem{depth}"
        inner = _sample(schema.get("items"), item, depth + 1)
        return f"[\n#foreach({item} in {at})\n{inner}#if($foreach.hasNext),#end\n#end\n]"
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        members = [f"  {json.dumps(name)} : {_sample(member, f'{at}.{name}', depth + 1)}"
                   for name, member in (properties or {}).items()]  # fmt: skip
        return "{\n" + ",\n".join(members) + "\n}"
    return f'"{at}"' if schema.get("type", "string") == "string" else at
