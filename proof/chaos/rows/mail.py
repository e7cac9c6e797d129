"""Mail: Mailgun accepts without saying so, says so without accepting, or is unavailable."""

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.injected import moody
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer
from sandbox.simulators.vendors import MAILGUN

_SEND = "mailgun.messages.send"


@BOOK.row(52, "accepted, and the answer is lost", expected="at most one mail whose password works")
async def answer_lost(experiment: Experiment) -> None:
    await moody(experiment, FaultRule(route=_SEND, fault=LoseAnswer(), chance=0.5), fault="answer lost")


@BOOK.row(53, "5xx, and sent all the same", expected="at most one mail whose password works")
async def sent_all_the_same(experiment: Experiment) -> None:
    rule = FaultRule(route=_SEND, fault=Answer(status=500, body="", done=True), chance=0.5)
    await moody(experiment, rule, fault="5xx after the deed")


@BOOK.row(
    54, "mail is down", expected="the account stands, its password sealed; the mail goes out later", heals_within=150
)
async def down(experiment: Experiment) -> None:
    experiment.installation.vendors[MAILGUN].refuse()
    experiment.fire("mail down")
    await experiment.sleep()
    sealed = await experiment.installation.watch.count("SELECT count(*) FROM credential")
    experiment.expect(sealed > 0, "no password was kept for later")


BOOK.not_run(
    55, "bounces, complaints, forged webhooks", expected="state updated, forgeries refused", why="no webhooks yet"
)
BOOK.not_run(56, "a scanner opens the link", expected="the human succeeds all the same", why="mails carry no links yet")
