"""The rules of `deploy/prometheus`, sixty times sooner: what they wait for takes seconds, and an age of minutes is one of seconds."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

TIMES = 60
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"\b(\d+)([mhdw])\b")
_AGE = re.compile(r"(?<=> )\d{3,}$")
"""A bound in seconds; counts and shares have fewer digits. The days that a certificate has left stay days."""


def sooner(rules: str) -> str:
    """The file of rules, with each of its durations and ages divided."""
    document: dict[str, Any] = yaml.safe_load(rules)
    groups = [{**group, "rules": [_rule(rule) for rule in group["rules"]]} for group in document["groups"]]
    return yaml.safe_dump({"groups": groups}, sort_keys=False)


def _rule(rule: Mapping[str, str]) -> Mapping[str, str]:
    expression = _AGE.sub(lambda age: str(int(age[0]) // TIMES), _durations(rule["expr"]))
    return {**rule, "expr": expression, **({"for": _durations(rule["for"])} if "for" in rule else {})}


def _durations(text: str) -> str:
    return _DURATION.sub(lambda found: f"{int(found[1]) * _SECONDS[found[2]] // TIMES}s", text)
