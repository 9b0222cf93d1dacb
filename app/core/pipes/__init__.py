"""EventBridge Pipes: from a queue, through a filter and an enrichment, to a target."""

from app.core.pipes.pipe import Pipe
from app.core.pipes.pipes import Pipes

__all__ = ["Pipe", "Pipes"]
