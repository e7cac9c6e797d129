"""Why a connection failed, in words that may be logged. Pure.

The clients wrap the cause several times over (aiohttp in httpx, urllib3 in requests), and their own texts quote URLs. What is shown here
comes from the innermost cause that explains anything, and holds neither an address nor a credential.
"""

import socket
import ssl
from collections.abc import Iterator

import httpx


class RefusedAddress(OSError):
    """A name leads only to addresses that are not called. The text may be shown: it says what to do."""


class ProxyRefused(OSError):
    """The proxy opened no tunnel. The text may be shown: it names the proxy's status at most."""


def explain(error: BaseException) -> str:
    """The cause in a few words; the outermost error's type where nothing in its chain explains more."""
    for one in _chain(error):
        if described := _described(one):
            return described
    return type(error.__cause__ or error).__name__


def _described(error: BaseException) -> str | None:
    match error:
        case RefusedAddress() | ProxyRefused():
            return str(error)
        case ssl.SSLCertVerificationError() if detail := getattr(error, "verify_message", None):
            return f"certificate verification failed: {detail}"
        case socket.gaierror():
            return "its name cannot be resolved"
        case ConnectionRefusedError():
            return "connection refused"
        case httpx.ProxyError() | OSError():
            # httpx and urllib3 name a proxy's refusal in their text only: "407 Proxy Authentication Required", after some words or none.
            status = str(error).removeprefix("Tunnel connection failed: ").partition(" ")[0]
            return f"the proxy refused the tunnel (HTTP {status})" if status.isdecimal() else None
        case _:
            return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, innermost last: as cause or context, or as requests, urllib3 and aiohttp keep it."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = (
            one.__cause__,
            one.__context__,
            getattr(one, "reason", None),
            getattr(one, "os_error", None),
            *one.args,
        )
        waiting.extend(inner for inner in wrapped if isinstance(inner, BaseException))
