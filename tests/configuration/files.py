"""A copy of the example configuration that a test may break."""

from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

from consumer.configuration.check import Findings, examine

ROOT = Path(__file__).parents[2]
SECRETS = {
    "DATABASE_PASSWORD": "x",
    "VAULT_KEY_2026_09": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "NORTH_HIGH_CLIENT_SECRET": "x",
    "NORTH_HIGH_MAILGUN_KEY": "x",
}


class Files:
    """The files, and what is found in them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        copytree(ROOT / "config", root / "config")
        copytree(ROOT / "templates", root / "templates")
        self.service = root / "config/service.yaml"
        self.tenant = root / "config/tenants/north-high.yaml"
        self.service.write_text(
            f"{self.service.read_text()}\ntenants_dir: {root}/config/tenants\ntemplates_dir: {root}/templates\n"
        )

    def replace(self, file: Path, old: str, new: str) -> int:
        """Replaces the first `old`; returns the line that it stood in."""
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
        return text[: text.index(old)].count("\n") + 1

    def copy(self, ident: str, *replaced: tuple[str, str]) -> Path:
        """A second tenant, like the example but for its id and what is replaced."""
        copy = self.tenant.with_name(f"{ident}.yaml")
        copy.write_text(self.tenant.read_text())
        for old, new in (("id: north-high", f"id: {ident}"), *replaced):
            self.replace(copy, old, new)
        return copy

    def findings(self, environ: Mapping[str, str] = SECRETS, *, secrets: bool = True) -> Findings:
        return examine(self.service, environ, secrets=secrets)

    def messages(self, environ: Mapping[str, str] = SECRETS, *, secrets: bool = True) -> list[str]:
        return [str(mistake) for mistake in self.findings(environ, secrets=secrets).mistakes]
