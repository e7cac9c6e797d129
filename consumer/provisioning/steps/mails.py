"""What became of a mail: the mail service has no idempotency keys, so one with an unknown outcome is looked up by its Message-Id, after a
hold-down in which the service's own records become complete.
"""

from datetime import datetime, timedelta

from consumer.errors import not_known_yet
from consumer.events import StepName
from consumer.mail.mailgun import SERVICE
from consumer.mail.port import Mailer
from consumer.provisioning.case import Case


def began_to_send(case: Case, name: StepName) -> datetime:
    """When the mail with the unknown outcome was begun. Raises `RetryLater` until its outcome can be known."""
    step = case.step(name)
    began = step.started_at if step else case.job.now
    ripe_in = timedelta(seconds=case.tools.mail_hold_down) - (case.now() - began)
    if ripe_in > timedelta(0):
        raise not_known_yet("The mail's outcome cannot be known yet.", ripe_in)
    return began


async def is_accepted(case: Case, name: StepName, mailer: Mailer, message_id: str, *, since: datetime) -> bool:
    """Whether the mail service has accepted this mail since then."""
    return await case.effects.ask(
        name,
        SERVICE,
        lambda t: mailer.was_accepted(message_id, since=since.timestamp(), timeout=t),
        part="events",
    )


def mail_domain(case: Case) -> str:
    """The domain of our Message-Ids."""
    return case.tenant.mailgun.domain if case.tenant.mailgun else case.tenant.addresses.domain
