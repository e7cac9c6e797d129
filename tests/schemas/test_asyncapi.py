"""AsyncAPI's page, the schema files and the settings tell of the same topics."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from consumer.settings import Topics

SCHEMAS = Path(__file__).parents[2] / "schemas"
PAGE: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())
FILES = sorted(SCHEMAS.glob("*.avsc"))


def test_the_channels_are_the_topics_of_the_settings() -> None:
    public = set(Topics().model_dump().values()) - {Topics().relay_progress}
    assert {channel["address"] for channel in PAGE["channels"].values()} == public


def test_every_operation_is_of_a_channel() -> None:
    named = {operation["channel"]["$ref"] for operation in PAGE["operations"].values()}
    assert named == {f"#/channels/{name}" for name in PAGE["channels"]}


def test_every_schema_file_is_some_messages_payload() -> None:
    messages = PAGE["components"]["messages"].values()
    payloads = {message["payload"]["schema"]["$ref"] for message in messages if "payload" in message}
    assert payloads == {path.name for path in FILES}


def test_every_message_and_trait_that_is_named_is_there() -> None:
    text = (SCHEMAS / "asyncapi.yaml").read_text()
    for kind in ("messages", "messageTraits"):
        for name in PAGE["components"][kind]:
            assert f"'#/components/{kind}/{name}'" in text
    for channel in PAGE["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].rpartition("/")[2] in PAGE["components"]["messages"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_field_says_what_it_is(path: Path) -> None:
    assert list(undocumented(json.loads(path.read_text()))) == []


def undocumented(schema: Any) -> list[str]:
    """Records and fields without a `doc`."""
    if not isinstance(schema, dict) or cast("dict[str, Any]", schema)["type"] != "record":
        return []
    record = cast("dict[str, Any]", schema)
    missing = [] if record.get("doc") else [record["name"]]
    for field in record["fields"]:
        missing += [] if field.get("doc") else [f"{record['name']}.{field['name']}"]
        missing += undocumented(field["type"])
    return missing
