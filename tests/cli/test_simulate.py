"""`provisioner simulate`: what it says where something is missing. docs/first-school.md is the test of what it does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.codec.registration import register
from consumer.codec.registry import open_registry
from consumer.errors import Stop
from consumer.secrets import opener
from consumer.settings import RegistrySettings, Topics
from sandbox.demo.institutions import INSTITUTIONS
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.world import REGISTRY, World


class Installation:
    """Simulated vendors and a registry, with the topics of no one else; neither schemas nor topics are there yet."""

    def __init__(self, folder: Path, world: World, registry: str, kafka: str, prefix: str) -> None:
        self.topics = Topics(**{field: f"{prefix}.{field}" for field in Topics.model_fields})
        self._registry = RegistrySettings(url=registry, ca_file=world.authority.ca_file)
        self._config = folder / "service.yaml"
        settings = {
            "kafka": {"bootstrap_servers": kafka, "topics": self.topics.model_dump()},
            "registry": self._registry.model_dump(mode="json", exclude_none=True),
            "database": {"url": "postgresql://127.0.0.1:1/none"},
            "vault": [{"id": "k", "key": "env:KEY"}],
            "tenants_dir": str(folder / "tenants"),
        }
        self._config.write_text(yaml.safe_dump(settings))

    def register(self) -> None:
        registry = open_registry(self._registry, opener({}))
        register(registry, self.topics)
        registry.close()

    def simulate(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["simulate", *words, "--config", str(self._config)], env={"COLUMNS": "200"})


@pytest.fixture
def installation(tmp_path: Path, kafka: str, unique_name: str) -> Iterator[Installation]:
    world = World(INSTITUTIONS, tmp_path, clock=lambda: 1_800_000_000.0, seed=1)
    with ServedInThread(world.server) as vendors:
        world.write_tenants(world.tenants(vendors))
        yield Installation(tmp_path, world, vendors.url(REGISTRY), kafka, unique_name)


@pytest.mark.parts
@pytest.mark.parametrize("command", ["student", "events"])
def test_a_schema_that_is_not_registered_is_named(installation: Installation, command: str) -> None:
    result = installation.simulate(command)
    assert isinstance(result.exception, Stop)
    assert "`provisioner schemas register`" in str(result.exception)


@pytest.mark.parts
def test_an_event_that_kafka_does_not_take_is_not_called_sent(installation: Installation) -> None:
    installation.register()
    result = installation.simulate("student")
    assert isinstance(result.exception, Stop)
    assert f"has not taken 1 of 1 events on `{installation.topics.status_changed}`" in str(result.exception)
    assert "nknown topic" in str(result.exception)


@pytest.mark.parts
def test_outcomes_of_topics_that_are_missing_are_no_traceback(installation: Installation) -> None:
    result = installation.simulate("outcomes")
    assert isinstance(result.exception, Stop)
    assert "`provisioner topics create`" in str(result.exception)


@pytest.mark.parts
@pytest.mark.parametrize(
    ("words", "known"),
    [
        (("--tenant", "nroth-high"), "north-high"),
        (("--status", "enroled"), "enrolled"),
        (("--attribute", "grade"), "name=value"),
    ],
)
def test_a_value_that_is_not_known_ends_with_those_that_are(
    installation: Installation, words: tuple[str, ...], known: str
) -> None:
    result = installation.simulate("student", *words)
    assert result.exit_code == 2
    assert known in result.output


@pytest.mark.parts
def test_there_are_no_accounts_and_no_mails_at_first(installation: Installation) -> None:
    assert "Accounts: 0." in installation.simulate("accounts").output
    assert "Mails: 0." in installation.simulate("mails").output
