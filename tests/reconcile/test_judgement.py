"""Which accounts of a list may be adopted. Pure."""

from dataclasses import replace

import pytest

from consumer.events import Provider
from consumer.providers.port import Found
from consumer.reconcile.judgement import Cause, Holder, Judged, Looked, Verdict, chosen, digest, judge
from consumer.reconcile.matches import Match

FREE = Found("o1", "maria@north.example", None)
LINE = Match(2, "s1", "o1")
LOOKED = Looked(LINE, FREE, privileged=False)
MARKERS = {"s1": "m1", "s2": "m2"}


def judged(*looked: Looked) -> list[Judged]:
    return list(judge(looked, tenant_id="north", domain="north.example", markers=MARKERS))


def verdict(looked: Looked) -> tuple[Verdict, Cause | None]:
    (one,) = judged(looked)
    return one.verdict, one.cause


def test_an_account_of_the_domain_that_no_one_has_is_a_match() -> None:
    assert verdict(LOOKED) == (Verdict.MATCH, None)


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"marker": "m2"}, Cause.MARKED),
        ({"synchronised": True}, Cause.SYNCHRONISED),
        ({"guest": True}, Cause.GUEST),
        ({"deleted": True}, Cause.NOT_FOUND),
        ({"address": "maria@south.example"}, Cause.OTHER_DOMAIN),
    ],
)
def test_what_the_account_itself_shows_may_refuse_it(changed: dict[str, object], cause: Cause) -> None:
    looked = replace(LOOKED, found=replace(FREE, **changed))  # pyright: ignore[reportArgumentType] - each has its type
    assert verdict(looked) == (Verdict.REFUSAL, cause)


@pytest.mark.parametrize(
    ("holder", "cause"),
    [
        (Holder(account_of=("north", "s9")), Cause.OF_ANOTHER),
        (Holder(account_of=("south", "s1")), Cause.OF_ANOTHER),
        (Holder(own_object="o9"), Cause.HAS_ACCOUNT),
        (Holder(address_of=("north", "s9")), Cause.ADDRESS_TAKEN),
    ],
)
def test_what_the_ledger_has_may_refuse_it(holder: Holder, cause: Cause) -> None:
    assert verdict(replace(LOOKED, holder=holder)) == (Verdict.REFUSAL, cause)


def test_an_account_that_is_not_there_is_refused() -> None:
    assert verdict(Looked(LINE, None)) == (Verdict.REFUSAL, Cause.NOT_FOUND)


@pytest.mark.parametrize("privileged", [True, None])
def test_one_whose_roles_are_an_administrators_or_unknown_is_refused(*, privileged: bool | None) -> None:
    assert verdict(replace(LOOKED, privileged=privileged)) == (Verdict.REFUSAL, Cause.PRIVILEGED)


def test_an_account_that_two_lines_claim_is_refused_to_both() -> None:
    other = replace(LOOKED, match=Match(3, "s2", "maria@north.example"))
    assert {(one.verdict, one.cause) for one in judged(LOOKED, other)} == {(Verdict.REFUSAL, Cause.CLAIMED_TWICE)}


def test_one_that_is_the_students_already_is_left_as_it_is() -> None:
    own = Holder("o1", ("north", "s1"), ("north", "s1"))
    assert verdict(replace(LOOKED, found=replace(FREE, marker="m1"), holder=own)) == (Verdict.ALREADY, None)


def test_one_of_the_students_that_has_lost_its_marker_is_a_match() -> None:
    assert verdict(replace(LOOKED, holder=Holder("o1", ("north", "s1")))) == (Verdict.MATCH, None)


def test_a_blocked_account_and_an_alias_are_doubts() -> None:
    assert verdict(replace(LOOKED, found=replace(FREE, enabled=False))) == (Verdict.DOUBT, Cause.BLOCKED)
    alias = replace(LOOKED, match=Match(2, "s1", "Mary@north.example"))
    assert verdict(alias) == (Verdict.DOUBT, Cause.ALIAS)


def test_doubts_are_chosen_only_where_they_are_asked_for() -> None:
    doubtful = judged(replace(LOOKED, found=replace(FREE, enabled=False)))
    assert (len(chosen(doubtful, doubts=False)), len(chosen(doubtful, doubts=True))) == (0, 1)


def test_the_digest_is_of_students_and_accounts_in_any_order_and_state() -> None:
    other = Looked(Match(3, "s2", "o2"), replace(FREE, object_id="o2"), privileged=False)
    both, turned = judged(LOOKED, other), judged(other, LOOKED)
    done = [replace(one, verdict=Verdict.ALREADY) for one in both]

    def of(some: list[Judged], tenant: str = "north") -> str:
        return digest(some, tenant_id=tenant, provider=Provider.GOOGLE)

    assert of(both) == of(turned) == of(done)
    assert len({of(both), of(both[:1]), of(both, "south")}) == 3
