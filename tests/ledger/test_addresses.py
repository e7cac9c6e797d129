"""Reservations of addresses: what workers may rely on, and that replicas do not block one another."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from consumer.errors import Fenced
from consumer.events import Provider
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import Defer, RefuseAddress, ReleaseAddress, RetireAddress, SaveAccount
from consumer.ledger.work import PostgresWork
from tests.ledger.conftest import Given, Ledger, event

MS, GOOGLE = Provider.MICROSOFT, Provider.GOOGLE
BOTH = [MS, GOOGLE]


async def test_an_address_is_reserved_for_one_student_only(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    assert await ledger.work.reserve(one.lease, [MS], ["m@x", "m2@x"]) == "m@x"
    assert await ledger.work.reserve(two.lease, [MS], ["M@x", "m2@x"]) == "m2@x"


async def test_providers_are_apart(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    assert await ledger.work.reserve(one.lease, [MS], ["m@x"]) == "m@x"
    assert await ledger.work.reserve(two.lease, [GOOGLE], ["m@x"]) == "m@x"


async def test_a_student_gets_the_same_address_at_every_provider(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"), event("e3", student_id="s3"))
    one, two, three = await given.claim()
    await ledger.work.reserve(one.lease, [MS], ["m@x"])
    await ledger.work.reserve(two.lease, [GOOGLE], ["m2@x"])
    assert await ledger.work.reserve(three.lease, BOTH, ["m@x", "m2@x", "m3@x"]) == "m3@x"
    assert await ledger.work.reserve(three.lease, [GOOGLE], ["other@x"]) == "m3@x"


async def test_an_address_is_reserved_at_every_provider_or_at_none(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"), event("e3", student_id="s3"))
    one, two, three = await given.claim()
    await ledger.work.reserve(one.lease, [GOOGLE], ["m@x"])
    assert await ledger.work.reserve(two.lease, BOTH, ["m@x"]) is None
    assert await ledger.work.reserve(three.lease, [MS], ["m@x"]) == "m@x"


async def test_a_reservation_asked_for_again_is_the_same(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    assert await ledger.work.reserve(job.lease, BOTH, ["m@x"]) == "m@x"
    assert await ledger.work.reserve(job.lease, BOTH, ["other@x", "m@x"]) == "m@x"


async def test_the_address_that_a_student_has_at_one_provider_is_tried_first_at_the_others(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.reserve(job.lease, [MS], ["m3@x"])
    assert await ledger.work.reserve(job.lease, [GOOGLE, MS], ["m@x", "m2@x", "m3@x"]) == "m3@x"


async def test_where_that_address_is_taken_the_others_get_a_candidate_and_it_stays_where_it_is(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.reserve(one.lease, [GOOGLE], ["m@x"])
    await ledger.work.reserve(two.lease, [MS], ["m@x"])
    assert await ledger.work.reserve(two.lease, [GOOGLE, MS], ["m@x", "m2@x"]) == "m2@x"
    assert await ledger.work.reserve(two.lease, BOTH, ["m4@x"]) == "m@x"


async def test_both_providers_of_a_student_may_ask_at_once(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    asked = (ledger.work.reserve(job.lease, order, ["m@x", "m2@x"]) for order in (BOTH, BOTH[::-1]))
    assert await asyncio.gather(*asked) == ["m@x", "m@x"]


async def test_namesakes_that_ask_at_once_get_different_addresses(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(8)))
    jobs = await given.claim()
    wanted = [f"m{n}@x" for n in range(8)]
    given_out = await asyncio.gather(*(ledger.work.reserve(job.lease, BOTH, wanted) for job in jobs))
    assert sorted(given_out, key=str) == wanted


async def test_where_all_candidates_are_taken_there_is_no_address(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.reserve(one.lease, [MS], ["m@x"])
    assert await ledger.work.reserve(two.lease, [MS], ["m@x"]) is None


async def test_a_refused_address_is_given_to_no_one_again(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.reserve(job.lease, [MS], ["m@x"])
    await ledger.work.commit(job.lease, [SaveAccount(Account(MS, "m@x", "marker", {"address": "m@x"}))])
    await ledger.work.commit(job.lease, [RefuseAddress(MS, "m@x")])
    assert await ledger.work.reserve(job.lease, [MS], ["m@x", "m2@x"]) == "m2@x"
    await ledger.work.commit(job.lease, [Defer(0)])
    assert (await given.claim_one()).accounts == {}


async def test_an_address_refused_at_one_provider_is_not_given_at_both(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.reserve(one.lease, [GOOGLE], ["m@x"])
    await ledger.work.commit(one.lease, [RefuseAddress(GOOGLE, "m@x")])
    assert await ledger.work.reserve(two.lease, BOTH, ["m@x", "m2@x"]) == "m2@x"


async def test_a_former_address_is_its_students_alone(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.reserve(one.lease, BOTH, ["m@x"])
    await ledger.work.commit(one.lease, [RetireAddress(MS, "M@x")])
    assert await ledger.work.reserve(two.lease, [MS], ["m@x", "m3@x"]) == "m3@x"
    assert await ledger.work.reserve(one.lease, [MS], ["m2@x", "m@x"]) == "m2@x"
    assert await ledger.work.reserve(one.lease, [GOOGLE], ["m2@x"]) == "m@x"


async def test_a_former_address_can_be_had_again(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"))
    one = await given.claim_one()
    await ledger.work.reserve(one.lease, [MS], ["m@x"])
    await ledger.work.commit(one.lease, [RetireAddress(MS, "m@x")])
    await ledger.work.reserve(one.lease, [MS], ["m2@x"])
    await ledger.work.commit(one.lease, [RetireAddress(MS, "m2@x")])
    assert await ledger.work.reserve(one.lease, [MS], ["m@x"]) == "m@x"
    assert await ledger.work.reserve(one.lease, [MS], ["m2@x"]) == "m@x"
    await ledger.work.commit(one.lease, [ReleaseAddress(MS, "m@x")])
    assert await ledger.work.reserve(one.lease, [MS], ["m2@x"]) == "m2@x"


async def test_an_address_that_was_never_reserved_can_be_retired(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.commit(one.lease, [RetireAddress(MS, "m@x")])
    assert await ledger.work.reserve(two.lease, [MS], ["m@x"]) is None
    assert await ledger.work.reserve(one.lease, [MS], ["m@x"]) == "m@x"


async def test_neither_anothers_address_nor_a_refused_one_is_retired(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.reserve(one.lease, [MS], ["m@x"])
    await ledger.work.reserve(two.lease, [MS], ["m2@x"])
    await ledger.work.commit(one.lease, [RefuseAddress(MS, "m@x")])
    await ledger.work.commit(one.lease, [RetireAddress(MS, "m@x"), RetireAddress(MS, "m2@x")])
    assert await ledger.work.reserve(one.lease, [MS], ["m@x", "m2@x"]) is None
    assert await ledger.work.reserve(two.lease, [MS], ["m4@x"]) == "m2@x"


@pytest.mark.parametrize("kind", [RefuseAddress, ReleaseAddress])
async def test_an_account_that_cannot_have_its_next_address_keeps_the_one_it_has(
    given: Given, ledger: Ledger, kind: type[RefuseAddress | ReleaseAddress]
) -> None:
    given.accept(event())
    job = await given.claim_one()
    account = Account(MS, "m@x", "marker", {"address": "m@x"}, next_address="M2@x")
    await ledger.work.commit(job.lease, [SaveAccount(account)])
    await ledger.work.commit(job.lease, [kind(MS, "m2@x"), Defer(0)])
    assert (await given.claim_one()).accounts == {MS: replace(account, next_address=None)}


async def test_a_fenced_worker_reserves_nothing(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    ledger.advance(61)
    with pytest.raises(Fenced):
        await ledger.work.reserve(job.lease, BOTH, ["m@x"])


async def test_replicas_that_want_the_same_names_in_different_orders_all_finish(given: Given, ledger: Ledger) -> None:
    """On PostgreSQL, a second replica in whose way the first one is: the loser of the race takes the next name; no deadlock."""
    given.accept(*(event(f"e{n}", student_id=f"s{n:02}") for n in range(40)))
    jobs = await given.claim(40)
    wanted = [f"m{n}@x" for n in range(40)]
    engine: Any = getattr(ledger, "engine", None)
    replicas = [ledger.work, PostgresWork(engine) if engine else ledger.work]
    given_out = await asyncio.gather(
        *(
            replicas[n % 2].reserve(job.lease, BOTH if n % 3 else BOTH[::-1], wanted[:: 1 if n % 2 else -1])
            for n, job in enumerate(jobs)
        )
    )
    assert sorted(given_out, key=str) == sorted(wanted)
    if isinstance(replicas[1], PostgresWork):
        replicas[1].close()
