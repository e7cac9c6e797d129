"""Inputs that operators of similar services reported, each of which once ended wrongly, in one run of the service.

What is read from a single value is tested where it is read: more writers and registries in `tests/codec`, more of Graph's refusals in
`tests/providers/microsoft/test_answers.py`, more addresses in `tests/mail/test_address.py`.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from consumer.errors import Reason
from consumer.events import MailState, Outcome, Provider, student_key
from consumer.tenants import Tenant
from proof.collect.topics import read_topics
from proof.stories.campus import Campus, accounts_of, by_student, campus, event, failures_of, mails_of
from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until
from tests.whole.writers import Writers

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
FEDERATED = Institution("harbour-college", "Harbour College", (Provider.MICROSOFT,))
GROUPS = {"north": GroupKind.ROLE_ASSIGNABLE, "south": GroupKind.MAIL_ENABLED, "harbour": GroupKind.SYNCHRONISED}

WELL = ("created", "mailed")


@dataclass(frozen=True, slots=True)
class Case:
    """A student's event, and how it has to end."""

    student: str
    ends: tuple[str, ...]
    tenant: str = NORTH.id
    writer: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def whose(self) -> tuple[str, str]:
        """Tenant and student."""
        return self.tenant, self.student

    def event(self) -> Mapping[str, Any]:
        """The status event."""
        return {**event(self.tenant, self.student, **self.about), "event_id": str(uuid4())}


def cases(writers: Sequence[str]) -> Iterator[Case]:
    """Each with the input's name as the student's id, or a part of it."""
    yield Case("2001", WELL)  # the number of a teacher too
    for number, writer in enumerate(writers):
        yield Case(f"writer {number}: {writer}", WELL, writer=writer)
    yield Case("federated domain", (Reason.DOMAIN_NOT_VERIFIED,), tenant=FEDERATED.id)
    for school, kind in GROUPS.items():
        yield Case(f"{kind.name} group", (*WELL, Reason.GROUP_REFUSED), about={"attributes": {"school": school}})
    yield from (
        Case(f"contact {contact!r}", ends, about={"contact_email": contact}) for contact, ends in CONTACTS.items()
    )


CONTACTS = {
    "student.one@example.com ": WELL,
    " student.two@example.com": WELL,
    "student.three@example.com\N{NO-BREAK SPACE}": WELL,
    "student.four@example.com,": ("created", "has a comma or semicolon, so it may be several addresses"),
    "mailto:student.five@example.com": ("created", "begins with `mailto:`"),
}


def ending(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What became of the account, of the mail, and for what the student waits."""
    account = [one.account.origin for one in accounts_of(outcomes)]
    mail = [
        "mailed"
        if one.state is MailState.ACCEPTED
        else (one.message or "").removeprefix("The contact address ").partition(": correct it")[0]
        for one in mails_of(outcomes)
    ]
    waits = [f"final {one.reason}" if one.final else one.reason for one in failures_of(outcomes)]
    return (*account, *mail, *waits)


def with_a_comma(tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """A sender's name as people write it."""
    return [
        tenant.model_copy(update={"mailgun": tenant.mailgun.model_copy(update={"sender": SENDER})})
        if tenant.id == NORTH.id and tenant.mailgun
        else tenant
        for tenant in tenants
    ]


SENDER = f"North High, Registrar <accounts@{NORTH.mail_domain}>"


@pytest.mark.long(seconds=30)
@pytest.mark.parts
async def test_every_input_that_was_reported_ends_as_it_should(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, FEDERATED), tmp_path, clock=time.time, seed=1)
    directory = world.graph.directories[NORTH.guid("tenant")]
    teacher = directory.add({"userPrincipalName": f"t.one@{NORTH.domain}", "employeeId": "2001", "usageLocation": "GR"})
    for school, kind in GROUPS.items():
        directory.add_group(NORTH.guid(school), kind)
    world.graph.directories[FEDERATED.guid("tenant")].federated.add(FEDERATED.domain)

    async with campus(world, kafka=kafka, database=database_url, name=unique_name, configure=with_a_comma) as here:
        writers = Writers(world.schemas)
        here.vendors.faults.set(writers.faults())
        every = list(cases(writers.names()))
        wanted = {case.whose: case.ends for case in every}
        replica = await here.start()
        await here.put(*(case.event() for case in every if case.writer is None))
        await here.put_raw(
            *(
                (student_key(*case.whose), writers.encode(case.writer, case.event()))
                for case in every
                if case.writer is not None
            )
        )
        await until("every input has an ending", partial(all_have_ended, here, wanted), seconds=60)
        ends = {student: ending(outcomes) for student, outcomes in by_student(await here.published()).items()}
        dead_letters = await read_topics(kafka, [here.service.topics.dead_letters])
        held = await here.rows("SELECT tenant_id, service, reason FROM tenant_wait WHERE held ORDER BY service")
        assert replica.restarts == 0

    assert ends == wanted
    assert list(dead_letters) == []
    assert (teacher.licences, teacher.properties["employeeId"], teacher.password_changed_at) == (
        [],
        "2001",
        teacher.created_at,
    )
    assert set(held) == {
        (FEDERATED.id, "microsoft/creations", Reason.DOMAIN_NOT_VERIFIED),
        *((NORTH.id, f"microsoft/groups/{NORTH.guid(school)}", Reason.GROUP_REFUSED) for school in GROUPS),
    }
    senders = {mail.sender for mail in world.mail.mailbox.mails}
    assert senders == {f'"North High, Registrar" <accounts@{NORTH.mail_domain}>'}


async def all_have_ended(here: Campus, wanted: Mapping[tuple[str, str], tuple[str, ...]]) -> bool:
    """Whether every expected outcome was published for each."""
    found = by_student(await here.published())
    return all(len(found.get(student, ())) >= len(ends) for student, ends in wanted.items())
