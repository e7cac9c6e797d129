"""Mailgun's accounts: keys, domains, and what sending does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sandbox.simulators.mailgun import refusals
from sandbox.simulators.mailgun.bounces import Bounces
from sandbox.simulators.mailgun.journal import Journal
from sandbox.simulators.mailgun.mailbox import Fate, Mailbox
from sandbox.simulators.mailgun.message import Form, Message, read
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.rate import Rate


class DomainState(StrEnum):
    """Whether a domain may send."""

    ACTIVE = "active"
    UNVERIFIED = "unverified"
    DISABLED = "disabled"
    SANDBOX = "sandbox"  # sends to its account's authorised recipients only


@dataclass(slots=True)
class Domain:
    """A sending domain of one account."""

    name: str
    account: str
    bounces: Bounces
    state: DomainState = DomainState.ACTIVE
    authorised: set[str] = field(default_factory=set[str])

    def shown(self) -> Mapping[str, Any]:
        """As the domains API has it; a sandbox is active, and of a type of its own."""
        sandbox = self.state is DomainState.SANDBOX
        disabled = self.state is DomainState.DISABLED
        return {
            "created_at": "Thu, 01 Jan 2026 00:00:00 GMT",
            "encrypt_incoming_message": False,
            "id": sha256(self.name.encode()).hexdigest()[:24],
            "is_disabled": disabled,
            "message_ttl": 259_200,
            "name": self.name,
            "require_tls": False,
            "skip_verification": False,
            "smtp_login": f"postmaster@{self.name}",
            "spam_action": "disabled",
            "state": DomainState.ACTIVE if sandbox else self.state,
            "type": "sandbox" if sandbox else "custom",
            "use_automatic_sender_security": True,
            "web_prefix": "email",
            "web_scheme": "https",
            "wildcard": False,
        }


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of one account; with `sending_for`, it may do nothing but send from that domain."""

    secret: str = field(repr=False)
    account: str
    sending_for: str | None = None


class Accounts:
    """Raises `Refusal` where Mailgun would. Unix seconds come from `clock`. Nothing is idempotent here: nor is Mailgun."""

    def __init__(self, *, clock: Callable[[], float], quirks: MailgunQuirks | None = None) -> None:
        self.quirks = quirks or MailgunQuirks()
        self.mailbox = Mailbox()
        self.journal = Journal(clock=clock, delay=self.quirks.ingestion_delay, retention=self.quirks.retention)
        self._clock = clock
        self._domains: dict[str, Domain] = {}
        self._keys: dict[str, Key] = {}
        self._rates: dict[str, Rate] = {}

    def add_domain(self, name: str, *, account: str = "main") -> Domain:
        """A verified domain; its `state` may be changed at any time."""
        domain = self._domains[name] = Domain(name, account, Bounces(self._clock))
        return domain

    def add_key(self, secret: str, *, account: str = "main", sending_for: str | None = None) -> Key:
        """A key of the account, for everything or for sending from one domain only."""
        key = self._keys[secret] = Key(secret, account, sending_for)
        return key

    def key(self, user: str, secret: str) -> Key:
        """Who calls, by basic authentication; the user name is always `api`."""
        key = self._keys.get(secret)
        if user != "api" or key is None:
            raise refusals.forbidden()
        return key

    def domain(self, key: Key, name: str) -> Domain:
        """A domain for anything but sending. Sending keys see none."""
        if key.sending_for is not None:
            raise refusals.forbidden()
        return self._own(key, name)

    def domains(self, key: Key) -> Sequence[Domain]:
        """All of the key's account."""
        if key.sending_for is not None:
            raise refusals.forbidden()
        return [domain for domain in self._domains.values() if domain.account == key.account]

    def send(self, key: Key, name: str, form: Form) -> Message:
        """POST /v3/{domain}/messages: once it returns, the mail is on its way, whether or not the answer arrives."""
        if key.sending_for not in {None, name}:
            raise refusals.forbidden()
        domain = self._own(key, name)
        if domain.state in {DomainState.UNVERIFIED, DomainState.DISABLED}:
            raise refusals.not_allowed(name, f"the domain is {domain.state}")
        self._charge(domain)
        message = read(name, form)
        if domain.state is DomainState.SANDBOX and not domain.authorised.issuperset(message.recipients):
            raise refusals.sandbox(name, self.quirks.sandbox_status)
        for recipient in message.recipients:
            self._deliver(message, recipient, suppressed=recipient in domain.bounces)
        return message

    def _charge(self, domain: Domain) -> None:
        second = self.quirks.requests_per_second
        if second is None:
            return
        rate = self._rates.setdefault(domain.account, Rate(second, burst=max(1.0, second), clock=self._clock))
        if not rate.allows():
            wait = self.quirks.throttled_for
            headers = {
                "retry-after": {"Retry-After": str(wait)},
                "x-ratelimit-reset": {"X-RateLimit-Reset": f"{self._clock() + wait:.3f}"},
                "none": {},
            }[self.quirks.rate_header]
            raise refusals.throttled(domain.name, wait, headers)

    def _deliver(self, message: Message, recipient: str, *, suppressed: bool) -> None:
        now = self._clock()
        later = now + self.quirks.delivery_delay
        self.journal.write("accepted", message, recipient, at=now)
        if suppressed:
            self.journal.write("failed", message, recipient, at=later, reason="suppress-bounce")
            self.mailbox.put(message, recipient, Fate.SUPPRESSED, now=now)
            return
        self.journal.write("delivered", message, recipient, at=later)
        self.mailbox.put(message, recipient, Fate.TEST_MODE if message.test_mode else Fate.DELIVERED, now=now)

    def _own(self, key: Key, name: str) -> Domain:
        domain = self._domains.get(name)
        if domain is None or domain.account != key.account:
            raise refusals.domain_not_found(name)
        return domain
