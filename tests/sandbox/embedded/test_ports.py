import socket

from sandbox.embedded.ports import HOST, free_ports


def test_ports_are_different_and_can_be_taken() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as server:
            server.bind((HOST, port))
