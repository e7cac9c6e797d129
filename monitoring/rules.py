"""The files that Prometheus reads: rules as they stand, as the `PrometheusRule` of its operator for Kubernetes, and as the chart has it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from monitoring.alert import Alert
from monitoring.alerts import ALERTS
from monitoring.objective import WINDOWS, Objective
from monitoring.objectives import OBJECTIVES

_BRACES = re.compile(r"\{\{|\}\}")
_HEAD = "# Written by `python -m monitoring`, from the list in monitoring/alerts.py: change that.\n"
_CHART_HEAD = """\
{{- if .Values.prometheusRule.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ include "provisioner.fullname" . }}
  labels:
    {{- include "provisioner.labels" . | nindent 4 }}
    {{- with .Values.prometheusRule.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
"""


def prometheus(alerts: Sequence[Alert] = ALERTS, objectives: Sequence[Objective] = OBJECTIVES) -> str:
    """A file for `rule_files`."""
    return _HEAD + _yaml(_groups(alerts, objectives))


def prometheus_rule() -> str:
    """The same for the Prometheus operator."""
    return _HEAD + _yaml(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "provisioner", "labels": {"app.kubernetes.io/name": "provisioner"}},
            "spec": _groups(ALERTS, OBJECTIVES),
        }
    )


def chart_template() -> str:
    """The same as a template of the chart: Helm leaves what Prometheus is to fill in as it is."""
    spec = _BRACES.sub(lambda braces: f'{{{{ "{braces[0]}" }}}}', _yaml({"spec": _groups(ALERTS, OBJECTIVES)}))
    return f"{_HEAD}{_CHART_HEAD}{spec}{{{{- end }}}}\n"


def _groups(alerts: Sequence[Alert], objectives: Sequence[Objective]) -> Mapping[str, Any]:
    """The rules of one group are evaluated in their order: alerts on what was recorded stand behind it."""
    recorded = [_recorded(objective, window) for objective in objectives for window in WINDOWS]
    return {"groups": [{"name": "provisioner", "rules": [*recorded, *(_alert(one) for one in alerts)]}]}


def _recorded(objective: Objective, window: str) -> Mapping[str, str]:
    return {"record": objective.recorded(window), "expr": objective.late_ratio(window)}


def _alert(alert: Alert) -> Mapping[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.when,
        "for": alert.lasts,
        "labels": {"severity": alert.severity.value},
        "annotations": {"summary": alert.summary, "runbook": alert.runbook},
    }


def _yaml(what: Mapping[str, Any]) -> str:
    return yaml.safe_dump(what, sort_keys=False, width=140, allow_unicode=True)
