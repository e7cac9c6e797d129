"""A folder of tenants' files that a test changes, and what is read of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from consumer.configuration.folder import Read, TenantFolder
from consumer.configuration.tenant_file import TenantFile, read_file
from consumer.mail.template_check import TemplateCheck
from consumer.secrets import opener
from tests.configuration.files import SECRETS, Files

NORTH, SOUTH = "north-high", "south-high"


class Watched:
    """Two tenants; the second has a secret in a file. `read` are the files that were read since the last look."""

    def __init__(self, root: Path, environ: Mapping[str, str] = SECRETS) -> None:
        self.files = Files(root)
        self.secret = root / "south.secret"
        self.secret.write_text("one")
        self.north = self.files.tenant
        self.south = self.files.copy(
            SOUTH,
            ("students.north-high", "students.south-high"),
            ("env:NORTH_HIGH_CLIENT_SECRET", f"file:{self.secret}"),
        )
        self.read: list[str] = []
        self.defect = ""
        self._open_secret = opener(environ)
        self.folder = self.opened()

    def opened(self) -> TenantFolder:
        """As at the start of a process."""
        return TenantFolder(self.north.parent, self.files.findings().tenant_files, self._reader)

    def in_force(self) -> Mapping[str, str]:
        """The names of the tenants that are worked for or held."""
        return {ident: file.tenant.name for ident, file in self.folder.in_force.items() if file.tenant}

    def rename(self, file: Path, old: str, new: str) -> None:
        """Changes the institution's name."""
        self.files.replace(file, f"name: {old}", f"name: {new}")

    def _reader(self) -> Read:
        self.read.clear()
        templates = TemplateCheck(self.files.root / "templates")

        def read(paths: Sequence[str]) -> TenantFile:
            idents = [Path(path).stem for path in paths]
            self.read.extend(idents)
            if self.defect in idents:
                raise ZeroDivisionError
            return read_file(paths, templates, self._open_secret)

        return read
