"""I4 and I17: passwords and the mails that carry them."""

from dataclasses import replace

from consumer.events import MailState
from proof.history import Call, Mail, Operation
from tests.proof.histories import (
    ADDRESS,
    MARK,
    START,
    TENANT,
    WELCOME,
    Story,
    about,
    account,
    call,
    published,
    send,
    step,
    welcome,
)

SECOND = "welcome.2@mail.north.example"


def cut_off(secret: str) -> Call:
    """A creation that never reached the vendor's logic."""
    return call(2, Operation.CREATE, marker=MARK, status=0, executed=False, answered=False, secret=secret)


def test_two_mails_with_the_password_of_an_account_are_one_too_many() -> None:
    story = Story()
    story.calls.append(send(9, detail=SECOND))
    story.mails.append(replace(story.mails[0], message_id=SECOND))
    assert story.broken() == ["I4"]


def test_two_mails_are_too_many_though_the_password_is_replaced_afterwards() -> None:
    story = Story()
    story.calls += [send(9, detail=SECOND), about(10, Operation.PASSWORD, secret="new"), send(11, secret="new")]
    story.mails += [
        replace(story.mails[0], message_id=SECOND),
        Mail(START + 11, TENANT, story.mails[0].message_id, ADDRESS, "new"),
    ]
    story.accounts = [account(secret="new")]
    story.rows = [replace(story.rows[0], generation=1)]
    story.changes += [step(30, "password", "started"), step(31, "password", "done")]
    assert story.broken() == ["I4"]


def test_a_password_that_is_set_back_makes_an_old_mail_work_again() -> None:
    story = Story().faulty()
    first = story.calls[1].secret
    story.calls += [
        send(7, detail=SECOND, secret="new"),
        send(8, detail=SECOND, secret="new"),
        about(9, Operation.PASSWORD, secret="new"),
    ]
    story.calls.append(about(10, Operation.PASSWORD, secret=first))
    story.mails += [Mail(START + 7, TENANT, SECOND, ADDRESS, "new")] * 2
    story.rows = [replace(story.rows[0], generation=1)]
    story.changes += [step(30, "password", "started")]
    assert story.broken() == ["I4"]


def test_the_password_in_the_mail_opens_the_account_at_the_end() -> None:
    story = Story()
    story.accounts = [account(secret="another")]
    assert story.broken() == ["I4"]


def test_an_account_has_its_mail() -> None:
    story = Story()
    del story.published[1], story.outbox[1], story.calls[-1]
    story.mails = []
    assert story.broken() == ["I4"]


def test_an_unwanted_mail_is_not_missed() -> None:
    story = Story()
    story.published[1] = published(welcome(MailState.NOT_WANTED), topic=WELCOME)
    del story.calls[-1]
    story.mails = []
    assert story.broken() == []


def test_a_creation_is_not_tried_again_with_a_new_password() -> None:
    story = Story().faulty()
    story.calls.insert(1, cut_off("first try"))
    assert story.broken() == ["I17"]


def test_nor_is_it_repeated_with_a_new_password_once_it_may_have_been_carried_out() -> None:
    story = Story().faulty()
    story.calls.insert(2, call(3, Operation.CREATE, marker=MARK, status=400, secret="second try"))
    assert story.broken() == ["I17"]


def test_a_password_that_was_refused_may_expire() -> None:
    story = Story().faulty()
    story.calls.insert(1, replace(cut_off("first try"), status=429, answered=True))
    assert story.broken() == []


def test_so_may_one_whose_refusal_never_arrived() -> None:
    story = Story().faulty()
    story.calls.insert(1, replace(cut_off("first try"), status=400, executed=True))
    assert story.broken() == []


def test_a_replacement_that_was_always_refused_opens_nothing() -> None:
    story = Story().faulty()
    story.calls.insert(2, call(3, Operation.PASSWORD, marker=MARK, status=404, secret="second try"))
    assert "I17" not in story.broken()


def test_a_generation_of_its_own_may_have_a_password_of_its_own() -> None:
    story = Story().faulty()
    story.calls.insert(1, cut_off("first try"))
    story.rows = [replace(story.rows[0], generation=1)]
    assert story.broken() == []


def test_a_mail_is_too_late_once_the_institution_has_replaced_the_password() -> None:
    story = Story()
    story.accounts = [replace(story.accounts[0], secret="the school's", replaced_at=story.mails[0].accepted_at - 60)]
    assert story.broken() == ["I4"]


def test_a_mail_that_was_accepted_before_its_password_was_replaced_is_in_order() -> None:
    story = Story()
    story.accounts = [replace(story.accounts[0], secret="the school's", replaced_at=story.mails[0].accepted_at + 60)]
    assert story.broken() == []
