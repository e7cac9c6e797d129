"""What would become of a dead letter's record now: decided as the intake decides."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.reader import EventReader
from consumer.configuration.loading import load_tenants
from consumer.errors import Unavailable
from consumer.events import ProviderAction
from consumer.intake.batch import BatchReader
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.policy.decision import DecisionTable
from consumer.replay.letters import original_of
from consumer.replay.preview import Preview, Previewer, ReplayResult
from consumer.tenants import Tenant
from tests.codec.conftest import FakeSchemas, event, written
from tests.replay.letters import letter

ROOT = Path(__file__).parents[2]


class FakeLedger:
    """Says of every event the same."""

    says = Disposition.PENDING

    def disposition(self, arrival: Arrival) -> Disposition:
        del arrival
        return self.says


class Bench:
    """A previewer by the project's own configuration."""

    def __init__(self) -> None:
        self.schemas = FakeSchemas()
        self.ledger = FakeLedger()
        tenants: Sequence[Tenant] = [tenant for tenant, _ in load_tenants(ROOT / "config/tenants")]
        table = DecisionTable.of(tenants)
        reader = EventReader(self.schemas)
        self.previewer = Previewer(BatchReader(reader, lambda: table), reader, self.ledger, "events")

    def preview(self, value: bytes | None, *, topic: str = "events") -> Preview:
        return self.previewer.of(original_of(letter(value, topic=topic)))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def status(ident: str) -> dict[str, str]:
    return {"id": ident, "name": ident, "type": "T"}


def test_an_event_that_acts_would_be_accepted(bench: Bench) -> None:
    preview = bench.preview(written(event()))
    assert (preview.result, preview.action) == (ReplayResult.ACCEPTED, ProviderAction.CREATE_ACCOUNT)
    assert (preview.tenant_id, preview.student_id) == ("north-high", "S1")


def test_one_that_asks_for_nothing_would_be_read(bench: Bench) -> None:
    assert bench.preview(written(event(status=status("applied")))).result is ReplayResult.NO_ACTION


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, DeadLetterReason.NULL_VALUE),
        (b"garbage", DeadLetterReason.WRONG_MAGIC),
        (written(event(), 99), DeadLetterReason.UNKNOWN_SCHEMA),
        (written(event())[:-3], DeadLetterReason.UNDECODABLE),
        (written(event(student={"student_id": ""})), DeadLetterReason.INVALID_CONTENT),
        (written(event(tenant_id="west")), DeadLetterReason.UNKNOWN_TENANT),
        (written(event(status=status("visiting"))), DeadLetterReason.UNLISTED_STATUS),
    ],
)
def test_what_still_cannot_be_accepted_would_be_a_dead_letter_again(
    bench: Bench, value: bytes | None, reason: DeadLetterReason
) -> None:
    preview = bench.preview(value)
    assert (preview.result, preview.reason) == (ReplayResult.DEAD_LETTER, reason)
    assert preview.sentence


@pytest.mark.parametrize(
    ("says", "result"),
    [
        (Disposition.DUPLICATE, ReplayResult.DUPLICATE),
        (Disposition.SUPERSEDED, ReplayResult.SUPERSEDED),
        (Disposition.REUSED_ID, ReplayResult.DEAD_LETTER),
    ],
)
def test_what_the_ledger_has_counts_too(bench: Bench, says: Disposition, result: ReplayResult) -> None:
    bench.ledger.says = says
    assert bench.preview(written(event())).result is result


def test_one_from_another_topic_is_not_sent_there(bench: Bench) -> None:
    assert bench.preview(written(event()), topic="outcomes").result is ReplayResult.IMPOSSIBLE


def test_one_without_its_record_cannot_be_sent(bench: Bench) -> None:
    assert bench.previewer.of(None).result is ReplayResult.IMPOSSIBLE


def test_while_the_registry_is_unavailable_nothing_is_decided(bench: Bench) -> None:
    bench.schemas.away = True
    with pytest.raises(Unavailable, match="registry"):
        bench.preview(written(event(), 2))


def test_no_sentence_quotes_the_event(bench: Bench) -> None:
    preview = bench.preview(written(event(student={"given_name": "Maria\nRossi"})))
    assert preview.result is ReplayResult.DEAD_LETTER
    assert "Rossi" not in preview.sentence
