"""A customer to try things on, and the words in which it refuses them."""

from typing import Any

import pytest

from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.refusals import Refusal
from tests.sandbox.simulators.clock import Clock


def academy(clock: Clock, quirks: GoogleQuirks | None = None, *, user_limit: int | None = None) -> Customer:
    customer = Customer("C01", ["academy.example"], clock=clock, quirks=quirks, user_limit=user_limit)
    customer.add_org_unit("/Students/North")
    return customer


def body(address: str = "maria.borg@academy.example", **more: Any) -> dict[str, Any]:
    name = {"givenName": "Maria", "familyName": "Borġ"}
    marker = [{"type": "custom", "customType": "provisioner", "value": "S1"}]
    return {"primaryEmail": address, "name": name, "password": "correct horse", "externalIds": marker} | more


def refusal(action: Any, *args: Any, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as refused:
        action(*args, **named)
    return refused.value.status, refused.value.reason, refused.value.message
