"""Free ports on the loopback."""

import secrets
import socket

HOST = "127.0.0.1"
_RANGE = range(20_000, 32_000)
"""Below the ports that Linux and macOS give to outgoing connections: none is taken between our check and the server's bind."""


def free_ports(count: int) -> list[int]:
    """`count` different ports on which no process listens now. Two concurrent callers may, rarely, get the same port."""
    found: set[int] = set()
    while len(found) < count:
        port = secrets.choice(_RANGE)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found.add(port)
    return list(found)
