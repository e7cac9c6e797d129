"""An institution that replaces passwords while the welcome mails that tell them wait."""

import random
from collections.abc import Sequence

from proof.simulation.faults import Fault, PasswordsReplaced, Spell
from proof.simulation.institutions import tenants
from proof.simulation.vendors import Weather, host
from sandbox.simulators.vendors import MAILGUN

_REPLACING = 0.08
_MAILS_WAIT = 330.0
_EARLIEST, _LATEST = 220.0, 320.0
"""Seconds. All students' accounts have had their passwords for some minutes by then, if nothing else goes wrong."""


def replacing(dice: random.Random) -> Sequence[Fault]:
    """At some seeds, one institution does so once."""
    if dice.random() >= _REPLACING:
        return ()
    tenant_id = dice.choice(tenants()).id
    return [
        Spell(0.0, _MAILS_WAIT, host(MAILGUN, tenant_id), Weather(unreachable=1.0)),
        PasswordsReplaced(dice.uniform(_EARLIEST, _LATEST), tenant_id),
    ]
