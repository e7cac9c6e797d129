"""What Mailgun's limit is charged for our calls."""

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.mail.limits import MailgunTerms
from consumer.settings import SecretRef
from consumer.tenants import MailgunLimits, MailgunSection

SEND = Call("mailgun", "send", "POST", "https://api.mailgun.net/v3/mail.school.example/messages", writes=True)
LOOK_UP = Call("mailgun", "look_up", "GET", "https://api.mailgun.net/v3/mail.school.example/events")


def terms(domain: str = "mail.school.example", **limits: object) -> MailgunTerms:
    section = MailgunSection(
        domain=domain,
        sender=f"accounts@{domain}",
        api_key=SecretRef("env:KEY"),
        limits=MailgunLimits.model_validate(limits),
    )
    return MailgunTerms(section)


def test_a_mail_is_charged_and_a_look_up_is_not() -> None:
    assert list(terms().of_call(SEND).values()) == [1]
    assert terms().of_call(LOOK_UP) == {}
    assert terms().of_step(StepName.WELCOME, writes=True) == terms().of_call(SEND)
    assert terms().of_step(StepName.WELCOME, writes=False) == {}


def test_a_limit_may_be_by_the_hour() -> None:
    (limit,) = terms(messages=100, seconds=3600).of_call(SEND)
    assert limit.interval == 36


def test_domains_have_a_limit_each_unless_they_name_one_account() -> None:
    assert terms("a.example").of_call(SEND) != terms("b.example").of_call(SEND)
    assert terms("a.example", account="district").of_call(SEND) == terms("b.example", account="district").of_call(SEND)


def test_a_refused_mail_means_this_limit() -> None:
    assert terms().refused(SEND, Answer(429)) in terms().of_call(SEND)
    assert terms().refused(LOOK_UP, Answer(429)) is None
    assert terms().refused(SEND, Answer(400)) is None
