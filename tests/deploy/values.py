"""`python -m tests.deploy.values`: writes the schema of the chart's values; the service's file and the tenants' have their own in it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from consumer.settings import Settings
from consumer.tenants import Tenant
from tests.deploy.chart import CHART

FILE = CHART / "values.schema.json"

_Schema = Mapping[str, Any]

_NAME = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_TEXT: _Schema = {"type": "string"}
_SWITCH: _Schema = {"type": "boolean"}
_MAP: _Schema = {"type": "object"}
_TEXTS: _Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_LIST: _Schema = {"type": "array", "items": {"type": "object"}}
_NAMES: _Schema = {"type": "array", "items": {"type": "string", "pattern": _NAME, "maxLength": 56}, "uniqueItems": True}
_PORTS: _Schema = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}, "minItems": 1}
_NETWORKS: _Schema = {"type": "array", "items": {"type": "string"}}


def schema() -> str:
    """The file's text. Draft 7, which every Helm of version 3 reads."""
    service, tenant = _apart("service", Settings.model_json_schema()), _apart("tenant", Tenant.model_json_schema())
    definitions = {**service.pop("$defs"), **tenant.pop("$defs"), "service": service, "tenant": tenant}
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart `provisioner`",
        **_section(_values(), required=("image", "config", "tenants", "secrets")),
        "definitions": definitions,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _values() -> _Schema:
    peers = _section({"to": _LIST, "ports": _PORTS})
    return {
        "image": _section(
            {
                "repository": {"type": "string", "minLength": 1},
                "tag": _TEXT,
                "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
                "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
            },
            required=("repository",),
        ),
        "imagePullSecrets": _NAMES,
        "replicas": _whole(1),
        "config": {"$ref": "#/definitions/service"},
        "tenants": _section(
            {
                "files": {
                    "type": "object",
                    "propertyNames": {"pattern": "^[A-Za-z0-9._-]+$"},
                    "additionalProperties": {"$ref": "#/definitions/tenant"},
                },
                "configMaps": _NAMES,
                "secrets": _NAMES,
            }
        ),
        "secrets": _NAMES,
        "environmentSecrets": _NAMES,
        "migration": _section(
            {
                "enabled": _SWITCH,
                "config": _MAP,
                "secrets": _NAMES,
                "grantTo": _TEXT,
                "schemas": _SWITCH,
                "topics": _section({"create": _SWITCH, "partitions": _whole(1), "replication": _whole(1)}),
                "deadline": _whole(60),
            }
        ),
        "resources": _MAP,
        "serviceAccount": _section({"create": _SWITCH, "name": _TEXT, "annotations": _TEXTS}),
        "podAnnotations": _TEXTS,
        "podLabels": _TEXTS,
        "nodeSelector": _TEXTS,
        "tolerations": _LIST,
        "affinity": _MAP,
        "priorityClassName": _TEXT,
        "topologySpread": _section({"enabled": _SWITCH}),
        "extraVolumes": _LIST,
        "extraVolumeMounts": _LIST,
        "podDisruptionBudget": _section({"enabled": _SWITCH, "maxUnavailable": {"type": ["integer", "string"]}}),
        "serviceMonitor": _section({"enabled": _SWITCH, "interval": _TEXT, "labels": _TEXTS}),
        "prometheusRule": _section({"enabled": _SWITCH, "labels": _TEXTS}),
        "autoscaling": {
            **_section(
                {
                    "enabled": _SWITCH,
                    "minReplicas": _whole(1),
                    "maxReplicas": _whole(1),
                    "prometheus": _TEXT,
                    "dueStudents": _whole(1),
                    "lagRecords": _whole(1),
                    "triggers": _LIST,
                }
            ),
            "if": {"properties": {"enabled": {"const": True}}},
            "then": {"properties": {"prometheus": {"pattern": "^https?://"}}},
        },
        "networkPolicy": _section(
            {
                "enabled": _SWITCH,
                "metricsFrom": _LIST,
                "kafka": peers,
                "postgres": peers,
                "registry": peers,
                "dns": peers,
                "https": _section({"ports": {**_PORTS, "minItems": 0}, "except": _NETWORKS, "exceptIPv6": _NETWORKS}),
                "extraEgress": _LIST,
            }
        ),
        "global": _MAP,
    }


def _section(properties: _Schema, *, required: Sequence[str] = ()) -> _Schema:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needed}


def _whole(least: int) -> _Schema:
    return {"type": "integer", "minimum": least}


def _apart(prefix: str, model: Any) -> Any:
    """With names of definitions that no other model's have."""
    text = json.dumps(model).replace('"#/$defs/', f'"#/definitions/{prefix}.')
    renamed: dict[str, Any] = json.loads(text)
    renamed["$defs"] = {f"{prefix}.{name}": one for name, one in renamed["$defs"].items()}
    return renamed


if __name__ == "__main__":
    FILE.write_text(schema())
