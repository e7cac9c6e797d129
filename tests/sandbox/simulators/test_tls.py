"""The simulated world's certificates."""

import socket
import ssl
from pathlib import Path
from threading import Thread

import pytest

from sandbox.simulators.tls import Authority


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """Over a pair of sockets, without a network. Raises what the client raises."""
    near, far = socket.socketpair()
    near.settimeout(5)
    far.settimeout(5)

    def answer() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except OSError:  # the client says why
            far.close()

    serving = Thread(target=answer)
    serving.start()
    try:
        client.wrap_socket(near, server_hostname=name).close()
    finally:
        near.close()
        serving.join(5)


def _trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_file))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "vendors", "10.1.2.3"])
def test_a_client_that_trusts_the_authority_trusts_the_server_by_every_name_it_was_given(
    tmp_path: Path, name: str
) -> None:
    authority = Authority(tmp_path)

    _handshake(authority.server_context(["vendors", "10.1.2.3"]), _trusting(authority), name)


def test_a_name_that_was_not_given_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _handshake(authority.server_context(), _trusting(authority), "elsewhere.example")


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "one"), Authority(tmp_path / "other")

    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        _handshake(authority.server_context(), _trusting(stranger), "localhost")


def test_its_files_stand_in_the_directory_that_was_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "made" / "as needed")

    chain, key = authority.issue("vendors")

    assert {file.parent for file in (authority.ca_file, chain, key)} == {tmp_path / "made" / "as needed"}
