"""An institution that replaces passwords while the welcome mails that tell them wait."""

import random
from collections.abc import Sequence

from proof.simulation.faults import Fault, PasswordsReplaced, Spell
from proof.simulation.institutions import tenants
from proof.simulation.vendors import NetworkConditions, host
from sandbox.simulators.vendors import MAILGUN

_REPLACING = 0.08
_MAILS_WAIT = 330.0
_EARLIEST, _LATEST = 220.0, 320.0
"""Seconds. All students' accounts have had their passwords for some minutes by then, if nothing else goes wrong."""


def replacing(rng: random.Random) -> Sequence[Fault]:
    """At some seeds, one institution does so once."""
    if rng.random() >= _REPLACING:
        return ()
    tenant_id = rng.choice(tenants()).id
    return [
        Spell(0.0, _MAILS_WAIT, host(MAILGUN, tenant_id), NetworkConditions(unreachable=1.0)),
        PasswordsReplaced(rng.uniform(_EARLIEST, _LATEST), tenant_id),
    ]
