"""What `provisioner schemas` does: register our schemas, or say what would become of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from consumer.codec.port import UnknownSchema
from consumer.codec.registry import Incompatible, Registry
from consumer.codec.schemas import schema_text, subjects
from consumer.settings import Topics


class Standing(StrEnum):
    """How a schema stands with the registry."""

    REGISTERED = "registered"
    NEW = "not registered; compatible"
    INCOMPATIBLE = "incompatible"


@dataclass(frozen=True, slots=True)
class SubjectReport:
    """One subject. `messages` are the registry's own reasons against the schema."""

    subject: str
    standing: Standing
    schema_id: int | None = None
    messages: tuple[str, ...] = ()


def check(registry: Registry, topics: Topics) -> Sequence[SubjectReport]:
    """How each of our schemas stands; changes nothing. Raises `Unavailable`."""
    return [_check(registry, subject, schema_text(name)) for subject, name in subjects(topics).items()]


def register(registry: Registry, topics: Topics) -> Sequence[SubjectReport]:
    """Registers each of our schemas; those that are there already stay as they are. Raises `Unavailable`."""
    return [_register(registry, subject, schema_text(name)) for subject, name in subjects(topics).items()]


def _check(registry: Registry, subject: str, text: str) -> SubjectReport:
    try:
        return SubjectReport(subject, Standing.REGISTERED, registry.id_of(subject, text))
    except UnknownSchema:
        pass
    try:
        verdict = registry.compatibility(subject, text)
    except UnknownSchema:
        return SubjectReport(subject, Standing.NEW)
    return SubjectReport(
        subject, Standing.NEW if verdict.compatible else Standing.INCOMPATIBLE, messages=verdict.messages
    )


def _register(registry: Registry, subject: str, text: str) -> SubjectReport:
    try:
        return SubjectReport(subject, Standing.REGISTERED, registry.register(subject, text))
    except Incompatible as error:
        return SubjectReport(subject, Standing.INCOMPATIBLE, messages=(str(error),))
