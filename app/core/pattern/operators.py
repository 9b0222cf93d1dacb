"""The operators of the pattern language: a table from name to what reads one, refusing as event-ruler does.

A reader is called behind the operator's name and reads to the end of its object. The order of what it asks is that of
AWS's compiler, for a refusal names the first thing wrong and where.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from re import compile as regex

from app.core.errors import InvalidEventPattern
from app.core.pattern.matchers import (
    AnythingBut,
    EqualsIgnoreCase,
    Exactly,
    ExactNumber,
    Exists,
    InNetwork,
    IsAbsent,
    Matcher,
    MatchesWildcard,
    Numeric,
    Prefix,
    Suffix,
)
from app.core.pattern.tokens import Misread, Token, Tokens
from app.core.pattern.wildcard import BadWildcard, read_wildcard

_ONE_KEY = "Only one key allowed in match expression"
_TOO_MANY_ELEMENTS = "Too many elements in numeric expression"
_TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
    "wildcard character"
)
_IPV4 = regex(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_IPV6 = regex(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_INTEGER = regex(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the compiler is told: the operators allowed, how numbers are equal, how complex a wildcard may be, and what
    may stand inside an `anything-but`."""

    operators: frozenset[str]
    numbers_by_text: bool
    wildcard_complexity: int
    anything_but: frozenset[str]
    nested_lists: bool


Reader = Callable[[Tokens, Rules], Matcher]


def refused(reason: str) -> InvalidEventPattern:
    return InvalidEventPattern(f"Event pattern is not valid. Reason: {reason}")


def read_matchers(tokens: Tokens, rules: Rules) -> tuple[Matcher, ...]:
    """The array of a leaf, behind its opening bracket. Raises Misread, and InvalidEventPattern where no text is."""
    matchers: list[Matcher] = []
    while (token := tokens.next()) is not Token.END_ARRAY:
        match token:
            case Token.OBJECT:
                matchers.append(_read_expression(tokens, rules))
            case Token.STRING:
                matchers.append(Exactly(tokens.text))
            case Token.NUMBER:
                matchers.append(ExactNumber(tokens.text, rules.numbers_by_text))
            case Token.TRUE | Token.FALSE | Token.NULL:
                matchers.append(Exactly(_LITERALS[token]))
            case _:
                raise tokens.misread("Match value must be String, number, true, false, or null")
    if not matchers:
        raise tokens.misread("Empty arrays are not allowed")
    return tuple(matchers)


def _read_expression(tokens: Tokens, rules: Rules) -> Matcher:
    if tokens.next() is not Token.NAME:
        raise tokens.misread("Match expression name not found")
    name = tokens.text
    if name not in OPERATORS or name not in rules.operators:
        raise tokens.misread(f"Unrecognized match type {name}")
    return OPERATORS[name](tokens, rules)


# Texts ----------------------------------------------------------------------------------------------


def _exactly(tokens: Tokens, _: Rules) -> Matcher:
    text = _string(tokens, tokens.next(), "exact match pattern must be a string")
    return _closed(tokens, Exactly(text))


def _equals_ignore_case(tokens: Tokens, _: Rules) -> Matcher:
    text = _string(tokens, tokens.next(), "equals-ignore-case match pattern must be a string")
    return _closed(tokens, EqualsIgnoreCase(text))


def _prefix(tokens: Tokens, _: Rules) -> Matcher:
    return _affix(tokens, "prefix", Prefix)


def _suffix(tokens: Tokens, _: Rules) -> Matcher:
    return _affix(tokens, "suffix", Suffix)


