"""`provisioner status`: how the service stands, for people and for programs, once or again and again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from consumer.cli import app
from consumer.cli.status import Status, follow, page, shown
from consumer.errors import Unavailable
from consumer.ledger.form import newest
from consumer.ledger.port.overview import Overview, Tally
from consumer.ledger.status import LedgerStatus, VendorWait
from consumer.policy.work_class import WorkClass
from tests.cli.shapes import matching
from tests.cli.test_tenant import Installation

AT = datetime(2026, 9, 1, 6, tzinfo=UTC)
QUIET = LedgerStatus(AT, "0020", Overview(), [], {"outbound": "provisioner-1/ab", "maintenance": None}, 0.0)
BUSY = replace(
    QUIET,
    overview=Overview(
        due={("north", WorkClass.NORMAL): Tally(1_200, 30), ("south", WorkClass.URGENT): Tally(1, 90)},
        held={("north", "licences_exhausted"): Tally(7, 7_500)},
        parked={("north", "suspend_account"): Tally(40, 60)},
        unknown={"microsoft": Tally(2, 5)},
    ),
    waits=[
        VendorWait(
            "north", "microsoft", "consent_missing", "403 Denied", held=True, since=AT, until=AT + timedelta(minutes=5)
        )
    ],
    oldest_outcome=75.0,
)


def printed(found: LedgerStatus) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(page(shown(found)))
    return capture.get()


def test_a_service_that_has_nothing_to_do_is_four_lines() -> None:
    assert printed(QUIET).splitlines() == [
        "2026-09-01 06:00:00 UTC, database revision 0020",
        "Leaders   outbound: provisioner-1/ab, maintenance: none",
        "Backlog   no student is due",
        "Outcomes  all are published",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("Backlog   1,201 students are due, the first for 1 min 30 s",),
        ("Outcomes  the oldest has waited for 1 min 15 s",),
        ("south", "urgent", "1 min 30 s"),
        ("north", "licences_exhausted", "7", "2 h 5 min", "Buy more, or free some."),
        ("north", "suspend_account", "40", "1 min"),
        ("microsoft", "2", "5 s"),
        ("north", "microsoft", "2026-09-01 06:05:00", "consent_missing 403 Denied"),
    ],
    ids=lambda words: words[-1],
)
def test_what_waits_is_one_line_with_its_age(words: tuple[str, ...]) -> None:
    assert [line for line in printed(BUSY).splitlines() if all(word in line for word in words)] != []


def test_the_longest_wait_is_first() -> None:
    assert [one.tenant_id for one in shown(BUSY).due] == ["south", "north"]


def test_a_long_list_is_cut_off_for_people_and_not_for_programs() -> None:
    many = Overview(held={(f"t{n}", "quota_exceeded"): Tally(1, n) for n in range(20)})
    found = replace(QUIET, overview=many)
    assert len(shown(found).held) == 20
    assert "and 8 more: --json has all" in printed(found)


class Looks:
    """What is read at each look, and what was shown; after the last, Ctrl-C."""

    def __init__(self, *reads: LedgerStatus | Exception) -> None:
        self._reads = list(reads)
        self.shown: list[Status | str] = []

    def read(self) -> LedgerStatus:
        found = self._reads.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def pause(self) -> None:
        if not self._reads:
            raise KeyboardInterrupt


def test_it_looks_again_until_ctrl_c_also_where_the_database_was_unavailable() -> None:
    looks = Looks(QUIET, Unavailable("PostgreSQL does not answer."), BUSY)
    follow(looks.read, looks.shown.append, pause=looks.pause)
    assert looks.shown == [shown(QUIET), "PostgreSQL does not answer.", shown(BUSY)]


@pytest.fixture
def status(tmp_path: Path, database_url: str) -> Callable[..., str]:
    installation = Installation(tmp_path, database_url)
    installation.wait("microsoft")
    installation.engine.dispose()

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(
            app, ["status", *arguments, "--config", str(installation.config)], env={"COLUMNS": "200"}
        )
        assert result.exit_code == 0
        return result.stdout

    return run


@pytest.mark.parts
def test_people_see_the_ledger_s_state(status: Callable[..., str]) -> None:
    assert f"database revision {newest()}" in status()
    assert "consent_missing 403 Denied" in status()


@pytest.mark.parts
def test_programs_read_the_same(status: Callable[..., str]) -> None:
    found = matching(Status, status("--json"))
    assert [(wait["tenant_id"], wait["service"]) for wait in found["waits"]] == [("north-high", "microsoft")]
    assert found["leaders"] == [{"loop": "outbound", "holder": None}, {"loop": "maintenance", "holder": None}]
