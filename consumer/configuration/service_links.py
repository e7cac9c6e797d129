"""The variables that Kubernetes gives every container for each Service of its namespace, as Docker's links did before.

For a Service called `provisioner-kafka` these begin with `PROVISIONER_KAFKA_`, like our settings (kubernetes.io, "Service", environment
variables): `{NAME}_SERVICE_HOST`, `{NAME}_SERVICE_PORT`, `{NAME}_SERVICE_PORT_{PORT'S NAME}`, `{NAME}_PORT`,
`{NAME}_PORT_{number}_{protocol}`, and that with `_PROTO`, `_PORT` and `_ADDR`.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

_HOST, _PORT = "_SERVICE_HOST", "_SERVICE_PORT"
_NUMBER = r"[0-9]{1,5}"
_PROTOCOL = r"(?:TCP|UDP|SCTP)"
_URL = r"(?:tcp|udp|sctp)://(?:[0-9.]+|\[[0-9a-fA-F:.]+\]):" + _NUMBER
_FORMS = [
    (re.compile(name), re.compile(value))
    for name, value in (
        (r"_SERVICE_HOST", r".+"),
        (r"_SERVICE_PORT(?:_[A-Z0-9_]+)?", _NUMBER),
        (r"_PORT", _URL),
        (rf"_PORT_{_NUMBER}_{_PROTOCOL}", _URL),
        (rf"_PORT_{_NUMBER}_{_PROTOCOL}_PROTO", r"tcp|udp|sctp"),
        (rf"_PORT_{_NUMBER}_{_PROTOCOL}_PORT", _NUMBER),
        (rf"_PORT_{_NUMBER}_{_PROTOCOL}_ADDR", r"[0-9a-fA-F:.]+"),
    )
]


def service_links(environ: Mapping[str, str], *, prefix: str) -> Iterator[str]:
    """The names that describe Services whose variables begin with `prefix`, which ends in an underscore.

    A Service is one that has both a host, which is an IP address, and a port. So a setting that is mistyped is not taken for one.
    """
    services = {
        name.removesuffix(_HOST)
        for name, value in environ.items()
        if name.startswith(prefix) and name.endswith(_HOST) and _is_ip(value)
    }
    services = {service for service in services if re.fullmatch(_NUMBER, environ.get(service + _PORT, ""))}
    for name, value in environ.items():
        if any(name.startswith(service) and _describes(name.removeprefix(service), value) for service in services):
            yield name


def _describes(rest: str, value: str) -> bool:
    return any(name.fullmatch(rest) and form.fullmatch(value) for name, form in _FORMS)


def _is_ip(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
