"""Overrides from the environment: `PROVISIONER_…` laid over what the file says.

`PROVISIONER_DATABASE__URL` is `database.url`; values are read as YAML, so that numbers and lists can be given. Whatever begins with
`PROVISIONER_KAFKA_` and one underscore is a setting of librdkafka, its dots written as underscores.
"""

from collections.abc import Iterator, Mapping

from consumer.configuration.document import Document, dotted, parse_value
from consumer.configuration.mistakes import Mistake
from consumer.configuration.service_links import service_links

PREFIX = "PROVISIONER_"
NOT_SETTINGS = {"PROVISIONER_CACHE", "PROVISIONER_CONFIG", "PROVISIONER_FAILPOINTS"}
_LIBRDKAFKA = "kafka_"
_UNDERSCORED = {"log.level": "log_level"}
"""librdkafka's settings whose own names hold an underscore."""


def overlay(document: Document, environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Lays the overrides over the document; yields those that cannot be."""
    ignored = {*NOT_SETTINGS, *service_links(environ, prefix=PREFIX)}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in ignored:
            continue
        place = _place(name.removeprefix(PREFIX).lower())
        try:
            value = text if place[:2] == ("kafka", "librdkafka") else parse_value(text)
        except ValueError as error:
            yield Mistake(name, 0, dotted(place), f"is not YAML: {error}", "Put the value in quotes.")
            continue
        try:
            document.override(place, value, variable=name)
        except TypeError as error:
            wrong = f"sets a key inside `{error.args[0]}`, which is a plain value or a list"
            yield Mistake(name, 0, dotted(place), wrong, "Override the whole of it, or make it a section.")


def _place(name: str) -> tuple[str, ...]:
    if name.startswith(_LIBRDKAFKA) and not name.startswith("kafka__"):
        setting = name.removeprefix(_LIBRDKAFKA).replace("_", ".")
        return ("kafka", "librdkafka", _UNDERSCORED.get(setting, setting))
    return tuple(name.split("__"))
