"""How a runtime writes the two requests that it sends with every invocation, so that they are known without a parser.

How ours write them is known beforehand. Any other's are learnt: a client writes its heads always in the same way, but
for the request id and the length of the body. What is not byte for byte as before is for the parser.
"""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)(?=\r\n)", re.IGNORECASE)
_UNUSUAL = re.compile(
    rb"\r\n(?:transfer-encoding|expect|connection|upgrade|trailer|lambda-runtime-function-[a-z-]+) *:", re.IGNORECASE
)
"""What makes a request mean something else, or end elsewhere."""
_MOST_LEARNT = 8
"""Whose heads differ every time is not learnt for ever."""


class UsualRequests:
    """Of one runtime: what it has asked with, and how it answers the invocation that is expected."""

    def __init__(self) -> None:
        self.poll = b"-"
        """The whole question for the next invocation; at first something that no client sends."""
        self._before_id = self._after_id = self._after_length = b""
        self._begin = b""
        """Of the response to the invocation in progress, up to its length."""
        self._request_id = b""
        self._learnt = 0

    def know(self, poll: bytes, response: bytes, request_id: bytes) -> None:
        """Both are written like this. `response` is the head of one to that invocation."""
        self.poll = poll
        self._know_response(response, request_id)

    def learn_poll(self, head: bytes) -> None:
        """It has asked like this."""
        if self._may_learn(head) and not _LENGTH.search(head):
            self.poll = head

    def learn_response(self, head: bytes) -> None:
        """It has answered like this what was expected."""
        if self._may_learn(head):
            self._know_response(head, self._request_id)

    def expect(self, request_id: str) -> None:
        """This invocation is to be answered next."""
        self._request_id = request_id.encode()
        if self._before_id:
            self._begin = b"%s%s%s" % (self._before_id, self._request_id, self._after_id)

    def response_in(self, data: bytes) -> tuple[int, int] | None:
        """Where in `data`, which is the response that is expected, its body begins and ends, be it behind the end of
        what is there. None where it is anything else, or its head not whole."""
        begin = len(self._begin)
        if not begin or not data.startswith(self._begin):
            return None
        end = data.find(b"\r\n", begin)
        length = data[begin:end]
        if end < 0 or not length.isdigit() or not data.startswith(self._after_length, end):
            return None
        end += len(self._after_length)
        return end, end + int(length)

    def _may_learn(self, head: bytes) -> bool:
        if b" HTTP/1.1\r\n" not in head or self._learnt == _MOST_LEARNT or _UNUSUAL.search(head):
            return False
        self._learnt += 1
        return True

    def _know_response(self, head: bytes, request_id: bytes) -> None:
        length = _LENGTH.search(head)
        if length is None or head.count(request_id) != 1 or len(_LENGTH.findall(head)) != 1:
            return
        begin, end = length.span(1)
        self._before_id, _, self._after_id = head[:begin].partition(request_id)
        self._after_length = head[end:]
        self._begin = b"%s%s%s" % (self._before_id, self._request_id, self._after_id)
