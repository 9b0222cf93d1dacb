"""The pattern language once more, as plainly as it can be said: what the compiled matcher is compared with.

It tries every choice of values, recurses freely and shares nothing with the code it judges. It takes patterns that
are known to be valid.
"""

import re
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

Matchers = list[Any]
Leaf = tuple[str, Any, dict[int, int]]

RESERVED = {
    "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
}  # fmt: skip


def reference_matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether the event matches, by trying everything."""
    leaves: list[Leaf] = []
    _collect(event, None, {}, leaves, [0])
    return any(_alternative_matches(fields, leaves) for fields in _alternatives(pattern, None))


def _alternatives(pattern: dict[str, Any], path: str | None) -> list[dict[str, Matchers]]:
    """What has to hold, path by path, once for each way through the `$or`s."""
    parts: list[list[dict[str, Matchers]]] = []
    for name, value in pattern.items():
        below = name if path is None else f"{path}.{name}"
        if name == "$or" and _is_or(value):
            parts.append([fields for each in value for fields in _alternatives(each, path)])
        elif isinstance(value, dict):
            parts.append(_alternatives(value, below))
        else:
            parts.append([{below: value}])
    return [{path: matchers for fields in choice for path, matchers in fields.items()} for choice in product(*parts)]


def _is_or(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(each, dict) and not set(each) & RESERVED for each in value)
    )


def _collect(value: Any, path: str | None, place: dict[int, int], leaves: list[Leaf], arrays: list[int]) -> None:
    if isinstance(value, dict):
        for name, below in value.items():
            _collect(below, name if path is None else f"{path}.{name}", place, leaves, arrays)
    elif isinstance(value, list):
        arrays[0] += 1
        array = arrays[0]
        for index, element in enumerate(value):
            inside = {**place, array: index} if isinstance(element, dict | list) else place
            _collect(element, path, inside, leaves, arrays)
    else:
        leaves.append((path or "", value, place))


def _alternative_matches(fields: dict[str, Matchers], leaves: list[Leaf]) -> bool:
    return _choose(sorted(fields), fields, leaves, {})


def _choose(paths: list[str], fields: dict[str, Matchers], leaves: list[Leaf], chosen: dict[int, int]) -> bool:
    if not paths:
        return True
    path, *rest = paths
    there = [
        (value, place)
        for name, value, place in leaves
        if name == path and all(chosen.get(array, index) == index for array, index in place.items())
    ]
    for matcher in fields[path]:
        if matcher == {"exists": False}:
            if not there and _choose(rest, fields, leaves, chosen):
                return True
            continue
        for value, place in there:
            if _says_yes(matcher, value) and _choose(rest, fields, leaves, {**chosen, **place}):
                return True
    return False


def _says_yes(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, dict):
        # In Python true equals 1, in JSON it does not.
        return (
            _is_number(matcher) == _is_number(value)
            and isinstance(matcher, bool) == isinstance(value, bool)
            and (matcher == value)
        )
    ((operator, wanted),) = matcher.items()
    match operator:
        case "exists":
            return True
        case "exactly":
            return bool(value == wanted)
        case "anything-but":
            return not any(_says_yes(each, value) for each in _excluded(wanted))
        case "numeric":
            pairs = zip(wanted[::2], wanted[1::2], strict=True)
            return _is_number(value) and all(_compare(sign, value, bound) for sign, bound in pairs)
    if not isinstance(value, str):
        return False
    match operator, wanted:
        case (("prefix" | "suffix"), {"equals-ignore-case": text}):
            return _says_yes({operator: text.lower()}, value.lower())
        case "prefix", _:
            return value.find(wanted) == 0
        case "suffix", _:
            return value[::-1].find(wanted[::-1]) == 0
        case "equals-ignore-case", _:
            return bool(value.lower() == wanted.lower())
        case "wildcard", _:
            return wanted != "" and re.fullmatch(_expression(wanted), value, re.DOTALL) is not None
        case _:
            return _is_in(value, wanted)


def _excluded(wanted: Any) -> list[Any]:
    if isinstance(wanted, dict):
        ((operator, values),) = wanted.items()
        return [{operator: each} for each in (values if isinstance(values, list) else [values])]
    return wanted if isinstance(wanted, list) else [wanted]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compare(sign: str, value: float, bound: float) -> bool:
    return {
        "=": value == bound, "<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound,
    }[sign]  # fmt: skip


def _expression(wildcard: str) -> str:
    parts = re.findall(r"\\.|.", wildcard, re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)


def _is_in(value: str, network: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    first = ip_address(network.split("/")[0])
    inside = ip_network(network, strict=False)
    return address.version == first.version and address in inside and int(address) >= int(first)
