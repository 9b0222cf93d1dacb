"""Wildcards: reading `a*b`, how complex one is, and matching it in time linear in the value."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


class BadWildcard(ValueError):
    """The text is no wildcard; the message is event-ruler's."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Literal parts with any run of characters between them; `a*b` has two, `*` has two empty ones."""

    parts: tuple[str, ...]

    def matches(self, value: str) -> bool:
        first, *middle = self.parts
        if not middle:
            # Without a `*` it is plain text; the empty one matches nothing at all (recorded).
            return bool(first) and value == first
        last = middle.pop()
        at, end = len(first), len(value) - len(last)
        if at > end or not value.startswith(first) or not value.endswith(last):
            return False
        for part in middle:
            at = value.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    @property
    def complexity(self) -> int:
        """How many of its prefixes one value can match at once: what event-ruler's evaluator bounds.

        Behind a `*` all is open, so every `*` counts, and with them the parts that are begun at one character: the
        part prefixes that end alike. Those are the nodes and failure links of an Aho-Corasick trie over the parts.
        """
        return len(self.parts) - 1 + _most_begun(self.parts[1:])


def read_wildcard(text: str) -> Wildcard:
    r"""`*` is any run of characters; `\*` and `\\` stand for themselves. Raises BadWildcard."""
    parts, part = [], ""
    at = 0
    while at < len(text):
        char = text[at]
        following = text[at + 1 : at + 2]
        if char == "*":
            if following == "*":
                raise BadWildcard(f"Consecutive wildcard characters at pos {_position(text, at)}")
            parts.append(part)
            part = ""
        elif char == "\\":
            if following not in ("*", "\\"):
                raise BadWildcard(f"Invalid escape character at pos {_position(text, at)}")
            part += following
            at += 1
        else:
            part += char
        at += 1
    return Wildcard((*parts, part))


def _position(text: str, at: int) -> int:
    """event-ruler counts the UTF-8 bytes of the quoted text, so an opening quote comes first."""
    return 1 + len(text[:at].encode("utf-8", "surrogatepass"))


def _most_begun(parts: Sequence[str]) -> int:
    """The most parts, and prefixes of parts, that can end at one character."""
    children: list[dict[str, int]] = [{}]
    begun = [0]
    for part in parts:
        node = 0
        for char in part:
            if char not in children[node]:
                children[node][char] = len(children)
                children.append({})
                begun.append(0)
            node = children[node][char]
            begun[node] += 1
    fail = [0] * len(children)
    waiting = deque([0])
    while waiting:
        node = waiting.popleft()
        for char, child in children[node].items():
            back = fail[node]
            while back and char not in children[back]:
                back = fail[back]
            if node:
                fail[child] = children[back].get(char, 0)
            begun[child] += begun[fail[child]]
            waiting.append(child)
    return max(begun)
