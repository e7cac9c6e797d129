"""The simulated vendors by a name that only a proxy can resolve."""

from dataclasses import dataclass

from sandbox.simulators.server import VendorServer

VENDORS = "vendors.example"


@dataclass
class Named:
    """Keeps `Reachable`. The server's certificate must be for `VENDORS` as well."""

    server: VendorServer

    def url(self, vendor: str, *, host: str | None = None) -> str:
        return self.server.url(vendor, host=host or VENDORS)
