"""Kubernetes gives each container variables for the Services around it; those of Services called like us are no settings."""

from collections.abc import Mapping

import pytest

from consumer.configuration.service_links import service_links
from tests.configuration.files import SECRETS, Files

NAMES = ["PROVISIONER", "PROVISIONER_KAFKA", "PROVISIONER_POSTGRESQL_RW"]


def links(service: str, address: str = "10.96.12.7") -> Mapping[str, str]:
    """As in ../shared/cases/service-links.env, for a Service of any name."""
    host = f"[{address}]" if ":" in address else address
    port = f"{service}_PORT_9464_TCP"
    return {
        f"{service}_SERVICE_HOST": address,
        f"{service}_SERVICE_PORT": "9464",
        f"{service}_SERVICE_PORT_METRICS": "9464",
        f"{service}_PORT": f"tcp://{host}:9464",
        port: f"tcp://{host}:9464",
        f"{port}_PROTO": "tcp",
        f"{port}_PORT": "9464",
        f"{port}_ADDR": address,
    }


@pytest.mark.parametrize("service", NAMES)
@pytest.mark.parametrize("address", ["10.96.12.7", "fd00:10:96::c07"])
def test_the_variables_of_a_service_are_recognised(service: str, address: str) -> None:
    assert set(service_links(links(service, address), prefix="PROVISIONER_")) == set(links(service, address))


@pytest.mark.parametrize("service", NAMES)
def test_the_service_starts_beside_a_service_that_is_called_like_it(files: Files, service: str) -> None:
    assert files.messages({**SECRETS, **links(service)}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROVISIONER_HTTP_PORT", "9464"),
        ("PROVISIONER_DATABSE__URL", "postgresql://x"),
        ("PROVISIONER_KAFKA_SERVICE_HOST", "kafka.example"),
        ("PROVISIONER_KAFKA_SERVICE_HOST", "10.96.0.1"),
        ("PROVISIONER_KAFKA_SERVICE_PORT", "9092"),
        ("PROVISIONER_PORT", "9464"),
        ("PROVISIONER_PORT_9464", "tcp://10.96.12.7:9464"),
        ("PROVISIONER_SERVICE_NAME", "x"),
    ],
)
def test_a_setting_that_is_mistyped_is_reported(files: Files, name: str, value: str) -> None:
    environ = {**SECRETS, **links("PROVISIONER"), name: value}
    (message,) = files.messages(environ)
    assert message.startswith(f"{name}: ")


def test_services_of_other_names_are_left_alone() -> None:
    assert list(service_links(links("OTHER"), prefix="PROVISIONER_")) == []
    assert list(service_links(links("PROVISIONERS"), prefix="PROVISIONER_")) == []
