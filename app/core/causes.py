"""What caused a request: the invocation that its trace header names, or whose access key signed it, or nobody here."""

from dataclasses import dataclass

from app.core.awslambda.functions import Functions
from app.core.chain import Cause, Chains
from app.core.commands import Origin
from app.core.delivery.outside import Outside
from app.core.time import Instant


@dataclass(slots=True)
class Causes:
    """Ties requests to the chains of what runs here."""

    chains: Chains
    functions: Functions
    outside: Outside

    def of(self, origin: Origin, trace_header: str | None, now: Instant) -> Cause:
        """The cause of a request; one from outside starts a chain."""
        known = self.known(origin, trace_header)
        if known is not None:
            return known
        cause = self.chains.start(trace_header, now=now)
        self.outside.rounds.begin_chain(cause.chain)
        return cause

    def known(self, origin: Origin, trace_header: str | None) -> Cause | None:
        """The invocation that the trace header names, else the one that runs where the key belongs; None is the
        outside.

        Known by its key alone, AWS would have lost the chain, unless only the endpoint dropped the header (classic
        RIE), which Lambda would not.
        """
        cause = self.chains.cause_of_header(trace_header)
        if cause is not None:
            return cause
        found = self.functions.caller_with_key(origin.access_key_id) if origin.access_key_id else None
        if found is not None:
            function, call = found
            if call is not None and call.hop is not None:
                return Cause(call.hop.chain, call.hop, is_seen=not function.spec.passes_trace_header)
        return None
