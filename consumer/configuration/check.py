"""`provisioner config check`: everything that can be known to be wrong before the service starts, all at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from consumer.configuration.checks import conditions, grants, kafka, naming
from consumer.configuration.checks import service as of_service
from consumer.configuration.loading import SUFFIXES, TenantFiles, read_settings, read_tenants
from consumer.configuration.mistakes import Misconfigured, Mistake, shown
from consumer.configuration.overlaps import notices as of_overlaps
from consumer.configuration.overlaps import undeclared
from consumer.configuration.reading import Reading
from consumer.configuration.tenant_file import TenantFile, judged
from consumer.mail.template_check import TemplateCheck
from consumer.secrets import SecretOpener, opener
from consumer.settings import Settings


@dataclass(frozen=True, slots=True)
class Findings:
    """Every mistake, by what it stops.

    Those in `service` stop the process. A tenant with `unusable` mistakes (in its file, its address patterns, its secrets, keys or
    certificates) is held by itself. `other` mistakes hold no student, or one step of some students, such as a template's. `notices` are
    not mistakes.
    `tenants` are the ids of all tenants, in the order of their files. `reading` and `files` are what was read of
    the service's file and the tenants'; None where too little could be. `tenant_files` are the tenants' with what was found in each.
    """

    service: Sequence[Mistake] = ()
    unusable: Mapping[str, Sequence[Mistake]] = field(default_factory=dict[str, Sequence[Mistake]])
    other: Sequence[Mistake] = ()
    notices: Sequence[str] = ()
    tenants: Sequence[str] = ()
    reading: Reading[Settings] | None = None
    files: TenantFiles | None = None
    tenant_files: Mapping[str, TenantFile] = field(default_factory=dict[str, TenantFile])

    @property
    def settings(self) -> Settings | None:
        """The service's, as far as they could be read."""
        return self.reading.model if self.reading else None

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """All, in the order of files and lines."""
        return sorted({*self.service, *self.other, *(one for found in self.unusable.values() for one in found)})


def check(service_file: Path, environ: Mapping[str, str], *, secrets: bool) -> Sequence[Mistake]:
    """Every mistake in the service's file, the tenants' files and their templates; none where all is well. See `examine`."""
    return examine(service_file, environ, secrets=secrets).mistakes


def examine(service_file: Path, environ: Mapping[str, str], *, secrets: bool) -> Findings:
    """Looks at all files at once, each as far as it can be read, and constructs what `provisioner run` constructs. Connects to nothing.

    `secrets`: also open every reference, and look at keys and certificates. Without it the check can run where these are not, such as
    in a build.
    """
    open_secret = opener(environ) if secrets else None
    reading = read_settings(service_file, environ)
    service, notices = list(reading.mistakes), list[str]()
    if settings := reading.model:
        service.extend(of_service.mistakes(reading, settings, open_secret))
        service.extend(kafka.mistakes(reading, settings, open_secret))
        notices.extend(of_service.notices(reading, settings))
    directory, templates = _directory(reading, "tenants_dir"), _directory(reading, "templates_dir")
    if directory is None or templates is None:
        return Findings(service, notices=notices)
    try:
        files = read_tenants(directory)
    except Misconfigured as error:
        return Findings([*service, *error.mistakes], notices=notices)
    found = _tenants(files, TemplateCheck(templates), open_secret)
    return replace(found, service=service, notices=[*notices, *found.notices], reading=reading, files=files)


def _directory(reading: Reading[Settings], key: str) -> Path | None:
    """A directory as the file says it; where the file cannot be read, the usual one if there is such."""
    if reading.model and reading.says((key,)):
        found: Path = getattr(reading.model, key)
        return found
    usual = Path(str(reading.document.data.get(key) or Settings.model_fields[key].default))
    return usual if reading.says((key,)) and usual.is_dir() else None


def _tenants(files: TenantFiles, templates: TemplateCheck, open_secret: SecretOpener | None) -> Findings:
    reads = {**{tenant.id: (tenant, document) for tenant, document in files.loaded}, **files.broken}
    found = {ident: judged(read, files.seen[ident], templates, open_secret) for ident, read in reads.items()}
    readings = {ident: one.reading for ident, one in found.items() if one.reading}
    known = sorted(found)
    other = [*undeclared(readings, known=known), *(mistake for one in found.values() for mistake in one.other)]
    unusable = {ident: one.unusable for ident, one in found.items() if one.unusable}
    return Findings((), unusable, other, [*_notices(files)], known, tenant_files=found)


def _notices(files: TenantFiles) -> Iterator[str]:
    yield from of_overlaps(files.loaded)
    for tenant, document in files.loaded:
        yield from grants.notices(tenant, document)
        yield from conditions.notices(tenant, document)
        yield from naming.notices(tenant, document)
        if tenant.dry_run:
            where = f"{document.file}:{document.line(('dry_run',))}"
            yield f"{where}: `{tenant.id}` is in dry run: nothing is changed at its vendors, and no mail is sent."
    for path in files.unread:
        yield f"{shown(path)} is not read: tenants' files end in {' or '.join(SUFFIXES)}."
