"""A tenant's file in any folder: as it is in force, or as it is to be tried."""

from collections.abc import Sequence
from pathlib import Path

from consumer.configuration.loading import sorted_out
from consumer.configuration.mistakes import Misconfigured, Mistake
from consumer.configuration.tenant_file import read_file
from consumer.mail.template_check import TemplateCheck
from consumer.tenants import Tenant

_INSIDE = "tenants"


def tenants_folder(directory: Path) -> Path:
    """The folder of the tenants' files: `directory`, or what is called `tenants` in it."""
    inside = directory / _INSIDE
    return inside if inside.is_dir() else directory


def read_one(directory: Path, tenant_id: str, templates: Path) -> tuple[Tenant | None, Sequence[Mistake]]:
    """The tenant as its file says, None where it has none; and mistakes that hold no student. Opens no secret.

    Raises `Misconfigured` where the file cannot be used, `OSError` where there is no such folder.
    """
    paths, _ = sorted_out(directory, (path.name for path in directory.iterdir()))
    if tenant_id not in paths:
        return None, ()
    file = read_file(paths[tenant_id], TemplateCheck(templates), None)
    if file.unusable or file.tenant is None:
        raise Misconfigured(file.unusable)
    return file.tenant, file.other
