"""A gauge whose series are all measured together."""

import pytest
from prometheus_client import CollectorRegistry

from consumer.observe.entries import Label, Readings, ReadingsEntry, Unit

ENTRY = ReadingsEntry(
    name="provisioner_due_students",
    unit=Unit.COUNT,
    help="Students who are due.",
    purpose="The backlog.",
    labels=(Label("tenant", source="tenants"),),
)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def readings(registry: CollectorRegistry) -> Readings:
    return ENTRY.collector(registry)


def shown(registry: CollectorRegistry) -> dict[str, float]:
    """By tenant."""
    return {sample.labels["tenant"]: sample.value for family in registry.collect() for sample in family.samples}


def test_a_measurement_takes_the_place_of_the_one_before(registry: CollectorRegistry, readings: Readings) -> None:
    readings.put({("north",): 3, ("south",): 1})
    readings.put({("north",): 2})
    assert shown(registry) == {"north": 2}


def test_what_was_put_does_not_change_with_what_it_was_made_of(registry: CollectorRegistry, readings: Readings) -> None:
    values = {("north",): 3.0}
    readings.put(values)
    values.clear()
    assert shown(registry) == {"north": 3}


def test_once_cleared_it_has_no_series(registry: CollectorRegistry, readings: Readings) -> None:
    readings.put({("north",): 3})
    readings.clear()
    assert shown(registry) == {}


def test_a_name_is_not_given_twice(registry: CollectorRegistry, readings: Readings) -> None:
    readings.clear()
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        ENTRY.collector(registry)
