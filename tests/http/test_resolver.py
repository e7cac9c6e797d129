"""A vendor's name that leads into a private network is a lie, or an attack."""

import socket
from collections.abc import Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from consumer.http.resolver import VendorResolver


class NameServer(AbstractResolver):
    """Says what it was told to say."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        return


async def resolved(*addresses: str, private: bool, host: str = "graph.vendor.example") -> Sequence[str]:
    found = await VendorResolver(private=private, system=NameServer(*addresses)).resolve(host, 443)
    return [one["host"] for one in found]


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::1", "::ffff:10.0.0.1"],
)
async def test_a_private_address_is_taken_only_where_that_is_meant(address: str) -> None:
    with pytest.raises(OSError, match="private network"):
        await resolved(address, private=False)
    assert await resolved(address, private=True) == [address]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "fe80::1%2", "::ffff:169.254.169.254", "0.0.0.0", "::", "224.0.0.1"],  # noqa: S104  resolved, not bound
)
async def test_addresses_that_no_vendor_can_have_are_never_taken(address: str, *, private: bool) -> None:
    with pytest.raises(OSError, match="private network"):
        await resolved(address, private=private)


async def test_public_addresses_are_taken_and_private_ones_beside_them_left_out() -> None:
    assert await resolved("20.190.128.1", "10.0.0.1", "2603:1006::1", private=False) == ["20.190.128.1", "2603:1006::1"]


async def test_localhost_is_this_machine_and_may_be() -> None:
    assert await resolved("127.0.0.1", private=False, host="localhost") == ["127.0.0.1"]
