"""What Kubernetes' API server, KEDA and the Prometheus operator would say of a manifest's form."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

from tests.deploy.chart import Manifest

_kubernetes: Any = importlib.import_module("kubernetes_validate")  # it has no types
_CUSTOM: Mapping[str, str] = {
    "ScaledObject": "cloudcoil.models.keda.v1alpha1",
    "ServiceMonitor": "cloudcoil.models.prometheus_operator.v1",
    "PrometheusRule": "cloudcoil.models.prometheus_operator.v1",
}
"""The models that were made of the operators' resource definitions."""

OLDEST, NEWEST = "1.29", "1.37"
"""Of the versions of Kubernetes that the chart is for, and for which there are schemas."""


def mistake(manifest: Manifest, version: str) -> str:
    """What is wrong with its form; nothing where it is as it should be. An unknown field is a mistake."""
    if module := _CUSTOM.get(manifest["kind"]):
        return _of_custom(manifest, module)
    try:
        _kubernetes.validate(manifest, version, strict=True)
    except _kubernetes.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    return ""


def _of_custom(manifest: Manifest, module: str) -> str:
    model: Any = getattr(importlib.import_module(module), manifest["kind"])
    try:
        read = model.model_validate(manifest)
    except ValueError as error:
        return str(error)
    known = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return _unknown(manifest, known, "")


def _unknown(given: Any, known: Any, place: str) -> str:
    """The first field that the model passed over: it takes what it does not know."""
    if isinstance(given, dict):
        fields = cast("Mapping[str, Any]", given)
        taken = cast("Mapping[str, Any]", known if isinstance(known, dict) else {})
        found = (
            _unknown(value, taken[name], f"{place}.{name}") if name in taken else f"{place}.{name} is not known"
            for name, value in fields.items()
        )
        return next(filter(None, found), "")
    if isinstance(given, list):
        items = cast("Sequence[Any]", given)
        pairs: Sequence[tuple[Any, Any]] = list(zip(items, known, strict=True))
        return next(filter(None, (_unknown(value, one, f"{place}[]") for value, one in pairs)), "")
    return ""
