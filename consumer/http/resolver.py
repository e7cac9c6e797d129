"""DNS for vendor calls: a public vendor does not live in a private network, whatever a name server says."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_LOOPBACK_NAMES = {"localhost"}


class PublicResolver(AbstractResolver):
    """Leaves out addresses that are not global, but for `localhost`. Raises OSError where nothing is left."""

    def __init__(self) -> None:
        self._system = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See aiohttp's `AbstractResolver.resolve`."""
        found = await self._system.resolve(host, port, family)
        if host in _LOOPBACK_NAMES:
            return found
        public = [one for one in found if ipaddress.ip_address(one["host"].partition("%")[0]).is_global]
        if not public:
            raise OSError("the name leads into a private network; give a `ca_file` if that is meant")
        return public

    async def close(self) -> None:
        """Ends the resolver."""
        await self._system.close()
