"""Names that are this machine's, whatever its system knows of them: `hello.lambda-url.us-east-1.localhost`."""

import socket

from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from app.core.urls import LOOPBACK_NAMES


class LoopbackResolver(ThreadedResolver):
    """Asks the system for every other name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if not host.endswith(LOOPBACK_NAMES):
            return await super().resolve(host, port, family)
        return [{**found, "hostname": host} for found in await super().resolve("localhost", port, family)]
