"""A service's file for commands that need its database, and of the rest only that it is there."""

from pathlib import Path

import yaml


def service_file(folder: Path, database: str, **more: str) -> Path:
    """Kafka and the registry are out of reach; `more` are further settings."""
    settings = {
        "kafka": {"bootstrap_servers": "127.0.0.1:1"},
        "registry": {"url": "http://127.0.0.1:1"},
        "database": {"url": database},
        "vault": [{"id": "k", "key": "env:KEY"}],
        **more,
    }
    file = folder / "service.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file
