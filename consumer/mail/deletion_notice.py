"""The values of the notice that an account will be deleted: `institution`, `given_name` and `family_name` (either may be empty),
`sign_in_name`, `deletion_date` (as YYYY-MM-DD), `service_name` ("Microsoft 365"), and `provider` ("microsoft", "google").

Students and the office read the same mail. It holds no secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from consumer.events import Provider
from consumer.mail.kind import SAMPLE_NAMES, SAMPLE_SIGN_IN_NAME, SERVICES, Kind
from consumer.mail.texts import one_line, unlinkable


@dataclass(frozen=True, slots=True)
class NoticeValues:
    """Keeps `Values`. Names and the address are personal, so they are not in this object's repr."""

    institution: str = field(repr=False)
    provider: Provider
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    sign_in_name: str = field(repr=False)
    deletion_date: date

    def names(self) -> dict[str, str]:
        """See `Values`."""
        return {
            "institution": one_line(self.institution),
            "given_name": unlinkable(self.given_name),
            "family_name": unlinkable(self.family_name),
            "sign_in_name": self.sign_in_name,
            "deletion_date": self.deletion_date.isoformat(),
            "service_name": SERVICES[self.provider][0],
            "provider": self.provider.value,
        }


def _samples(institution: str) -> Sequence[NoticeValues]:
    day = date(2030, 12, 31)
    return [
        NoticeValues(institution, provider, given, family, SAMPLE_SIGN_IN_NAME, day)
        for provider in Provider
        for given, family in zip(SAMPLE_NAMES, reversed(SAMPLE_NAMES), strict=True)
    ]


DELETION_NOTICE = Kind(
    names=("institution", "given_name", "family_name", "sign_in_name", "deletion_date", "service_name", "provider"),
    required=("sign_in_name", "deletion_date"),
    apart=("sign_in_name", "given_name", "family_name"),
    secret=(),
    samples=_samples,
)
