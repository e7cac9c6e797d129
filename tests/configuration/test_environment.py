"""Overrides are laid over the file, and librdkafka's settings pass through as they are."""

from collections.abc import Mapping
from typing import Any

import pytest

from consumer.configuration.document import Document
from consumer.configuration.environment import overlay


def laid_over(data: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    document = Document("service.yaml", data, {})
    return document.data, [str(mistake) for mistake in overlay(document, environ)]


@pytest.mark.parametrize(
    ("before", "environ", "after"),
    [
        (
            {"database": {"url": "a", "pool_size": 8}},
            {"PROVISIONER_DATABASE__POOL_SIZE": "12"},
            {"database": {"url": "a", "pool_size": 12}},
        ),
        ({}, {"PROVISIONER_KAFKA_SASL_USERNAME": "0815"}, {"kafka": {"librdkafka": {"sasl.username": "0815"}}}),
        ({}, {"PROVISIONER_KAFKA_LOG_LEVEL": "7"}, {"kafka": {"librdkafka": {"log_level": "7"}}}),
        ({}, {"PROVISIONER_VAULT": "[{id: a, key: 'env:K'}]"}, {"vault": [{"id": "a", "key": "env:K"}]}),
        ({"http": None}, {"PROVISIONER_HTTP__PORT": "1"}, {"http": {"port": 1}}),
        ({}, {"PATH": "/bin", "PROVISIONERX": "1", "PROVISIONER_CONFIG": "x"}, {}),
    ],
)
def test_a_variable_sets_a_place(before: dict[str, Any], environ: Mapping[str, str], after: dict[str, Any]) -> None:
    assert laid_over(before, environ) == (after, [])


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("PROVISIONER_HTTP__PORT", "1", "sets a key inside `http`, which is a plain value or a list"),
        ("PROVISIONER_VAULT", "[a", "is not YAML"),
        ("PROVISIONER_VAULT", "{a: 1, a: 2}", "is given twice"),
        ("PROVISIONER_VAULT", "!!bool x", "looks like a date or number but is not one"),
        ("PROVISIONER_VAULT", "&a [*a]", "contains itself"),
    ],
)
def test_what_cannot_be_laid_over_names_its_variable_and_hinders_no_other(name: str, value: str, wrong: str) -> None:
    data, (message,) = laid_over({"http": 1}, {name: value, "PROVISIONER_TENANTS_DIR": "x"})
    assert message.startswith(f"{name}: ")
    assert wrong in message
    assert data["tenants_dir"] == "x"
