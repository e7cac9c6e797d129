"""Streams of simulated events for small institutions."""

import json
from pathlib import Path
from typing import Any, cast

from consumer.tenants import Tenant
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import EventStream, Mix, SimulatedRecord

SCHEMA = cast(
    "dict[str, Any]",
    json.loads((Path(__file__).parents[3] / "schemas" / "student-status-changed.avsc").read_text(encoding="utf-8")),
)
SCHEMA_ID = 7


def tenant(ident: str, **change: Any) -> Tenant:
    return Tenant.model_validate(
        {
            "id": ident,
            "name": ident.title(),
            "google": {"service_account": "env:KEY", "admin_subject": f"admin@{ident}.example"},
            "addresses": {"domain": f"{ident}.example"},
            "statuses": [
                {"id": "applied", "name": "Applied", "type": "Application"},
                {"id": "enrolled", "name": "Enrolled", "type": "Registered", "provider_action": "create_account"},
                {"id": "withdrawn", "name": "Withdrawn", "type": "Left"},
            ],
            "welcome_email": {"enabled": False},
            **change,
        }
    )


def stream(students: int = 400, *, seed: int = 3, mix: Mix | None = None, **change: Any) -> list[SimulatedRecord]:
    tenants = [tenant("academy", **change), tenant("lyceum", **change)]
    encoder = Encoder(SCHEMA, SCHEMA_ID)
    return list(EventStream(seed=seed, tenants=tenants, students=students, encoder=encoder, mix=mix))
