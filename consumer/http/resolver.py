"""DNS for vendor calls: a public vendor does not live in a private network, whatever a name server says."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_LOOPBACK_NAMES = {"localhost"}


class VendorResolver(AbstractResolver):
    """Leaves out addresses that are not global, but for `localhost`; with `private`, only those that no vendor can have.

    Never let through, even with `private`: link-local (where clouds keep their machines' credentials), multicast, unspecified. An address
    that stands in the configured URL itself is not resolved, and so not looked at. Raises OSError where nothing is left.
    """

    def __init__(self, *, private: bool, system: AbstractResolver | None = None) -> None:
        self._system = system or DefaultResolver()
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See aiohttp's `AbstractResolver.resolve`."""
        found = await self._system.resolve(host, port, family)
        if host in _LOOPBACK_NAMES:
            return found
        allowed = [one for one in found if self._allows(one["host"].partition("%")[0])]
        if not allowed:
            raise OSError("the name leads into a private network; give a `ca_file` if that is meant")
        return allowed

    async def close(self) -> None:
        """Ends the resolver."""
        await self._system.close()

    def _allows(self, text: str) -> bool:
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
        return self._private or address.is_global
