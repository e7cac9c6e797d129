"""When the certificates end that the configuration names."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from consumer.maintenance.certificates import MOST, certificates_job
from consumer.observe.metrics import Metrics
from consumer.secrets import opener
from consumer.settings import SecretRef, Settings
from consumer.tenants import Tenant
from testbed.parts.keys import certificate, key, pem
from tests.policy.tenants import MICROSOFT, tenant

_DAY = 86_400.0
Written = Callable[[str, int], Path]


class Rig:
    """The job over a configuration, and what a scrape sees."""

    def __init__(self) -> None:
        self.tenants: list[Tenant] = []
        self.service: dict[str, dict[str, object]] = {
            "kafka": {"bootstrap_servers": "kafka:9092"},
            "registry": {"url": "https://registry.example"},
            "database": {"url": "postgresql://provisioner@db/provisioner"},
        }
        self.metrics = Metrics(CollectorRegistry())

    def turn(self) -> None:
        settings = Settings.model_validate({**self.service, "vault": [{"id": "a", "key": "env:KEY"}]})
        self.job = certificates_job(settings, lambda: self.tenants, opener({}), self.metrics)
        list(self.job.pages())

    def days_left(self, tenant_id: str, use: str = "microsoft") -> int | None:
        labels = {"tenant": tenant_id, "use": use}
        value = self.metrics.registry.get_sample_value("provisioner_certificate_expiry_timestamp_seconds", labels)
        return None if value is None else round((value - time.time()) / _DAY)

    def has(self, ident: str, file: Path) -> None:
        """A tenant with this certificate."""
        section = {"client_secret": None, "certificate": SecretRef(f"file:{file}")}
        self.tenants.append(tenant(ident).model_copy(update={"microsoft": MICROSOFT.model_copy(update=section)}))


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A certificate that ends in so many days, with its key, and one of an issuer behind it."""

    def write(name: str, days: int) -> Path:
        file = tmp_path / name
        parts = [certificate(key(), days=days), key(), certificate(key(2), days=900)]
        file.write_text("".join(map(pem, parts)))
        return file

    return write


def test_a_tenants_certificate_is_shown_with_its_end(rig: Rig, written: Written) -> None:
    rig.has("north", written("north.pem", 30))
    rig.turn()
    assert rig.days_left("north") == 30


def test_one_that_is_over_is_shown_too(rig: Rig, written: Written) -> None:
    rig.has("north", written("north.pem", 0))
    rig.turn()
    assert rig.days_left("north") == 0


def test_one_that_cannot_be_read_hides_no_other(rig: Rig, written: Written, tmp_path: Path) -> None:
    rig.has("missing", tmp_path / "missing.pem")
    rig.has("north", written("north.pem", 30))
    rig.turn()
    assert rig.days_left("missing") is None
    assert rig.days_left("north") == 30


def test_a_tenant_that_has_left_has_no_series(rig: Rig, written: Written) -> None:
    rig.has("north", written("north.pem", 30))
    rig.turn()
    rig.tenants.clear()
    rig.turn()
    assert rig.days_left("north") is None


def test_those_that_end_first_have_names_and_the_next_is_that_of_the_others(rig: Rig, written: Written) -> None:
    late, soon, next_one = written("late.pem", 300), written("soon.pem", 20), written("next.pem", 200)
    for number in range(MOST):
        rig.has(f"soon{number}", soon)
    rig.has("late", late)
    rig.has("next", next_one)
    rig.turn()
    assert (rig.days_left("soon0"), rig.days_left("other"), rig.days_left("late")) == (20, 200, None)


def test_the_services_own_are_shown_without_a_tenant(rig: Rig, written: Written) -> None:
    rig.service["kafka"]["librdkafka"] = {"ssl.certificate.location": str(written("kafka.pem", 10))}
    rig.service["registry"] |= {
        "client_certificate": str(written("registry.pem", 20)),
        "client_key": str(written("registry.pem", 20)),
    }
    rig.service["database"]["url"] = f"postgresql://a@db/b?sslcert={written('db.pem', 40)}&sslmode=verify-full"
    rig.turn()
    assert [rig.days_left("", use) for use in ("kafka", "registry", "database")] == [10, 20, 40]


def test_a_certificate_in_the_file_itself_is_shown(rig: Rig, written: Written) -> None:
    rig.service["kafka"]["librdkafka"] = {"ssl.certificate.pem": written("kafka.pem", 15).read_text()}
    rig.turn()
    assert rig.days_left("", "kafka") == 15


def test_without_certificates_there_is_no_series(rig: Rig) -> None:
    rig.turn()
    assert [rig.days_left("", use) for use in ("kafka", "registry", "database")] == [None] * 3


def test_a_replica_that_leads_no_more_shows_none(rig: Rig, written: Written) -> None:
    rig.has("north", written("north.pem", 30))
    rig.turn()
    rig.job.left()
    assert rig.days_left("north") is None
