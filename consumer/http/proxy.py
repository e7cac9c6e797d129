"""Through which proxy a request leaves, if any: from the setting `proxy`, else from the environment.

Never through a proxy: the loopback, link-local addresses and the names of the clouds' metadata servers. These endpoints give
credentials to this machine only.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from consumer.errors import Stop
from consumer.settings import ProxySettings

_OWN_NAMES = {"localhost", "metadata", "metadata.google.internal"}
_PORTS = {"https": 443, "http": 80}
_LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy for each scheme, with its credentials if it wants any, and what is reached directly (`NO_PROXY`)."""

    https: str | None = field(default=None, repr=False)
    http: str | None = field(default=None, repr=False)
    direct: tuple[str, ...] = ()

    def of(self, url: str) -> str | None:
        """The proxy's URL for a request to `url`; None where it goes directly, or is no URL."""
        if self.https is None and self.http is None:
            return None
        try:
            target = urlsplit(url)
            port = target.port or _PORTS.get(target.scheme, 0)
        except ValueError:
            return None
        proxy = self.https if target.scheme == "https" else self.http
        host = (target.hostname or "").rstrip(".")
        return None if _stays_here(host) or any(_matches(host, port, one) for one in self.direct) else proxy

    def for_requests(self, url: str) -> dict[str, str]:
        """The same as `requests` takes it."""
        proxy = self.of(url)
        return {urlsplit(url).scheme: proxy} if proxy else {}

    @property
    def names(self) -> frozenset[str]:
        """The proxies' own names: they may lead into a private network."""
        return frozenset(urlsplit(proxy).hostname or "" for proxy in (self.https, self.http) if proxy)


DIRECT = Proxies()
"""No proxy."""


def open_proxies(
    settings: ProxySettings | None, open_secret: Callable[[str], str], environ: Mapping[str, str]
) -> Proxies:
    """From the settings; where there are none, from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in lower case first, as curl reads them.

    Raises `Stop` where a secret cannot be opened, or the environment names a proxy that cannot be used. No text repeats its credentials.
    """
    if settings is None:
        direct = tuple(filter(None, (one.strip() for one in _variable(environ, "no_proxy").split(","))))
        return Proxies(_from_variable(environ, "https_proxy"), _from_variable(environ, "http_proxy"), direct)
    if settings.url is None:
        return DIRECT
    url = settings.url
    if settings.username:
        password = open_secret(settings.password) if settings.password else ""
        url = url.replace("//", f"//{quote(settings.username, safe='')}:{quote(password, safe='')}@", 1)
    return Proxies(url, url, settings.no_proxy)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _from_variable(environ: Mapping[str, str], name: str) -> str | None:
    text = _variable(environ, name).strip()
    if not text:
        return None
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise Stop(f"The environment variable {name.upper()} is not a proxy's URL such as http://proxy.example:3128.")
    return url.rstrip("/")


def _stays_here(host: str) -> bool:
    if host.lower() in _OWN_NAMES:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local


def _matches(host: str, port: int, exception: str) -> bool:
    """Whether `exception` names the host: itself or a domain above it, an address, a network, `*`; with a port, only that one."""
    name, only = _split(exception)
    if only not in {None, port}:
        return False
    if name == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        domain = name.removeprefix("*").removeprefix(".").lower()
        return host.lower() == domain or host.lower().endswith(f".{domain}")


def _split(exception: str) -> tuple[str, int | None]:
    name, _, port = exception.rpartition(":")
    bracketed = name.startswith("[") and name.endswith("]")
    if port.isdecimal() and int(port) <= _LARGEST_PORT and (bracketed or (name and ":" not in name)):
        return name.strip("[]"), int(port)
    return exception.strip("[]"), None
