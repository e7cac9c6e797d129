"""Sealed passwords: one for each generation, for as long as it lives."""

from consumer.ledger.port.writes import Defer, DestroyCredential, SealCredential
from tests.ledger.conftest import Given, Ledger, event
from tests.ledger.writes import MS


async def test_the_first_password_of_a_generation_stands(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"first", 100)])
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"second", 100), Defer(0)])
    assert (await given.claim_one()).credentials[MS].sealed == b"first"


async def test_of_two_passwords_of_a_generation_in_one_commit_the_first_stands(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    seals = [SealCredential(MS, 0, b"first", 100), SealCredential(MS, 0, b"second", 100)]
    await ledger.work.commit(job.lease, [*seals, Defer(0)])
    assert (await given.claim_one()).credentials[MS].sealed == b"first"


async def test_a_password_is_gone_when_it_is_destroyed(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"sealed", 100)])
    await ledger.work.commit(job.lease, [DestroyCredential(MS), Defer(0)])
    assert (await given.claim_one()).credentials == {}


async def test_a_password_is_gone_when_its_time_is_over(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"sealed", 100), Defer(0)])
    ledger.advance(101)
    assert (await given.claim_one()).credentials == {}


async def test_a_password_whose_time_is_over_makes_room_for_another_of_its_generation(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"first", 10)])
    ledger.advance(11)
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"second", 100), Defer(0)])
    assert (await given.claim_one()).credentials[MS].sealed == b"second"


async def test_passwords_whose_time_is_over_are_destroyed(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    seals = [SealCredential(MS, generation, b"sealed", lifetime) for generation, lifetime in enumerate((30, 10, 100))]
    await ledger.work.commit(job.lease, seals)
    assert sum(ledger.retention.expired_credentials()) == 0
    ledger.advance(31)
    assert ledger.sealed() == {0, 1, 2}
    assert sum(ledger.retention.expired_credentials()) == 2
    assert ledger.sealed() == {2}
