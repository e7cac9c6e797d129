"""Whose things are at the vendors: the tenants behind the names that vendors know."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from consumer.secrets import SecretOpener
from consumer.tenants import GoogleSection, Tenant


@dataclass(slots=True)
class Owners:
    """Tenants by Entra directory, Google administrator and mail domain; and by application, service account and hash of a mail key.

    A name that several tenants share stands for none of them by itself: see `reached`.
    """

    tenants: dict[str, str | None] = field(default_factory=dict[str, str | None])
    credentials: dict[str, str | None] = field(default_factory=dict[str, str | None])
    shared: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    @classmethod
    def of(cls, tenants: Iterable[Tenant], open_secret: SecretOpener) -> "Owners":
        """Raises `Stop` where a secret can't be opened."""
        owners = cls()
        for tenant in tenants:
            if tenant.microsoft:
                owners.put_reached(tenant.microsoft.tenant_id, tenant.id)
                _put(owners.credentials, tenant.microsoft.client_id, tenant.id)
            if tenant.google:
                owners.put_reached(tenant.google.admin_subject.lower(), tenant.id)
                _put(owners.credentials, _service_account(tenant.google, open_secret), tenant.id)
            if tenant.mailgun:
                owners.put_reached(tenant.mailgun.domain, tenant.id)
                for key in {tenant.mailgun.api_key, tenant.mailgun.lookup_key or tenant.mailgun.api_key}:
                    _put(owners.credentials, hashlib.sha256(open_secret(key).encode()).hexdigest(), tenant.id)
        return owners

    def reached(self, name: str, credential_of: str | None) -> str | None:
        """Whose directory or domain a call reached: of those who share it, the one whose credential the call bore."""
        if credential_of is not None and credential_of in self.shared.get(name, ()):
            return credential_of
        return self.tenants.get(name)

    def put_reached(self, name: str, tenant_id: str) -> None:
        """This tenant has the directory or domain, perhaps with others."""
        _put(self.tenants, name, tenant_id)
        self.shared.setdefault(name, set()).add(tenant_id)


def _service_account(section: GoogleSection, open_secret: SecretOpener) -> str:
    return section.impersonate or json.loads(open_secret(section.service_account or ""))["client_email"]


def _put(known: dict[str, str | None], name: str, tenant_id: str) -> None:
    known[name] = tenant_id if known.get(name, tenant_id) == tenant_id else None
