"""One tenant's configuration, for commands about one."""

import typer

from consumer.configuration.loading import SUFFIXES, Broken, read_tenant
from consumer.configuration.mistakes import Misconfigured
from consumer.settings import Settings
from consumer.tenants import Tenant


def tenant_of(settings: Settings, tenant_id: str) -> Tenant:
    """The tenant of this id; others' files are not read. Raises `BadParameter` where there is none, `Misconfigured` with its mistakes."""
    paths = [settings.tenants_dir / f"{tenant_id}{suffix}" for suffix in SUFFIXES]
    found = [path for path in paths if path.is_file()]
    if not found or found[0].parent != settings.tenants_dir:
        raise typer.BadParameter(f"there is no `{tenant_id}` in {settings.tenants_dir}", param_hint="--tenant")
    read = read_tenant(found)
    if isinstance(read, Broken):
        raise Misconfigured(read.mistakes)
    return read[0]
