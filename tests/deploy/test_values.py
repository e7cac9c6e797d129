"""The chart's values: their schema, and what Helm refuses by it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart import CHART, EXAMPLE, NotRendered, changed, release
from tests.deploy.values import FILE, schema


def test_the_schema_is_as_it_is_written() -> None:
    assert FILE.read_text() == schema(), "run `python -m tests.deploy.values`"


def test_every_value_has_its_place_in_the_schema_and_its_default() -> None:
    defaults: Mapping[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    known: Mapping[str, Any] = yaml.safe_load(schema())["properties"]
    assert {*defaults, "global"} == known.keys()


@pytest.mark.usefixtures("helm")
@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "image"),
        ({**EXAMPLE, "replica": 3}, "replica"),
        (changed(image={"repository": ""}), "repository"),
        (changed(image={"digest": "latest"}), "digest"),
        (changed(config={"kafka": {}}), "bootstrap_servers"),
        (changed(config={"vault": []}), "vault"),
        (changed(config={"databse": {}}), "databse"),
        (changed(config={"vault": [{"id": "k", "key": "the key itself"}]}), "key"),
        (changed(tenants={"files": {"north-high": {"id": "north-high", "name": "North"}}}), "statuses"),
        (changed(secrets=["Provisioner"]), "secrets"),
        (changed(autoscaling={"enabled": True, "prometheus": ""}), "prometheus"),
        (changed(tenants={"files": {}, "configMaps": []}), "No tenant is configured"),
    ],
)
def test_helm_refuses_values_that_would_not_run_and_names_them(values: Mapping[str, Any], named: str) -> None:
    with pytest.raises(NotRendered, match=named):
        release(values)


@pytest.mark.usefixtures("helm")
def test_schools_may_all_be_in_configmaps_of_the_operator() -> None:
    found = release(changed(tenants={"files": {}, "configMaps": ["schools-a", "schools-b"]}))
    (tenants,) = [
        one for one in found.one("Deployment")["spec"]["template"]["spec"]["volumes"] if one["name"] == "tenants"
    ]
    named = [source["configMap"]["name"] for source in tenants["projected"]["sources"]]
    assert named == ["provisioner-tenants", "schools-a", "schools-b"]


def test_the_example_refers_only_to_secrets_that_it_mounts() -> None:
    text = Path(CHART.parent / "example-values.yaml").read_text()
    mounted = {*EXAMPLE["secrets"], *EXAMPLE["tenants"]["secrets"], *EXAMPLE["migration"]["secrets"]}
    named = {line.split("file:/run/secrets/")[1].split("/")[0] for line in text.splitlines() if "file:" in line}
    assert named == mounted
