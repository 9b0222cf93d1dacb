"""Why does it not fire? Steps and a conclusion for an event that might come, or for a message that came; all read-only.

What it says rests on two things. The rules are those of the real verbs, asked without being carried out. And a world
that was woken is at rest: nothing lies visible in a queue that a free poller could receive, so that a new message which
nothing holds back is the next one received.
"""

from app.core.explain.explainer import explain
from app.core.explain.explanation import About, Conclusion, Explanation, Step, Verdict
from app.core.explain.questions import (
    OfEvent,
    OfInvoke,
    OfMessage,
    OfObject,
    OfPipe,
    OfPublish,
    OfRequest,
    OfSchedule,
    OfSend,
    Question,
)

__all__ = [
    "About",
    "Conclusion",
    "Explanation",
    "OfEvent",
    "OfInvoke",
    "OfMessage",
    "OfObject",
    "OfPipe",
    "OfPublish",
    "OfRequest",
    "OfSchedule",
    "OfSend",
    "Question",
    "Step",
    "Verdict",
    "explain",
]
