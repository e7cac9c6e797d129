"""The chart as Helm renders it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/provisioner"
EXAMPLE: Mapping[str, Any] = yaml.safe_load((ROOT / "deploy/helm/example-values.yaml").read_text())

Manifest = Mapping[str, Any]


class NotRendered(Exception):
    """Helm refuses; the text is Helm's own."""


@dataclass(frozen=True, slots=True)
class Release:
    """What would be installed, and what Helm's linter says of the chart with these values."""

    manifests: Sequence[Manifest]
    findings: Sequence[str]

    def one(self, kind: str, *, suffix: str = "") -> Any:
        """The manifest of this kind whose name ends so, of several the one with the shortest name. Raises AssertionError without one."""
        found = [one for one in self.manifests if one["kind"] == kind and str(one["metadata"]["name"]).endswith(suffix)]
        assert found, f"no {kind}"
        return min(found, key=lambda one: len(one["metadata"]["name"]))

    def kinds(self) -> Sequence[str]:
        """Of all manifests, in order."""
        return sorted(one["kind"] for one in self.manifests)

    def pods(self) -> Sequence[Any]:
        """The specification of every pod: the service's, and the migration's."""
        return [one["spec"]["template"]["spec"] for one in self.manifests if one["kind"] in {"Deployment", "Job"}]


def release(values: Mapping[str, Any] = EXAMPLE, *, name: str = "provisioner", namespace: str = "schools") -> Release:
    """The chart with these values. Raises `NotRendered`."""
    request = {"chart": str(CHART), "values": values, "name": name, "namespace": namespace}
    done = subprocess.run(
        [sys.executable, "-m", "tests.deploy.helm"], input=json.dumps(request), capture_output=True, text=True, check=False,
        cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: Any = json.loads(done.stdout)
    if "error" in answer:
        raise NotRendered(answer["error"])
    documents = [one for text in answer["manifests"].values() for one in yaml.safe_load_all(text)]
    return Release([one for one in documents if one], answer["findings"])


def changed(**sections: Any) -> Mapping[str, Any]:
    """The example's values with these changes: of a mapping, its keys; of anything else, all of it."""
    values: dict[str, Any] = deepcopy(dict(EXAMPLE))
    for name, section in sections.items():
        known = values.get(name)
        values[name] = {**known, **section} if isinstance(known, dict) and isinstance(section, dict) else section
    return values
