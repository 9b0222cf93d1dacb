"""JSON as a stream of tokens, with the positions and the complaints of the parser AWS reads patterns with (Jackson).

A refusal names the column where that parser stood, so its habits are kept: behind a field name it has already begun
the value, and a string is not read before it is asked for. Nothing here recurses, so depth cannot overflow a stack.
"""

import json
import re
from enum import Enum


class Token(Enum):
    OBJECT = "{"
    END_OBJECT = "}"
    ARRAY = "["
    END_ARRAY = "]"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    TRUE = "true"
    FALSE = "false"
    NULL = "null"
    END = "end of input"


class Misread(Exception):
    """The text is not what it should be; `reason` is Jackson's or the compiler's own, with its location."""

    def __init__(self, reason: str, location: str) -> None:
        self.reason = reason
        self.location = location
        super().__init__(f"{reason}\n at {location}")


_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[\w$]+")
_STRING_REST = re.compile(r'[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*')
_LITERALS = {"true": Token.TRUE, "false": Token.FALSE, "null": Token.NULL}
_SOURCE_CHARS = 500  # Jackson quotes no more of the source than this
_DEPTH = 1_000  # StreamReadConstraints.getMaxNestingDepth()


class Tokens:
    """`next()` gives token after token; `text` is the current one's."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._open: list[tuple[Token, int]] = []
        self._has_member = False
        self._current = Token.END
        self._pending: Token | None = None
        self._string_is_open = False
        self._name_text = ""
        self._text = ""

    def next(self) -> Token:
        """The next token; END behind the last. Raises Misread."""
        self._current = self._advance()
        return self._current

    @property
    def text(self) -> str:
        """The current token: a string's or name's content, a number as it is written, else the sign itself."""
        if self._current is Token.NAME:
            return self._name_text
        if self._string_is_open:
            self._read_string()
        return self._text

    def misread(self, reason: str) -> Misread:
        """The refusal to raise for what was just read."""
        return Misread(reason, self.location())

    def location(self, at: int | None = None) -> str:
        """Where the parser stands, as Jackson words it; lines and columns count from 1."""
        at = self._at if at is None else at
        shown = self._source[:_SOURCE_CHARS]
        rest = len(self._source) - len(shown)
        truncated = f"[truncated {rest} chars]" if rest else ""
        line = self._source.count("\n", 0, at) + 1
        column = at - (self._source.rfind("\n", 0, at) + 1) + 1
        return f'[Source: (String)"{shown}"{truncated}; line: {line}, column: {column}]'

    # Structure ------------------------------------------------------------------------------------------

    def _advance(self) -> Token:
        if self._pending is not None:
            token, self._pending = self._pending, None
            return self._entered(token)
        if self._string_is_open:
            self._read_string()
        self._skip_space()
        container = self._open[-1][0] if self._open else None
        if self._at == len(self._source):
            return self._end(container)
        char = self._source[self._at]
        if char in "}]" and container is not None:
            return self._close(char)
        if container is not None and self._has_member:
            self._separator(container)
        if container is Token.OBJECT:
            return self._name()
        self._has_member = True
        return self._entered(self._value())

    def _entered(self, token: Token) -> Token:
        if token in (Token.OBJECT, Token.ARRAY):
            self._open.append((token, self._at - 1))
            self._has_member = False
            if len(self._open) > _DEPTH:
                raise self.misread(
                    f"Document nesting depth ({_DEPTH + 1}) exceeds the maximum allowed ({_DEPTH}, from "
                    "`StreamReadConstraints.getMaxNestingDepth()`)"
                )
        return token

    def _close(self, char: str) -> Token:
        container, start = self._open[-1]
        wanted = "}" if container is Token.OBJECT else "]"
        self._at += 1
        if char != wanted:
            kind = "Object" if container is Token.OBJECT else "Array"
            raise self.misread(
                f"Unexpected close marker '{char}': expected '{wanted}' (for {kind} starting at {self.location(start)})"
            )
        self._open.pop()
        self._has_member = True
        self._text = char
        return Token(char)

    def _separator(self, container: Token) -> None:
        if self._source[self._at] != ",":
            kind = "Object" if container is Token.OBJECT else "Array"
            raise self._unexpected(f"was expecting comma to separate {kind} entries")
        self._at += 1
        self._skip_space()
        if self._at == len(self._source):
            self._end(container)

    def _name(self) -> Token:
        if self._source[self._at] != '"':
            raise self._unexpected("was expecting double-quote to start field name")
        self._at += 1
        self._string_is_open = True
        self._read_string()
        self._name_text = self._text
        self._skip_space()
        if self._source[self._at : self._at + 1] != ":":
            if self._at == len(self._source):
                self._end(Token.OBJECT)
            raise self._unexpected("was expecting a colon to separate field name and value")
        self._at += 1
        self._skip_space()
        if self._at == len(self._source):
            self._end(Token.OBJECT)
        self._has_member = True
        self._pending = self._value()
        return Token.NAME

    # Values ---------------------------------------------------------------------------------------------

    def _value(self) -> Token:
        char = self._source[self._at]
        if char == '"':
            self._at += 1
            self._string_is_open = True
            return Token.STRING
        if char in "{[":
            self._at += 1
            self._text = char
            return Token(char)
        if (number := _NUMBER.match(self._source, self._at)) is not None:
            return self._number(number.group())
        if (word := _WORD.match(self._source, self._at)) is not None and not char.isdigit():
            return self._literal(word.group())
        raise self._unexpected(
            "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        )

    def _number(self, text: str) -> Token:
        following = self._source[self._at + len(text) : self._at + len(text) + 1]
        if text.lstrip("-") == "0" and following.isdigit():
            self._at += len(text)
            raise self.misread("Invalid numeric value: Leading zeroes not allowed")
        self._at += len(text)
        self._text = text
        return Token.NUMBER

    def _literal(self, word: str) -> Token:
        self._at += len(word)
        if word not in _LITERALS:
            raise self.misread(
                f"Unrecognized token '{word}': was expecting "
                "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
            )
        self._text = word
        return _LITERALS[word]

    def _read_string(self) -> None:
        rest = _STRING_REST.match(self._source, self._at)
        assert rest is not None, "the expression also matches nothing"
        end = rest.end()
        self._string_is_open = False
        if end == len(self._source):
            self._at = end
            raise self.misread("Unexpected end-of-input: was expecting closing quote for a string value")
        if self._source[end] != '"':
            self._at = end
            raise self._control_character(self._source[end])
        try:
            self._text = json.loads(f'"{rest.group()}"')
        except json.JSONDecodeError as error:
            self._at += error.pos
            escaped = self._source[self._at : self._at + 1]
            raise self.misread(f"Unrecognized character escape '{escaped}' (code {ord(escaped or ' ')})") from None
        self._at = end + 1

    def _control_character(self, char: str) -> Misread:
        if char == "\\":
            return self.misread("Unexpected end-of-input in character escape sequence")
        return self.misread(
            f"Illegal unquoted character ((CTRL-CHAR, code {ord(char)})): has to be escaped using backslash "
            "to be included in string value"
        )

    # Complaints -----------------------------------------------------------------------------------------

    def _skip_space(self) -> None:
        space = _SPACE.match(self._source, self._at)
        assert space is not None, "the expression also matches nothing"
        self._at = space.end()

    def _end(self, container: Token | None) -> Token:
        if container is None:
            return Token.END
        kind = "Object" if container is Token.OBJECT else "Array"
        start = self.location(self._open[-1][1])
        raise self.misread(f"Unexpected end-of-input: expected close marker for {kind} (start marker at {start})")

    def _unexpected(self, expected: str) -> Misread:
        char = self._source[self._at]
        return self.misread(f"Unexpected character ('{char}' (code {ord(char)})): {expected}")
