"""I28: an address that a student's account has had is given to no other student's."""

from typing import Any

from consumer.events import Provider
from consumer.policy.marker import marker
from proof.checker.index import Index
from proof.history import Operation
from tests.proof.histories import ADDRESS, OBJECT, TENANT, Story, about, call, record

OTHER = "b@students.north.example"


def renamed(*addresses: str) -> Story:
    """The student's account got these addresses, one after the other, and there is another student."""
    story = Story()
    story.inputs.append(record(2, student_id="S2"))
    story.calls += [about(20 + n, Operation.RENAME, address=address) for n, address in enumerate(addresses)]
    return story


def created(address: str, **other: Any) -> Any:
    """Another student's account."""
    mark = marker(Provider.MICROSOFT, TENANT, "S2")
    return call(40, Operation.CREATE, object_id="object-2", address=address, marker=mark, status=201, **other)


def broken(story: Story) -> bool:
    return "I28" in story.broken()


def test_an_account_may_have_several_addresses_and_one_of_them_again() -> None:
    assert not broken(renamed(OTHER, ADDRESS))


def test_a_former_address_is_given_to_no_other_student() -> None:
    story = renamed(OTHER)
    story.calls.append(created(ADDRESS))
    assert broken(story)


def test_an_address_that_was_refused_may_be_anothers() -> None:
    story = renamed()
    story.calls += [about(20, Operation.RENAME, address=OTHER, status=400), created(OTHER)]
    assert not broken(story)


def test_a_ledger_that_has_forgotten_is_not_judged() -> None:
    story = renamed(OTHER)
    story.calls.append(created(ADDRESS))
    story.other["forgot_at"] = story.calls[0].at
    assert not broken(story)


def test_an_account_is_known_by_each_of_its_addresses() -> None:
    story = renamed(OTHER)
    assert Index(story.history()).addresses[TENANT, "microsoft", OBJECT] == {ADDRESS, OTHER}
