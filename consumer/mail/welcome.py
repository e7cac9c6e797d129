"""The welcome mail's values: `institution`, `preferred_name` (may be empty), `sign_in_name`, `password`, `service_name` ("Microsoft 365"),
`sign_in_url`, and `provider` ("microsoft", "google").
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from consumer.events import Provider
from consumer.mail.kind import SAMPLE_NAMES, SAMPLE_SIGN_IN_NAME, SERVICES, Kind
from consumer.mail.texts import one_line, unlinkable


@dataclass(frozen=True, slots=True)
class WelcomeValues:
    """Keeps `Values`. All are personal or secret, so none is in this object's repr."""

    institution: str = field(repr=False)
    provider: Provider
    preferred_name: str = field(repr=False)
    sign_in_name: str = field(repr=False)
    password: str = field(repr=False)

    def names(self) -> dict[str, str]:
        """See `Values`; the credentials are not cleaned."""
        service_name, sign_in_url = SERVICES[self.provider]
        return {
            "institution": one_line(self.institution),
            "preferred_name": unlinkable(self.preferred_name),
            "sign_in_name": self.sign_in_name,
            "password": self.password,
            "service_name": service_name,
            "sign_in_url": sign_in_url,
            "provider": self.provider.value,
        }


def _samples(institution: str) -> Sequence[WelcomeValues]:
    password = "Sample-Only-Pass-word"  # noqa: S105  a sample
    return [
        WelcomeValues(institution, provider, name, SAMPLE_SIGN_IN_NAME, password)
        for provider in Provider
        for name in SAMPLE_NAMES
    ]


WELCOME = Kind(
    names=("institution", "preferred_name", "sign_in_name", "password", "service_name", "sign_in_url", "provider"),
    required=("sign_in_name", "password", "sign_in_url"),
    apart=("password", "sign_in_name", "preferred_name"),
    secret=("password",),
    samples=_samples,
)
