"""Commits of workers: outcomes are queued once, and many callers share a transaction."""

import asyncio
from dataclasses import replace

from consumer.errors import Fenced
from consumer.ledger.port.writes import Defer, SaveAccount
from tests.ledger.conftest import Given, Ledger, event
from tests.ledger.writes import ACCOUNT, BEGIN, MS, outcome


async def test_an_outcome_is_queued_once_however_often_it_is_written(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [outcome()])
    await ledger.work.commit(job.lease, [outcome(), outcome(2), outcome(2)])
    epoch = ledger.outbox.take_over("relay")
    batch = ledger.outbox.next_batch("relay", epoch, limit=10)
    assert batch
    assert len(batch.rows) == 2


async def test_many_callers_at_once_each_get_their_own_answer(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(9)))
    jobs = list(await given.claim())
    stolen = replace(jobs[4].lease, epoch=jobs[4].lease.epoch - 1)
    leases = [job.lease for job in jobs[:4]] + [stolen] + [job.lease for job in jobs[5:]]
    commits = (ledger.work.commit(lease, [BEGIN]) for lease in leases)
    answers = await asyncio.gather(*commits, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None)] * 4 + [Fenced] + [type(None)] * 4


async def test_what_many_callers_write_at_once_is_written_for_each_of_them(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(9)))
    jobs = await given.claim()
    accounts = {job.lease.student_id: replace(ACCOUNT, address=f"{job.lease.student_id}@x") for job in jobs}
    await asyncio.gather(
        *(ledger.work.commit(job.lease, [SaveAccount(accounts[job.lease.student_id]), Defer(0)]) for job in jobs)
    )
    assert {job.lease.student_id: job.accounts[MS] for job in await given.claim()} == accounts