def _affix(tokens: Tokens, name: str, matcher: Callable[[str, bool], Matcher]) -> Matcher:
    token = tokens.next()
    if token is not Token.OBJECT:
        text = _string(tokens, token, f"{name} match pattern must be a string")
        return _closed(tokens, matcher(text, False))
    if tokens.next() is not Token.NAME:
        raise tokens.misread(f"{name.capitalize()} expression name not found")
    if tokens.text != "equals-ignore-case":
        raise tokens.misread(f"Unsupported {name} pattern: {tokens.text}")
    text = _string(tokens, tokens.next(), "equals-ignore-case match pattern must be a string")
    return _closed(tokens, matcher(text, True), times=2)


def _wildcard(tokens: Tokens, rules: Rules) -> Matcher:
    text = _string(tokens, tokens.next(), "wildcard match pattern must be a string")
    return _closed(tokens, _matches_wildcard(tokens, text, rules))


def _matches_wildcard(tokens: Tokens, text: str, rules: Rules) -> Matcher:
    try:
        wildcard = read_wildcard(text)
    except BadWildcard as bad:
        raise tokens.misread(str(bad)) from None
    if wildcard.complexity > rules.wildcard_complexity:
        raise refused(_TOO_COMPLEX)
    return MatchesWildcard(text, wildcard)


# Anything but ---------------------------------------------------------------------------------------

_NOT_A_VALUE = "Value of anything-but must be an array or single string/number value."
_NOT_IN_LIST = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
}


