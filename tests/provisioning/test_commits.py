"""How many commits an account takes, and what is written together."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from consumer.errors import Throttled
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Lease
from consumer.ledger.port.writes import BeginStep, EndStep, KeepLease, Settle, Write
from testbed.fakes.ledger import MemoryLedger
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import refused
from tests.provisioning.conftest import School


class CountingLedger(MemoryLedger):
    """Remembers the writes of each commit."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.commits: list[Sequence[Write]] = []

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        self.commits.append(writes)
        await super().commit(lease, writes, service=service)


@pytest.fixture
def ledger(school: School) -> CountingLedger:
    ledger = CountingLedger(lambda: school.now)
    school.forget(ledger)
    return ledger


def begun(writes: Sequence[Write]) -> list[StepName]:
    return [write.name for write in writes if isinstance(write, BeginStep)]


def ended(writes: Sequence[Write]) -> list[StepName]:
    return [write.name for write in writes if isinstance(write, EndStep)]


async def test_a_result_has_no_commit_of_its_own(school: School, ledger: CountingLedger) -> None:
    """It goes with what opens the next call, or with the end."""
    school.enrol()
    await school.work()
    assert {name for writes in ledger.commits for name in ended(writes)} >= {StepName.CREATE, StepName.GROUPS}
    assert all(isinstance(writes[-1], BeginStep | KeepLease | Settle) for writes in ledger.commits)


async def test_the_last_result_is_committed_with_the_settlement(school: School, ledger: CountingLedger) -> None:
    school.enrol()
    await school.work()
    last = ledger.commits[-1]
    assert ended(last) == [StepName.WELCOME]
    assert isinstance(last[-1], Settle)


async def test_an_account_takes_a_commit_for_each_call_and_one_for_the_end(
    school: School, ledger: CountingLedger
) -> None:
    school.enrol()
    await school.work()
    calls = len(school.directory.calls) + len(school.mailer.mailbox)
    assert len(ledger.commits) == calls + 1


async def test_what_a_failed_call_leads_to_is_committed_at_once(school: School, ledger: CountingLedger) -> None:
    school.directory.next_calls("create", refused(Throttled("Slow down.", after=5)))
    school.enrol()
    await school.work()
    failed = next(writes for writes in ledger.commits if ended(writes) == [StepName.CREATE])
    assert begun(failed) == []


async def test_the_same_step_does_not_begin_in_the_commit_that_ends_it(school: School, ledger: CountingLedger) -> None:
    """One commit writes a beginning before an end."""
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work_until_settled()
    assert not any(set(ended(writes)) & set(begun(writes)) for writes in ledger.commits)


async def test_at_two_providers_a_result_does_not_wait_for_the_other_provider_s_calls() -> None:
    """They may take minutes, in which a crash would lose sight of what is done."""
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    ledger = CountingLedger(lambda: school.now)
    school.forget(ledger)
    school.enrol()
    await school.work()
    creations = [
        (write.provider, type(write))
        for writes in ledger.commits
        for write in writes
        if isinstance(write, BeginStep | EndStep) and write.name is StepName.CREATE
    ]
    in_order = list(dict.fromkeys(creations))
    assert in_order == [(provider, kind) for provider in Provider for kind in (BeginStep, EndStep)]


class LosingLedger(MemoryLedger):
    """A standby takes the primary's place when the welcome mail's intent was committed, and lacks that commit."""

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        before = self.backup()
        await super().commit(lease, writes, service=service)
        if StepName.WELCOME in begun(writes):
            self.restore(before)


async def test_a_worker_writes_nothing_on_a_ledger_that_has_lost_its_commits(school: School) -> None:
    school.forget(LosingLedger(lambda: school.now))
    school.enrol()
    await school.work()
    assert school.outcomes("AccountProvisioned") == []
    assert [*school.ledger.dispositions().values()] == [Disposition.PENDING]
