"""`python -m tests.deploy.helm`: a chart by Helm's own library, in a process of its own, as the library brings Go's runtime along.

A request on standard input, in JSON: `chart`, `values`, `name`, `namespace`. The answer on standard output: `manifests` by the template's
path and `findings` of Helm's linter, or the `error` that `helm template` would end with. Neither a cluster nor a network is contacted.
"""

import json
import sys
from typing import Any

import helm_python  # pyright: ignore[reportMissingImports]  on no machine for which it has no wheel

_WARNING = 2


def answer(request: Any) -> Any:
    """For one request."""
    library: Any = helm_python
    with library.Chart.load(request["chart"]) as chart:
        try:
            chart.validate_schema(request["values"])
            manifests = chart.render(request["values"], name=request["name"], namespace=request["namespace"])
        except library.HelmError as error:
            return {"error": str(error)}
    report = library.chart.lint(request["chart"], request["values"], namespace=request["namespace"])
    findings = [f"{one['path']}: {one['error']}" for one in report["messages"] or () if one["severity"] >= _WARNING]
    return {"manifests": manifests, "findings": findings}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
