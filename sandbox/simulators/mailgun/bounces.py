"""The bounce list of one domain: recipients to whom nothing more is delivered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from sandbox.simulators.mailgun.refusals import bad_request, not_suppressed

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """One address; `created_at` in Unix seconds."""

    address: str
    code: str
    error: str
    created_at: float

    def shown(self) -> dict[str, Any]:
        """The bounce as the API answers it."""
        date = formatdate(self.created_at, usegmt=True).replace("GMT", "UTC")
        return {"address": self.address, "code": self.code, "error": self.error, "created_at": date}


class Bounces:
    """Raises `Refusal` where Mailgun would."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_address: dict[str, Bounce] = {}

    def __contains__(self, address: str) -> bool:
        return address.lower() in self._by_address

    def add(self, records: Sequence[Mapping[str, Any]]) -> int:
        """Adds up to 1,000 records (`address`, `code`, `error`); how many there were."""
        if len(records) > _BATCH:
            raise bad_request(f"Batch size should be less than {_BATCH}")
        for record in records:
            address = record.get("address")
            if not isinstance(address, str) or "@" not in address:
                raise bad_request("address parameter is invalid")
            code, error = str(record.get("code") or "550"), str(record.get("error") or "")
            self._by_address[address.lower()] = Bounce(address.lower(), code, error, self._clock())
        return len(records)

    def get(self, address: str) -> Bounce:
        """The record of one address."""
        bounce = self._by_address.get(address.lower())
        if bounce is None:
            raise not_suppressed()
        return bounce

    def page(self, *, after: str, limit: int, term: str) -> Sequence[Bounce]:
        """Up to `limit` records behind the address `after` whose addresses begin with `term`, by address."""
        found = (b for a, b in sorted(self._by_address.items()) if a > after.lower() and a.startswith(term.lower()))
        return [bounce for bounce, _ in zip(found, range(limit), strict=False)]

    def remove(self, address: str) -> None:
        """Forgets one address: mail to it is delivered again."""
        del self._by_address[self.get(address).address]

    def clear(self) -> None:
        """Forgets all."""
        self._by_address.clear()
