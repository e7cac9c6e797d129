"""A status that depends on the student's school: some have accounts for it, some need none, and of some the table says nothing."""

import random
from collections.abc import Iterator, Sequence

from consumer.events import ProviderAction
from consumer.tenants import StatusRow
from proof.simulation.sequels import sequel
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.people import SCHOOLS
from sandbox.simulators.sequels import newest_of

_VISITING = "visiting"
_WITH_ACCOUNT, _WITHOUT, _NOT_LISTED = SCHOOLS

ROWS = (
    StatusRow(
        id=_VISITING,
        name="Visiting",
        type="Registered",
        when={"school": (_WITH_ACCOUNT,)},
        provider_action=ProviderAction.CREATE_ACCOUNT,
    ),
    StatusRow(id=_VISITING, name="Visiting", type="Registered", when={"school": (_WITHOUT,)}),
)
"""For the status table of an institution. None is for every student."""

_SHARE = 0.25
"""Of the institution's students."""


def visits(records: Sequence[SimulatedRecord], tenant_id: str, rng: random.Random) -> Iterator[SimulatedRecord]:
    """What follows the newest event of some students, who may have changed schools before."""
    for (of, _), record in newest_of(records).items():
        if of == tenant_id and rng.random() < _SHARE:
            student = record.student
            moved = {**student.attributes, "school": rng.choice(SCHOOLS)}
            yield sequel(record, _VISITING, student.model_copy(update={"attributes": moved}))
