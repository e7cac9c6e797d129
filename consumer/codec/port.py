"""Where the reader finds the schemas that records were written with."""

from dataclasses import dataclass
from typing import Protocol

from consumer.codec.wire import SchemaRef


class UnknownSchema(LookupError):
    """The registry has answered, and knows no such schema or subject."""


class UnreadableSchema(Exception):
    """The registry has the schema, but nothing can be decoded by it here. The text says why."""


@dataclass(frozen=True, slots=True)
class WriterSchema:
    """A schema as it is registered: its text, and the texts of all schemas that it refers to, in any order."""

    text: str
    references: tuple[str, ...] = ()


class Schemas(Protocol):
    """A schema registry, as the reader needs it. Schemas are immutable: one answer holds for ever."""

    def schema(self, ref: SchemaRef) -> WriterSchema:
        """The schema of an id or GUID.

        Raises `UnknownSchema`; `UnreadableSchema` where it is not Avro; `Unavailable` where the registry gives no answer of its own.
        """
        ...
