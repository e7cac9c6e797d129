"""A tenant with the open connections that its work needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from consumer.events import Provider
from consumer.mail.port import Mailer
from consumer.providers.port import Directory
from consumer.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Institution:
    """One tenant at run time. `mailer` is None where the tenant sends no mail."""

    tenant: Tenant
    directories: Mapping[Provider, Directory]
    mailer: Mailer | None
