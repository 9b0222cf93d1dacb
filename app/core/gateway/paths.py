"""Paths and queries as gateways take them apart."""

from urllib.parse import unquote, unquote_plus


def segments_of(path: str) -> list[str]:
    """`/pets/7` has two segments, `/` has none, `/pets/` ends with an empty one. What is encoded stays so."""
    inner = path.removeprefix("/")
    return inner.split("/") if inner else []


def decoded(text: str) -> str:
    """Percent-decoded; what is no UTF-8 becomes the replacement character."""
    return unquote(text, errors="replace") if "%" in text else text


def query_items(query: str, *, plus_is_space: bool = True) -> list[tuple[str, str]]:
    """The decoded names and values of a query in their order; a name without `=` has an empty value."""
    decode = unquote_plus if plus_is_space else unquote
    items = []
    for part in query.split("&"):
        if part:
            name, _, text = part.partition("=")
            items.append((decode(name, errors="replace"), decode(text, errors="replace")))
    return items


def raw_query_items(query: str) -> list[tuple[str, str]]:
    """The same, with nothing decoded."""
    return [(name, text) for name, _, text in (part.partition("=") for part in query.split("&") if part)]


def matches_glob(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` (any run) and `?` (any one character) fits all of the text; takes pattern × text at
    most, whatever the pattern."""
    at = star = mark = 0
    place = 0
    has_star = False
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            has_star, star, mark = True, place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at += 1
            place += 1
        elif has_star:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return pattern[place:].strip("*") == ""
