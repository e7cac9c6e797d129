"""Adoption on PostgreSQL and against the simulated vendors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from consumer.events import Provider
from consumer.ledger.acts import Acts, Operator
from consumer.ledger.adoptions import Adoptions
from consumer.policy.marker import marker
from consumer.reconcile.adopting import Adopting
from consumer.reconcile.connections import Opened
from consumer.reconcile.judgement import Cause, Judged, Verdict, chosen
from consumer.reconcile.matches import Match
from testbed.settled import SettledSchool
from tests.reconcile.conftest import Installation

pytestmark = pytest.mark.parts


@dataclass
class Office:
    """A school with accounts that were made by hand, and who adopts them."""

    installation: Installation
    school: SettledSchool
    provider: Provider

    def account(self, name: str) -> str:
        """One without a marker; returns its object id."""
        return self.school.directory.by_hand(f"{name}@students.north.example")

    async def look(self, *matches: Match) -> Sequence[Judged]:
        async with self.installation.connections().to(self.installation.tenant) as opened:
            return await self._adopting(opened).look(matches, lambda _: None)

    async def adopt(self, *matches: Match) -> Sequence[Match]:
        async with self.installation.connections().to(self.installation.tenant) as opened:
            adopting = self._adopting(opened)
            taken = chosen(await adopting.look(matches, lambda _: None), doubts=False)
            return await adopting.adopt(taken, digest="d1", progress=lambda _: None)

    def _adopting(self, opened: Mapping[Provider, Opened]) -> Adopting:
        kept = Adoptions(self.installation.engine, "north", self.provider, Operator("ada", "moved from the old system"))
        return Adopting(self.installation.tenant, opened[self.provider], kept)

    def rows(self, table: str, student: str) -> list[dict[str, object]]:
        statement = text(f"SELECT * FROM {table} WHERE student_id = :student")  # noqa: S608  our own words
        with self.installation.engine.begin() as connection:
            return [dict(row) for row in connection.execute(statement, {"student": student}).mappings()]


@pytest.fixture
def office(installation: Installation, provider: Provider) -> Office:
    return Office(installation, installation.school(provider, 8), provider)


async def test_a_look_changes_nothing(office: Office) -> None:
    ident = office.account("maria")
    (judged,) = await office.look(Match(2, "new", ident))
    assert judged.verdict is Verdict.MATCH
    assert office.installation.writes() == []
    assert office.rows("account", "new") == office.rows("adoption", "new") == []


async def test_an_account_is_found_by_its_address_too(office: Office) -> None:
    ident = office.account("maria")
    (judged,) = await office.look(Match(2, "new", "Maria@students.north.example"))
    assert judged.found is not None
    assert (judged.verdict, judged.found.object_id) == (Verdict.MATCH, ident)


async def test_an_adopted_account_is_marked_known_and_recorded(office: Office) -> None:
    ident = office.account("maria")
    assert await office.adopt(Match(2, "new", ident)) == []
    (account,), (adoption,) = office.rows("account", "new"), office.rows("adoption", "new")
    assert (account["object_id"], account["origin"]) == (ident, "adopted")
    assert account["marker"] == marker(office.provider, "north", "new")
    assert (adoption["object_id"], adoption["digest"], adoption["adopted_by"]) == (ident, "d1", "ada")
    assert adoption["done_at"] is not None
    (judged,) = await office.look(Match(2, "new", ident))
    assert judged.verdict is Verdict.ALREADY


async def test_a_run_is_one_act_of_the_operator_on_its_students(office: Office) -> None:
    await office.adopt(Match(2, "new", office.account("maria")), Match(3, "newer", office.account("ann")))
    (act,) = Acts(office.installation.engine).listed()
    assert (act.kind, act.tenant_id, act.by, act.why) == (
        "accounts_adopted",
        "north",
        "ada",
        "moved from the old system",
    )
    assert (act.students, act.about) == (2, {"provider": office.provider})


async def test_a_repeat_marks_nothing_again(office: Office) -> None:
    match = Match(2, "new", office.account("maria"))
    await office.adopt(match)
    writes = office.installation.writes()
    await office.adopt(match)
    assert office.installation.writes() == writes
    assert len(list(Acts(office.installation.engine).listed())) == 1


async def test_accounts_of_others_are_refused(office: Office) -> None:
    taken, own = office.school.pupils[1], office.school.pupils[2]
    free = office.account("maria")
    judged = await office.look(
        Match(2, "new", taken.object_id),
        Match(3, own.student_id, free),
        Match(4, "newer", "no-one@students.north.example"),
    )
    assert [one.cause for one in judged] == [Cause.MARKED, Cause.HAS_ACCOUNT, Cause.NOT_FOUND]


async def test_an_administrators_account_is_refused(office: Office) -> None:
    ident = office.account("maria")
    office.school.directory.promote(ident)
    (judged,) = await office.look(Match(2, "new", ident))
    assert (judged.verdict, judged.cause) == (Verdict.REFUSAL, Cause.PRIVILEGED)


async def test_a_students_account_that_lost_its_marker_is_marked_again(office: Office) -> None:
    pupil = office.school.pupils[1]
    office.school.directory.mark(pupil, None)
    assert await office.adopt(Match(2, pupil.student_id, pupil.object_id)) == []
    (judged,) = await office.look(Match(2, pupil.student_id, pupil.object_id))
    assert judged.verdict is Verdict.ALREADY
    (account,) = office.rows("account", pupil.student_id)
    assert account["origin"] == "created"