def _anything_but(tokens: Tokens, rules: Rules) -> Matcher:
    token = tokens.next()
    operator = None
    if token is Token.OBJECT:
        if tokens.next() is not Token.NAME:
            raise tokens.misread("Anything-But expression name not found")
        operator = tokens.text
        if operator not in rules.anything_but or operator not in rules.operators:
            raise tokens.misread(f"Unsupported anything-but pattern: {operator}")
        token = tokens.next()
        if not rules.nested_lists and token is not Token.STRING:
            raise tokens.misread(f"{operator} match pattern must be a string")
    if token not in (Token.ARRAY, Token.STRING, Token.NUMBER):
        raise tokens.misread(_NOT_A_VALUE)

    def element(token: Token) -> Matcher:
        return _plain_element(tokens, token) if operator is None else _element(tokens, token, operator, rules)

    if token is Token.ARRAY:
        excluded = _list(tokens, element)
        if operator is None and len({type(matcher) for matcher in excluded}) != 1:
            raise tokens.misread(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
    else:
        excluded = (element(token),)
    return _closed(tokens, AnythingBut(excluded), times=1 if operator is None else 2, reason=_TOO_MANY_ELEMENTS)


def _list(tokens: Tokens, element: Callable[[Token], Matcher]) -> tuple[Matcher, ...]:
    elements = []
    try:
        while (token := tokens.next()) is not Token.END_ARRAY:
            elements.append(element(token))
    except Misread as misread:
        # AWS's compiler catches and raises again what goes wrong in a list: the location stands there twice.
        raise tokens.misread(str(misread)) from None
    return tuple(elements)


def _plain_element(tokens: Tokens, token: Token) -> Matcher:
    if token is Token.STRING:
        return Exactly(tokens.text)
    if token is Token.NUMBER:
        number = float(tokens.text)
        return Numeric((("=", number),))
    raise tokens.misread("Inside anything but list, start|null|boolean is not supported.")


def _element(tokens: Tokens, token: Token, operator: str, rules: Rules) -> Matcher:
    text = _string(tokens, token, _NOT_IN_LIST[operator])
    match operator:
        case "equals-ignore-case":
            return EqualsIgnoreCase(text)
        case "wildcard":
            return _matches_wildcard(tokens, text, rules)
        case _ if not text:
            raise tokens.misread("Null prefix/suffix not allowed")
        case "prefix":
            return Prefix(text)
        case _:
            return Suffix(text)


# Numbers, presence, addresses -----------------------------------------------------------------------


def _numeric(tokens: Tokens, _: Rules) -> Matcher:
    if tokens.next() is not Token.ARRAY:
        raise tokens.misread("Value of numeric must be an array.")
    return _closed(tokens, Numeric(_bounds(tokens)), reason=_TOO_MANY_ELEMENTS)


def _bounds(tokens: Tokens) -> tuple[tuple[str, float], ...]:
    if tokens.next() is not Token.STRING:
        raise tokens.misread(f"Invalid member in numeric match: {tokens.text}")
    operator = tokens.text
    token = tokens.next()
    if operator not in ("=", "<", "<=", ">", ">="):
        raise tokens.misread(f"Unrecognized numeric range operator: {operator}")
    first = _number(tokens, token, "equals" if operator == "=" else operator)
    token = tokens.next()
    if token is Token.END_ARRAY:
        return ((operator, first),)
    if operator in ("=", "<", "<="):
        raise tokens.misread(_TOO_MANY_ELEMENTS)
    if token is not Token.STRING:
        raise tokens.misread(f"Bad value in numeric range: {tokens.text}")
    top_operator = tokens.text
    if top_operator not in ("<", "<="):
        raise tokens.misread(f"Bad numeric range operator: {top_operator}")
    top = _number(tokens, tokens.next(), top_operator)
    if tokens.next() is not Token.END_ARRAY:
        raise tokens.misread("Too many terms in numeric range expression")
    if first >= top:
        raise tokens.misread("Bottom must be less than top")
    return ((operator, first), (top_operator, top))


def _number(tokens: Tokens, token: Token, operator: str) -> float:
    if token is not Token.NUMBER:
        raise tokens.misread(f"Value of {operator} must be numeric")
    return float(tokens.text)


def _exists(tokens: Tokens, _: Rules) -> Matcher:
    token = tokens.next()
    if token not in (Token.TRUE, Token.FALSE):
        raise tokens.misread("exists match pattern must be either true or false.")
    return _closed(tokens, Exists() if token is Token.TRUE else IsAbsent())


def _cidr(tokens: Tokens, _: Rules) -> Matcher:
    # AWS says prefix here too.
    text = _string(tokens, tokens.next(), "prefix match pattern must be a string")
    return _closed(tokens, _network(text))


def _network(text: str) -> InNetwork:
    """Raises InvalidEventPattern, which has no location here."""
    parts = text.split("/")
    while parts and not parts[-1]:  # as Java splits
        parts.pop()
    if len(parts) != 2:
        raise refused("Malformed CIDR, one '/' required")
    address_text, bits_text = parts
    if not _INTEGER.fullmatch(bits_text):
        raise refused("Malformed CIDR, mask bits must be an integer")
    bits = int(bits_text)
    if bits < 0:
        raise refused("Malformed CIDR, mask bits must not be negative")
    if not _IPV4.fullmatch(address_text) and not _IPV6.fullmatch(address_text):
        raise refused(f"Nonstandard IP address: {address_text}")
    try:
        address = ip_address(address_text)
    except ValueError:
        raise refused(f"Invalid IP address: {address_text}") from None
    if bits >= address.max_prefixlen:
        raise refused(f"IPv{address.version} mask bits must be < {address.max_prefixlen}")
    bottom = int(address)
    return InNetwork(text, address.version, bottom, bottom | ((1 << (address.max_prefixlen - bits)) - 1))


# Helpers --------------------------------------------------------------------------------------------


def _string(tokens: Tokens, token: Token, otherwise: str) -> str:
    if token is not Token.STRING:
        raise tokens.misread(otherwise)
    return tokens.text


def _closed(tokens: Tokens, matcher: Matcher, *, times: int = 1, reason: str = _ONE_KEY) -> Matcher:
    """`matcher`, once its object, and what it stands in, is closed."""
    for _ in range(times):
        if tokens.next() is not Token.END_OBJECT:
            raise tokens.misread(reason)
    return matcher


_LITERALS: Mapping[Token, bool | None] = {Token.TRUE: True, Token.FALSE: False, Token.NULL: None}

OPERATORS: Mapping[str, Reader] = {
    "exactly": _exactly,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
}
