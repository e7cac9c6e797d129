"""A vendor's name that leads into a private network is a lie, or an attack."""

from collections.abc import Sequence

import pytest

from consumer.errors import Unavailable
from consumer.http.causes import RefusedAddress
from consumer.http.client import HttpClient
from consumer.http.resolver import VendorResolver
from tests.http.listening import call
from tests.http.names import NameServer


async def resolved(
    *addresses: str, private: bool, host: str = "graph.vendor.example", proxies: Sequence[str] = ()
) -> Sequence[str]:
    resolver = VendorResolver(private=private, proxies=proxies, system=NameServer(*addresses))
    return [one["host"] for one in await resolver.resolve(host, 443)]


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::1", "::ffff:10.0.0.1"],
)
async def test_a_private_address_is_taken_only_where_that_is_meant(address: str) -> None:
    with pytest.raises(RefusedAddress, match="private network"):
        await resolved(address, private=False)
    assert await resolved(address, private=True) == [address]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "fe80::1%2", "::ffff:169.254.169.254", "0.0.0.0", "::", "224.0.0.1"],  # noqa: S104  resolved, not bound
)
async def test_addresses_that_no_vendor_can_have_are_never_taken(address: str, *, private: bool) -> None:
    with pytest.raises(RefusedAddress, match="no vendor can have" if private else "private network"):
        await resolved(address, private=private)


async def test_public_addresses_are_taken_and_private_ones_beside_them_left_out() -> None:
    assert await resolved("20.190.128.1", "10.0.0.1", "2603:1006::1", private=False) == ["20.190.128.1", "2603:1006::1"]


async def test_localhost_is_this_machine_and_may_be() -> None:
    assert await resolved("127.0.0.1", private=False, host="localhost") == ["127.0.0.1"]


async def test_a_proxy_may_be_in_the_private_network_and_a_vendor_still_may_not() -> None:
    proxies = ["proxy.school.example"]
    assert await resolved("10.0.0.1", private=False, host="proxy.school.example", proxies=proxies) == ["10.0.0.1"]
    with pytest.raises(RefusedAddress):
        await resolved("10.0.0.1", private=False, proxies=proxies)


async def test_a_proxy_is_no_way_to_the_credentials_of_a_cloud_s_machine() -> None:
    with pytest.raises(RefusedAddress):
        await resolved("169.254.169.254", private=False, host="proxy.school.example", proxies=["proxy.school.example"])


async def test_what_is_refused_is_explained_in_the_fault_and_so_in_the_log() -> None:
    async with HttpClient(names=NameServer("10.0.0.1")) as client:
        with pytest.raises(Unavailable, match="its name resolves to a private network; give a `ca_file`"):
            await client.send(call("https://graph.vendor.example/"), timeout=5)
