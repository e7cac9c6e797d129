"""JSON Schemas of the configuration, for editors: `config/service.schema.json` and `config/tenant.schema.json`."""

import json
from collections.abc import Mapping

from consumer.settings import Settings
from consumer.tenants import Tenant


def schemas() -> Mapping[str, str]:
    """The text of each schema file by its name; a test holds the files in `config/` to it."""
    models = {"service.schema.json": Settings, "tenant.schema.json": Tenant}
    return {
        name: json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()},
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
        for name, model in models.items()
    }
