"""I5 and I6: what downstream reads."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from consumer.events import (
    AccountChange,
    AccountPart,
    Origin,
    Outcome,
    ProviderAction,
    ProvisionedAccount,
    SignOnIdentity,
    StepName,
)
from proof.history import Operation, OutboxRow, StudentRow
from tests.proof.histories import (
    ADDRESS,
    KEY,
    OBJECT,
    PROVISIONED,
    START,
    TENANT,
    WELCOME,
    Story,
    about,
    account,
    changed,
    failed,
    provisioned,
    published,
    record,
    row,
    step,
    welcome,
)


def test_an_outcome_is_published_once() -> None:
    story = Story()
    story.published.append(replace(story.published[0], place=(PROVISIONED, 0, 1)))
    assert story.broken() == ["I5"]


def test_an_outcome_is_not_lost() -> None:
    story = Story()
    story.outbox.append(OutboxRow(str(UUID(int=9)), PROVISIONED, KEY, 9, published=True))
    assert story.broken() == ["I5"]


@pytest.mark.parametrize("disposition", ["applied", "failed"])
def test_what_is_settled_is_published(disposition: str) -> None:
    story = Story()
    del story.published[0], story.outbox[0]
    story.inbox = [replace(story.inbox[0], disposition=disposition)]
    assert story.broken() == ["I5"]


def test_an_outcome_is_the_ledger_s() -> None:
    story = Story()
    del story.outbox[0]
    assert story.broken() == ["I5"]


def test_outcomes_of_a_student_come_in_their_order() -> None:
    story = Story()
    story.inputs.append(record(2, version=2))
    story.inbox.append(row(record(2, version=2)))
    story.students = [StudentRow(TENANT, "S1", 2, 2, 2, due=False)]
    second = replace(provisioned(version=2), event_id=UUID(int=9))
    story.outbox.append(OutboxRow(str(UUID(int=9)), PROVISIONED, KEY, 3, published=True))
    story.published = [published(second), published(provisioned(), offset=1), story.published[1]]
    assert story.broken() == ["I5"]


def test_an_outcome_has_its_student_s_key() -> None:
    story = Story()
    story.published[0] = replace(story.published[0], key=b"north/S2")
    assert story.broken() == ["I5"]


@pytest.mark.parametrize(
    "lie",
    [
        provisioned(object_id="nowhere"),
        provisioned(at=START + 1),
        provisioned(licences=("sku-1", "sku-2")),
        provisioned(groups=("group-2",)),
        provisioned(identity=SignOnIdentity("https://issuer.example", "another")),
        provisioned(account=ProvisionedAccount(OBJECT, "another@north.example", ADDRESS, Origin.CREATED)),
        provisioned(account=ProvisionedAccount(OBJECT, ADDRESS, ADDRESS, Origin.ADOPTED)),
    ],
    ids=["object", "time", "licences", "groups", "identity", "address", "origin"],
)
def test_account_provisioned_tells_the_truth(lie: Outcome) -> None:
    story = Story()
    story.published[0] = published(lie)
    assert story.broken() == ["I6"]


def test_a_licence_that_is_given_later_is_not_published_before() -> None:
    story = Story()
    story.calls[2] = replace(story.calls[2], at=START + 9)
    assert story.broken() == ["I6"]


@pytest.mark.parametrize(
    "now",
    [{"deleted": True}, {"licences": frozenset[str]()}, {"groups": frozenset[str]()}],
    ids=lambda now: next(iter(now)),
)
def test_an_account_is_not_published_as_it_was_before_people_changed_it(now: dict[str, Any]) -> None:
    story = Story()
    story.accounts = [account(**now, changed_at=START + 4.9)]
    assert story.broken() == ["I6"]


def test_what_people_change_later_makes_no_outcome_untrue() -> None:
    story = Story()
    story.accounts = [account(deleted=True, licences=frozenset(), groups=frozenset(), changed_at=START + 9)]
    assert story.broken() == []


def test_another_student_s_account_is_not_published_as_the_student_s() -> None:
    story = Story()
    story.accounts.append(account(object_id="object-2", marker="S2", ours=False, secret="other"))
    story.published[0] = published(provisioned(object_id="object-2"))
    assert story.broken() == ["I6"]


def test_a_mail_that_is_published_as_accepted_was_accepted() -> None:
    story = Story()
    story.published[1] = published(welcome(message_id="another@mail.north.example"), topic=WELCOME)
    assert story.broken() == ["I6"]


def test_a_failure_is_final_only_where_no_account_is_made() -> None:
    story = Story()
    story.tell(failed())
    assert story.broken() == ["I6"]


def test_a_version_is_not_both_provisioned_and_failed() -> None:
    story = Story()
    story.tell(failed(step=StepName.LICENCES))
    assert story.broken() == ["I6"]


def test_outcomes_are_of_students_whom_an_event_acts_for() -> None:
    story = Story()
    story.published.append(
        published(replace(welcome(), student_id="S9", event_id=UUID(int=9)), topic=WELCOME, offset=1)
    )
    story.published[-1] = replace(story.published[-1], key=b"north/S9")
    story.outbox.append(OutboxRow(str(UUID(int=9)), WELCOME, b"north/S9", 9, published=True))
    assert story.broken() == ["I6"]


def updated(*parts: AccountPart) -> Outcome:
    return changed(AccountChange.UPDATED, at=START + 14, version=1, parts=parts, action=ProviderAction.CREATE_ACCOUNT)


def test_what_is_published_as_changed_was_changed_by_a_call() -> None:
    story = Story()
    story.tell(updated(AccountPart.ADMIN_UNIT))
    assert story.broken() == ["I6"]


@pytest.mark.parametrize(("state", "broken"), [("unknown", []), ("held", ["I6"])])
def test_a_leave_that_found_nothing_may_have_undone_an_attempt_of_unknown_outcome(
    state: str, broken: list[str]
) -> None:
    story = Story()
    story.changes += [step(80, "admin_unit", "started"), step(81, "admin_unit", state)]
    story.calls.append(about(12, Operation.LEAVE_UNIT, detail="unit", status=404))
    story.tell(updated(AccountPart.ADMIN_UNIT))
    assert story.broken() == broken
