"""Records that another version has written, on PostgreSQL: they are put aside, and come back to who can read them."""

from datetime import timedelta

import pytest
from sqlalchemy import Row

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.credentials import Credentials
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import BeginStep, Defer, SaveAccount, SealCredential
from consumer.ledger.vault import Context, Vault
from tests.ledger.conftest import Given, OnPostgres, event

pytestmark = pytest.mark.parts

MS = Provider.MICROSOFT
WRITTEN = (
    BeginStep(MS, StepName.CREATE, version=1, request_hash=b"hash", timeout=10),
    SaveAccount(Account(MS, "m@x", "marker", {"userPrincipalName": "m@x"})),
    SealCredential(MS, 0, b"sealed", lifetime=10_000),
)
FOREIGN = {
    "student.desired": "UPDATE student SET desired = '[]'",
    "student.desired, a further part": "UPDATE student SET desired = jsonb_set(desired, '{grace}', '14')",
    "student.desired.event, a further field": "UPDATE student SET desired = jsonb_set(desired, '{event,student,alias}', '\"M.\"')",
    "student.desired.event": "UPDATE student SET desired = jsonb_set(desired, '{event,version}', '\"two\"')",
    "student.desired.action": "UPDATE student SET desired = jsonb_set(desired, '{action}', '\"teleport\"')",
    "student.desired.providers": "UPDATE student SET desired = jsonb_set(desired, '{providers,0}', '\"apple\"')",
    "account.provider": "UPDATE account SET provider = 'apple'",
    "account.origin": "UPDATE account SET origin = 'inherited'",
    "account.body": "UPDATE account SET body = jsonb_set(body, '{profile}', '{}')",
    "step.provider": "UPDATE step SET provider = 'apple'",
    "step.name": "UPDATE step SET name = 'teleport'",
    "step.state": "UPDATE step SET state = 'parked'",
    "step.reason": "UPDATE step SET reason = 'full_moon'",
    "credential.provider": "UPDATE credential SET provider = 'apple'",
}


@pytest.fixture
def given(on_postgres: OnPostgres) -> Given:
    return Given(on_postgres)


async def two_students(given: Given) -> None:
    """Both due, `s1` with a record in every table."""
    given.accept(event("e1"))
    job = await given.claim_one()
    await given.ledger.work.commit(job.lease, [*WRITTEN, Defer(0)])
    given.accept(event("e2", student_id="s2"))


async def test_students_who_are_set_aside_take_no_places_of_others(given: Given, on_postgres: OnPostgres) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(7)))
    on_postgres.execute("UPDATE student SET desired = '[]' WHERE student_id < 's5'")
    assert {job.lease.student_id for job in await given.claim(2)} == {"s5", "s6"}
    assert len(on_postgres.unreadable) == 5


def wait(ledger: OnPostgres) -> Row[tuple[str, ...]]:
    (row,) = ledger.execute(
        "SELECT *, until > now() + interval '1 s' AS later FROM student_wait WHERE student_id = 's1'"
    )
    return row


@pytest.mark.parametrize("place", FOREIGN)
async def test_a_student_with_a_record_that_cannot_be_read_waits_and_everybody_else_continues(
    given: Given, on_postgres: OnPostgres, place: str
) -> None:
    await two_students(given)
    on_postgres.execute(f"{FOREIGN[place]} WHERE student_id = 's1'")
    place, _, _ = place.partition(",")
    assert [job.lease.student_id for job in await given.claim()] == ["s2"]
    assert on_postgres.unreadable == [place]
    put_aside = wait(on_postgres)
    assert (put_aside.reason, put_aside.code, put_aside.provider) == (Reason.UNREADABLE_RECORD, place, "")
    assert (put_aside.held, put_aside.attempts, put_aside.version, put_aside.later) == (True, 1, 1, True)


async def test_a_version_that_can_read_the_record_continues_with_the_student(
    given: Given, on_postgres: OnPostgres
) -> None:
    await two_students(given)
    on_postgres.execute("UPDATE step SET state = 'parked'")
    await given.claim()
    assert await given.claim() == []
    on_postgres.execute("UPDATE step SET state = 'done'")
    on_postgres.advance(61)
    jobs = {job.lease.student_id: job for job in await given.claim()}
    assert jobs["s1"].attempt == 2  # that it was put aside was no attempt


async def test_the_wait_for_another_version_keeps_its_beginning(given: Given, on_postgres: OnPostgres) -> None:
    await two_students(given)
    on_postgres.execute("UPDATE step SET state = 'parked'")
    await given.claim()
    first = wait(on_postgres)
    on_postgres.advance(61)  # all times that are written down are 61 seconds earlier now
    await given.claim()
    again = wait(on_postgres)
    assert (again.attempts, again.since) == (2, first.since - timedelta(seconds=61))


async def test_an_event_without_a_trace_context_is_no_trouble(given: Given, on_postgres: OnPostgres) -> None:
    await two_students(given)
    on_postgres.execute("UPDATE student SET desired = desired - 'traceparent'")
    assert len(await given.claim()) == 2


PARKED = ("UPDATE student SET due_at = 'infinity'", "UPDATE student SET lease_until = 'infinity'")


@pytest.mark.parametrize("parked", PARKED)
async def test_a_student_that_was_parked_by_hand_for_ever_is_nobodys_next(
    given: Given, on_postgres: OnPostgres, parked: str
) -> None:
    given.accept(event())
    on_postgres.execute(parked)
    assert await given.claim() == []
    assert await given.seconds_to_next() is None


async def test_a_password_at_a_provider_that_is_not_known_does_not_stop_the_rotation_of_keys(
    given: Given, on_postgres: OnPostgres
) -> None:
    await two_students(given)
    old, new = ("old", b"o" * 32), ("new", b"n" * 32)
    sealed = Vault([old]).seal("secret", Context("north", "s1", MS, 0))
    on_postgres.execute("UPDATE credential SET sealed = :sealed", sealed=sealed)
    on_postgres.execute(
        "INSERT INTO credential SELECT tenant_id, student_id, 'apple', 0, sealed, expires_at FROM credential"
    )
    (rewrapped,) = Credentials(on_postgres.engine).rewrap(Vault([new, old]), batch=10)
    assert rewrapped.done == 1
    assert list(rewrapped.closed) == ["This version can't read credential.provider."]
