"""DNS for vendor calls: a public vendor is never in a private network, whatever a name server answers."""

import ipaddress
import socket
from collections.abc import Collection

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from consumer.http.causes import RefusedAddress

_LOOPBACK_NAMES = {"localhost"}


class VendorResolver(AbstractResolver):
    """Drops addresses that are not global, except for `localhost`; with `private`, only those that no vendor can have.

    Always dropped, even with `private`: link-local (where clouds keep their machines' credentials), multicast, unspecified. An address
    that stands in the configured URL itself is not resolved, and so not looked at. Raises `RefusedAddress` where nothing is left.

    `proxies` are the names of proxies, which may lead into a private network. What is called through a proxy is resolved by the proxy: then
    the proxy must keep calls out of private networks.
    """

    def __init__(self, *, private: bool, proxies: Collection[str] = (), system: AbstractResolver | None = None) -> None:
        self._system = system or DefaultResolver()
        self._private = private
        self._proxies = proxies

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See aiohttp's `AbstractResolver.resolve`."""
        found = await self._system.resolve(host, port, family)
        if host in _LOOPBACK_NAMES:
            return found
        private = self._private or host in self._proxies
        allowed = [one for one in found if _allows(one["host"].partition("%")[0], private=private)]
        if not allowed:
            raise RefusedAddress(
                "its name resolves to an address that no vendor can have"
                if private
                else "its name resolves to a private network; give a `ca_file` if that is intended"
            )
        return allowed

    async def close(self) -> None:
        """Ends the resolver."""
        await self._system.close()


def _allows(text: str, *, private: bool) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return private or address.is_global
