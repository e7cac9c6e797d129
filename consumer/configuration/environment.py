"""Overrides from the environment: `PROVISIONER_…` laid over what the file says.

`PROVISIONER_DATABASE__URL` is `database.url`; values are read as YAML, so that numbers and lists can be given. Whatever begins with
`PROVISIONER_KAFKA_` and one underscore is a setting of librdkafka, its dots written as underscores.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from consumer.configuration.mistakes import Misconfigured, Mistake

PREFIX = "PROVISIONER_"
NOT_SETTINGS = {"PROVISIONER_CACHE", "PROVISIONER_CONFIG", "PROVISIONER_FAILPOINTS"}
_LIBRDKAFKA = "kafka_"


def overlay(data: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Lays the overrides over `data` in place; returns which variable set which place. Raises `Misconfigured`."""
    origins: dict[tuple[str, ...], str] = {}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        place = _place(name.removeprefix(PREFIX).lower())
        value: Any = text if place[:2] == ("kafka", "librdkafka") else _value(name, text)
        inner = data
        for part in place[:-1]:
            if not isinstance(inner.setdefault(part, {}), dict):
                wrong = f"sets a key inside `{part}`, which is a plain value in the file"
                raise Misconfigured([Mistake(name, 0, "", wrong, "Override the value itself, or make it a section.")])
            inner = inner[part]
        inner[place[-1]] = value
        origins[place] = name
    return origins


def _place(name: str) -> tuple[str, ...]:
    if name.startswith(_LIBRDKAFKA) and not name.startswith("kafka__"):
        return ("kafka", "librdkafka", name.removeprefix(_LIBRDKAFKA).replace("_", "."))
    return tuple(name.split("__"))


def _value(name: str, text: str) -> Any:  # noqa: ANN401  whatever YAML says
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Misconfigured([Mistake(name, 0, "", "The value is not YAML", "Put it in quotes.")]) from error
