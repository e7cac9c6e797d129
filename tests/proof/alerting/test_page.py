"""What the table says of a trouble."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from proof.alerting.page import line, write_page
from proof.alerting.play import Alerted
from proof.alerting.trouble import Trouble
from proof.chaos.experiment import Experiment


@asynccontextmanager
async def nothing(experiment: Experiment) -> AsyncGenerator[None]:
    del experiment
    yield


DOWN = Trouble("all replicas end", nothing, frozenset({"NoReplica"}), also=frozenset({"OverviewOld"}))


def test_it_names_the_alert_and_the_seconds() -> None:
    result = Alerted(DOWN, {"NoReplica": 4.2})
    assert result.right
    assert line(result) == "| all replicas end | `NoReplica` 4 s | `OverviewOld` | none |"


def test_it_names_an_alert_that_did_not_come() -> None:
    result = Alerted(DOWN, {})
    assert not result.right
    assert "`NoReplica` did not come" in line(result)


def test_it_names_alerts_that_were_not_meant_for_it() -> None:
    result = Alerted(DOWN, {"NoReplica": 4.2}, others=frozenset({"DeadLetters"}))
    assert not result.right
    assert line(result).endswith("| `DeadLetters` |")


def test_only_the_table_of_the_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- alerts: begin -->\nold\n<!-- alerts: end -->\nafter\n")
    write_page(page, [Alerted(DOWN, {"NoReplica": 4.2})])
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n<!-- alerts: begin -->\n| trouble |")
    assert text.endswith("| none |\n<!-- alerts: end -->\nafter\n")
