"""Overrides are laid over the file, and librdkafka's settings pass through as they are."""

from typing import Any

import pytest

from consumer.configuration.environment import overlay
from consumer.configuration.mistakes import Misconfigured


def test_two_underscores_part_the_keys_of_a_place() -> None:
    data: dict[str, Any] = {"database": {"url": "a", "pool_size": 8}}
    overlay(data, {"PROVISIONER_DATABASE__POOL_SIZE": "12"})
    assert data == {"database": {"url": "a", "pool_size": 12}}


def test_any_librdkafka_setting_passes_with_dots_for_underscores_and_as_text() -> None:
    data: dict[str, Any] = {}
    overlay(data, {"PROVISIONER_KAFKA_SASL_USERNAME": "0815"})
    assert data == {"kafka": {"librdkafka": {"sasl.username": "0815"}}}


def test_lists_and_sections_can_be_given_as_yaml() -> None:
    data: dict[str, Any] = {}
    overlay(data, {"PROVISIONER_VAULT": "[{id: a, key: 'env:K'}]"})
    assert data == {"vault": [{"id": "a", "key": "env:K"}]}


def test_other_variables_are_left_alone() -> None:
    data: dict[str, Any] = {}
    assert overlay(data, {"PATH": "/bin", "PROVISIONERX": "1"}) == {}
    assert data == {}


def test_a_key_inside_a_plain_value_is_refused() -> None:
    with pytest.raises(Misconfigured, match="plain value"):
        overlay({"http": 1}, {"PROVISIONER_HTTP__PORT": "1"})
