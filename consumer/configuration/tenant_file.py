"""A tenant's file as it was last read: what it says, what is wrong with it by itself, and by what a change of it is seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

from consumer.configuration.checks import access, conditions, grants, mailing, naming
from consumer.configuration.document import Document
from consumer.configuration.loading import Broken, read_tenant
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.mail.template_check import TemplateCheck
from consumer.secrets import SecretOpener
from consumer.stamp import Seen
from consumer.tenants import Outline, Tenant

_FILE = "file:"


class Serves(IntEnum):
    """What the service can do for a tenant by its file, from the least to the most."""

    NOTHING = 0
    """Not even its status table is known: its events are dead letters."""
    EVENTS = 1
    """Its events are accepted; its students wait."""
    HELD = 2
    """Its students are held: an address pattern, a secret, a key or a certificate cannot be used."""
    STUDENTS = 3
    """Its students are worked for."""


@dataclass(frozen=True, slots=True)
class TenantFile:
    """`tenant` is None where the file holds mistakes; `outline` is then what is known nevertheless, and `reading` what could be read.

    `unusable` and `other` are its mistakes, as `Findings` has them. `own` is the tenant's file (two where that is the mistake), `named` are
    those that it names and that are read when the tenant is opened: each as it was before it was read.
    """

    tenant: Tenant | None
    outline: Outline | None
    reading: Reading[Tenant] | None
    unusable: Sequence[Mistake]
    other: Sequence[Mistake]
    own: Mapping[str, Seen]
    named: Mapping[str, Seen]

    @property
    def serves(self) -> Serves:
        """What it is good for."""
        if self.tenant:
            return Serves.HELD if self.unusable else Serves.STUDENTS
        return Serves.EVENTS if self.outline else Serves.NOTHING

    def is_like(self, other: "TenantFile") -> bool:
        """Whether both serve the tenant alike: they say the same, and the files that they name hold the same."""
        mine, others = ((one.tenant, one.outline, one.serves, _digests(one.named)) for one in (self, other))
        return mine == others

    def look_again(self) -> "TenantFile | None":
        """The same with what is seen of its files now, where they hold what they held; None where they must be read again."""
        own, named = ({path: Seen.of(path) for path in files} for files in (self.own, self.named))
        same = (_digests(own), _digests(named)) == (_digests(self.own), _digests(self.named))
        return replace(self, own=own, named=named) if same else None


def read_file(paths: Sequence[str], templates: TemplateCheck, open_secret: SecretOpener | None) -> TenantFile:
    """Reads a tenant's file and all that it names, and finds what is wrong. Connects to nothing. `open_secret`: see `examine`."""
    own = {path: Seen.of(path) for path in paths}
    return judged(read_tenant([*map(Path, paths)]), own, templates, open_secret)


def judged(
    read: tuple[Tenant, Document] | Broken,
    own: Mapping[str, Seen],
    templates: TemplateCheck,
    open_secret: SecretOpener | None,
) -> TenantFile:
    """What is wrong with a file that has been read."""
    tenant, outline, unusable = None, None, list[Mistake]()
    if isinstance(read, Broken):
        reading, outline = read.reading, read.outline
        unusable.extend(read.mistakes)
    else:
        tenant, document = read
        reading = Reading(document, tenant, ())
    other: list[Mistake] = []
    named: Mapping[str, Seen] = {}
    if reading and (model := reading.model):
        named = {path: Seen.of(path) for path in dict.fromkeys(_named(model))}
        unusable.extend(_unusable(reading, model, open_secret))
        other.extend(naming.exhausted(reading, model.addresses))
        other.extend(conditions.mistakes(reading, model))
        other.extend(grants.mistakes(reading, model))
        other.extend(mailing.mistakes(reading, model, templates))
    return TenantFile(tenant, outline, reading, tuple(unusable), tuple(other), own, named)


def _unusable(reading: Reading[Tenant], tenant: Tenant, open_secret: SecretOpener | None) -> Iterator[Mistake]:
    yield from naming.mistakes(reading, tenant.addresses)
    yield from access.roots(reading, tenant)
    if open_secret:
        yield from access.mistakes(reading, tenant, open_secret)


def _named(tenant: Tenant) -> Iterator[str]:
    """The files that are read when the tenant is opened. Not a federated token's: it is renewed often, and read for each access token."""
    for _, reference in access.references(tenant):
        if reference.startswith(_FILE):
            yield reference.removeprefix(_FILE)
    for section in (tenant.microsoft, tenant.google, tenant.mailgun):
        if section and section.ca_file:
            yield str(section.ca_file)
    if tenant.google and tenant.google.credential_configuration:
        yield str(tenant.google.credential_configuration)


def _digests(files: Mapping[str, Seen]) -> Mapping[str, bytes | None]:
    return {path: seen.digest for path, seen in files.items()}
