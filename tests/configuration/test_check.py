"""`config check`: ten broken configurations, ten messages that say where, what is wrong and what would be right."""

from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copytree

import pytest

from consumer.configuration.check import check

ROOT = Path(__file__).parents[2]
SECRETS = {
    "DATABASE_PASSWORD": "x",
    "VAULT_KEY_2026_09": "x",
    "NORTH_HIGH_CLIENT_SECRET": "x",
    "NORTH_HIGH_MAILGUN_KEY": "x",
}


class Files:
    """A copy of the example configuration that a test may break."""

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

    def messages(self, environ: Mapping[str, str] = SECRETS, *, secrets: bool = True) -> list[str]:
        return [str(mistake) for mistake in check(self.service, environ, secrets=secrets)]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_the_example_configuration_is_right(files: Files) -> None:
    assert files.messages() == []


Broken = tuple[str, Callable[[Files], Path], str, str, str, str]


@pytest.mark.parametrize(
    ("which", "old", "new", "place", "wrong", "right"),
    [
        ("tenant", "name: North", "nam: North", "nam", "is not a known key", "Did you mean `name`?"),
        ("tenant", "usage_location: GR", "usage_location: Greece", "microsoft.usage_location", "wrong form", "for example `GR`"),
        ("tenant", "create_account", "make_account", "statuses.2.provider_action", "not one of those allowed", "`create_account`"),
        ("tenant", "id: applied", "id: 7", "statuses.1.id", "wrong kind", "put it in quotes"),
        ("tenant", "env:NORTH_HIGH_MAILGUN_KEY", "key-3ax6", "mailgun.api_key", "wrong form", "`env:NAME` or `file:path`"),
        ("tenant", "{given}.{family}\"", "{given}.{surname}\"", "addresses.patterns.1", "{surname}", "Correct the pattern."),
        ("tenant", "region: eu", "url: http://api.example", "mailgun.url", "must be https", "an https address"),
        ("tenant", "  microsoft: [", "  google: [", "rules.2.groups.google", "this tenant does not use", "`google` section"),
        ("tenant", "[el, en]", "[el, en, mt]", "", "", ""),
        ("service", "group_id: provisioner", "librdkafka: {enable.auto.commit: 'true'}", "kafka.librdkafka.enable.auto.commit",
         "would break a guarantee", "Remove it."),
        ("service", "\nhttp:", "\nprovisioning: {lease: 10}\nhttp:", "provisioning.lease", "not longer than one call", "twice"),
        ("tenant", "name: North High School", "name: North\nname: South", "name", "is given twice", "Keep one of the two."),
        ("tenant", "  domain: students", " domain: students", "", "This is not YAML", "indentation"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_what_is_wrong_and_what_would_be_right(
    files: Files, which: str, old: str, new: str, place: str, wrong: str, right: str
) -> None:
    files.replace(files.tenant if which == "tenant" else files.service, old, new)
    messages = [message for message in files.messages() if not place or f"`{place}`" in message]
    assert len(messages) >= 1
    assert wrong in messages[0]
    assert right in messages[0]


def test_a_mistake_names_the_line_that_it_stands_in(files: Files) -> None:
    line = files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    (message,) = files.messages()
    assert f"north-high.yaml:{line}:" in message


def test_all_mistakes_of_all_files_are_told_at_once(files: Files) -> None:
    files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    files.replace(files.tenant, "region: eu", "region: moon")
    copy = files.tenant.with_name("south-high.yaml")
    copy.write_text(files.tenant.read_text())
    assert len(files.messages()) == 4


def test_a_tenant_in_a_file_of_another_name_is_told(files: Files) -> None:
    files.tenant.rename(files.tenant.with_name("south.yaml"))
    (message,) = files.messages()
    assert "the file is called `south.yaml`" in message


def test_a_secret_that_is_not_there_is_told_without_any_secret(files: Files) -> None:
    environ = {name: value for name, value in SECRETS.items() if name != "NORTH_HIGH_CLIENT_SECRET"}
    (message,) = files.messages(environ)
    assert "`microsoft.client_secret`" in message
    assert "NORTH_HIGH_CLIENT_SECRET is not set" in message


def test_secrets_need_not_be_there_where_the_check_runs_in_a_build(files: Files) -> None:
    assert files.messages({}, secrets=False) == []


def test_a_mistake_in_an_override_names_the_variable(files: Files) -> None:
    (message,) = files.messages({**SECRETS, "PROVISIONER_DATABASE__POOL_SIZE": "many"})
    assert message.startswith("PROVISIONER_DATABASE__POOL_SIZE: `database.pool_size`")


def test_an_unknown_override_is_a_mistake(files: Files) -> None:
    (message,) = files.messages({**SECRETS, "PROVISIONER_DATABSE__URL": "postgresql://x"})
    assert "Did you mean `database`?" in message
