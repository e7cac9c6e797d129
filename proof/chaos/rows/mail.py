"""Mail: Mailgun accepts without saying so, says so without accepting, or is away."""

from proof.chaos.row import BOOK
from proof.chaos.rows.moods import moody
from proof.chaos.scene import Scene
from sandbox.simulators.temper import Answer, LoseAnswer, Rule
from sandbox.simulators.vendors import MAILGUN

_SEND = "mailgun.messages.send"


@BOOK.row(52, "accepted, and the answer is lost", expected="at most one mail whose password works")
async def answer_lost(scene: Scene) -> None:
    await moody(scene, Rule(route=_SEND, temper=LoseAnswer(), chance=0.5), fault="answer lost")


@BOOK.row(53, "5xx, and sent all the same", expected="at most one mail whose password works")
async def sent_all_the_same(scene: Scene) -> None:
    rule = Rule(route=_SEND, temper=Answer(status=500, body="", done=True), chance=0.5)
    await moody(scene, rule, fault="5xx after the deed")


@BOOK.row(
    54, "mail is down", expected="the account stands, its password sealed; the mail goes out later", heals_within=150
)
async def down(scene: Scene) -> None:
    scene.installation.vendors[MAILGUN].refuse()
    scene.fire("mail down")
    await scene.sleep()
    sealed = await scene.installation.watch.count("SELECT count(*) FROM credential")
    scene.expect(sealed > 0, "no password was kept for later")


BOOK.not_run(
    55, "bounces, complaints, forged webhooks", expected="state updated, forgeries refused", why="no webhooks yet"
)
BOOK.not_run(56, "a scanner opens the link", expected="the human succeeds all the same", why="mails carry no links yet")
