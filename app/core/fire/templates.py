"""The templates of events by source and name, found however people write them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.core.awslambda.invocation import InvocationType
from app.core.errors import ResourceNotFound
from app.core.fire.settings import Setting

_ALIASES = {
    "events": "eventbridge",
    "cloudwatchevents": "eventbridge",
    "logs": "cloudwatch-logs",
    "cognitoidp": "cognito",
    "userpool": "cognito",
    "kinesisfirehose": "firehose",
    "datafirehose": "firehose",
    "msk": "kafka",
    "rabbitmq": "mq",
    "activemq": "mq",
    "docdb": "documentdb",
    "dynamodbstreams": "dynamodb",
    "apigw": "apigateway",
    "elb": "alb",
    "loadbalancer": "alb",
    "lambdaedge": "cloudfront",
    "functionurl": "lambda-url",
    "cfn": "cloudformation",
}
_TRIGGERS = {"TokenGeneration": "PreTokenGeneration", "Authentication": "PreAuthentication"}
"""Where the beginning of Cognito's triggerSource is not the trigger's own name."""


class NoSuchTemplate(ResourceNotFound):
    """No template has this source and name."""


@dataclass(frozen=True, slots=True)
class Template:
    """One event as its source sends it. `invocation` is how the source invokes a function with it."""

    source: str
    name: str
    description: str
    invocation: InvocationType
    documentation: str
    event: Any

    @property
    def title(self) -> str:
        return f"{self.source} {self.name}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All templates, in the order of the catalogue's file."""

    templates: tuple[Template, ...]

    def of(self, source: str) -> list[Template]:
        """All of a source. Raises NoSuchTemplate."""
        wanted = _plain(_ALIASES.get(_plain(source), source))
        found = [template for template in self.templates if _plain(template.source) == wanted]
        if not found:
            sources = dict.fromkeys(template.source for template in self.templates)
            raise NoSuchTemplate(f"there are no events of '{source}'{_guess(source, sources)}")
        return found

    def find(self, source: str, name: str | None = None) -> tuple[Template, tuple[Setting, ...]]:
        """The template, and what its name says beyond it: `PreSignUp_AdminCreateUser` is a triggerSource of Cognito's.

        Without a name, the source's first. Raises NoSuchTemplate.
        """
        found = self.of(source)
        if name is None:
            return found[0], ()
        by_name = {_plain(template.name): template for template in found}
        if _plain(name) in by_name:
            return by_name[_plain(name)], ()
        trigger = name.partition("_")[0]
        template = by_name.get(_plain(_TRIGGERS.get(trigger, trigger)))
        if template is not None and template.source == "cognito":
            return template, (Setting(("triggerSource",), name),)
        names = [template.name for template in found]
        hint = _guess(name, names) or f"; there are {', '.join(names)}"
        raise NoSuchTemplate(f"there is no event '{name}' of {found[0].source}{hint}")


def _plain(text: str) -> str:
    """`PreSignUp`, `pre-sign-up` and `pre_sign_up` are one name."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _guess(text: str, names: Iterable[str]) -> str:
    by_plain = {_plain(name): name for name in names}
    near = get_close_matches(_plain(text), by_plain, 1, 0.6)
    return f"; did you mean '{by_plain[near[0]]}'?" if near else ""
