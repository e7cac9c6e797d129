"""Refusals of six scopes at once: whom none concerns finishes while they last, and when they are put right everybody does."""

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from proof.stories.campus import Campus, accounts_of, by_student, campus, failures_of, mails_of
from proof.stories.refusals import INSTITUTIONS, WHY, Enrolment, Refusals, Scope, configured, enrolments
from sandbox.simulators.world import World
from testbed.installation import until
from tests.whole.evidence import accounts, creations, mails_that_open_an_account

STUDENTS = {Scope.UNAFFECTED: 60, **dict.fromkeys(WHY, 6)}


@pytest.mark.long(seconds=40)
@pytest.mark.parts
async def test_who_is_not_concerned_finishes_and_when_it_is_put_right_everybody_does(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)
    students = enrolments(STUDENTS)
    unaffected = [one for one in students if one.scope is Scope.UNAFFECTED]
    refusals = Refusals(world)
    async with campus(world, kafka=kafka, database=database_url, name=unique_name, configure=configured) as here:
        refusals.begin(here.vendors, students)
        await here.start()
        await here.put(*(one.event() for one in students))
        await here.until_applied([one.event() for one in unaffected])
        await until("the others wait, each for its reason", partial(wait_for_their_reasons, here, students), seconds=60)
        assert (await here.dispositions()).keys() == {(one.tenant, f"{one.student}/1") for one in students}
        assert Counter((await here.dispositions()).values()) == {
            "applied": len(unaffected),
            "pending": len(students) - len(unaffected),
        }
        refusals.end(here.vendors)
        await here.until_applied([one.event() for one in students], seconds=90)
        published = by_student(await here.published())

    standing, opened = accounts(world), mails_that_open_an_account(world)
    made = [one for one in students if one.scope is not Scope.UNREADABLE_ROLES]
    assert creations(here.vendors) == {one.marker: 1 for one in made}
    assert {mark: len(found) for mark, found in standing.items()} == {one.marker: 1 for one in students}
    assert {mark for mark, (address,) in standing.items() if opened[address] == 1} == {one.marker for one in made}
    for one in students:
        outcomes = published[one.tenant, one.student]
        newest = accounts_of(outcomes)[-1]
        assert [failure.reason for failure in failures_of(outcomes)] == (
            [WHY[one.scope]] if one.scope in WHY else []
        ), one
        assert len(mails_of(outcomes)) == 1, one
        assert (len(newest.groups), len(newest.licences)) == ((0, 2) if one.scope is Scope.NO_LICENCE else (1, 1)), one


async def wait_for_their_reasons(here: Campus, students: Sequence[Enrolment]) -> bool:
    return await here.waits() == {(one.tenant, one.student): WHY[one.scope] for one in students if one.scope in WHY}
