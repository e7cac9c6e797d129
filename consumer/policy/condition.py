"""`when`: the students whom a rule, or a row of the status table, is for."""

from collections.abc import Mapping

from consumer.tenants import When


def matches(when: When, attributes: Mapping[str, str]) -> bool:
    """Whether every attribute that is named has one of its values; a condition that names none matches every student."""
    return all(attributes.get(name) in values for name, values in when.items())


def covers(first: When, second: When) -> bool:
    """Whether `first` matches every student whom `second` matches."""
    return all(name in second and set(second[name]) <= set(values) for name, values in first.items())


def may_both_match(first: When, second: When) -> bool:
    """Whether there are attributes that both match."""
    return all(set(first[name]) & set(second[name]) for name in first.keys() & second.keys())
