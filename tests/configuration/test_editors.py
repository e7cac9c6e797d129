"""The schemas that editors read, and the page that people read, are those of the models."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from consumer.configuration.editors import schemas
from consumer.configuration.reference import reference

CONFIG = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_file_is_what_the_model_generates(name: str) -> None:
    assert (CONFIG / name).read_text() == schemas()[name], "run `provisioner config schema`"


def test_the_page_is_what_the_models_generate() -> None:
    page = CONFIG.parent / "docs/configuration.md"
    assert page.read_text() == reference(), "run `provisioner config schema`"


def test_the_example_tenant_keeps_its_schema() -> None:
    schema = json.loads((CONFIG / "tenant.schema.json").read_text())
    jsonschema.validate(yaml.safe_load((CONFIG / "tenants/north-high.yaml").read_text()), schema)
