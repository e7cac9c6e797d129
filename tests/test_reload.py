"""What a look at the tenants' files finds comes into force, ends holds, and is reported once."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from consumer.errors import Unavailable
from consumer.ledger.holds import Resumed
from consumer.observe.metrics import Metrics
from consumer.reload import Reload
from consumer.snapshot import InForce
from tests.configuration.watched import NORTH, SOUTH, Watched

NAME = "North High School"
BROKEN = "id: south-high\n name: x"


class Running:
    """A process that follows the files, and the ledger whose holds it ends."""

    def __init__(self, watched: Watched) -> None:
        self.registry = CollectorRegistry()
        self.in_force = InForce(watched.folder.snapshot())
        self.ended: list[Mapping[str, bytes]] = []
        self.has_ended_holds = threading.Event()
        self.has_failed = threading.Event()
        self.ledger_away = False
        self.now = 100.0
        self.service_file_changed = False
        self.defect = False
        self.reload = Reload(
            watched.folder,
            self.in_force,
            end_holds=self._end_holds,
            restart_needed=self._restart_needed,
            every=3_600,
            settle=30,
            clock=lambda: self.now,
            metrics=Metrics(self.registry),
        )

    def turn(self, *, asked: bool = False) -> list[tuple[str, str | None]]:
        """What was logged, and of which tenant."""
        return [(line["event"], line.get("tenant_id")) for line in self.lines(asked=asked)]

    def lines(self, *, asked: bool = False) -> list[Any]:
        with capture_logs() as lines:
            self.reload.turn(asked=asked)
        return list(lines)

    def name(self, ident: str) -> str:
        return self.in_force.now.tenants[ident].name

    def value(self, metric: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"provisioner_{metric}", labels)

    def _restart_needed(self) -> bool:
        if self.defect:
            self.defect = False
            self.has_failed.set()
            raise ZeroDivisionError
        return self.service_file_changed

    def _end_holds(self, digests: Mapping[str, bytes]) -> Mapping[str, Resumed]:
        if self.ledger_away:
            raise Unavailable("PostgreSQL does not answer.")
        self.ended.append(digests)
        self.has_ended_holds.set()
        return {ident: Resumed(1, 2) for ident in digests}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.fixture
def running(watched: Watched) -> Running:
    return Running(watched)


def test_without_a_change_nothing_is_put_logged_or_ended(running: Running) -> None:
    before = running.in_force.now
    assert running.turn() == []
    assert running.in_force.now is before
    assert running.ended == []


def test_a_changed_tenant_is_in_force_and_its_holds_end(running: Running, watched: Watched) -> None:
    watched.rename(watched.south, NAME, "South")
    assert running.turn() == [("tenant_changed", SOUTH), ("tenant_resumed", SOUTH)]
    assert running.name(SOUTH) == "South"
    assert running.ended == [{SOUTH: running.in_force.now.tenants[SOUTH].digest()}]
    assert running.value("tenant_changes_total", result="changed") == 1


def test_a_new_secret_ends_the_holds_of_its_tenant(running: Running, watched: Watched) -> None:
    watched.secret.write_text("two")
    assert running.turn() == [("tenant_changed", SOUTH), ("tenant_resumed", SOUTH)]
    assert [list(digests) for digests in running.ended] == [[SOUTH]]


def test_holds_end_at_a_later_look_where_the_ledger_is_unavailable(running: Running, watched: Watched) -> None:
    running.ledger_away = True
    watched.rename(watched.south, NAME, "South")
    assert running.turn() == [("tenant_changed", SOUTH)]
    assert running.name(SOUTH) == "South"
    running.ledger_away = False
    assert running.turn() == [("tenant_resumed", SOUTH)]
    assert running.turn() == []


def test_holds_end_once_more_when_no_student_goes_by_the_old_file_any_longer(
    running: Running, watched: Watched
) -> None:
    watched.rename(watched.south, NAME, "South")
    running.turn()
    running.now += 29
    assert running.turn() == []
    running.now += 1
    assert running.turn() == [("tenant_resumed", SOUTH)]
    running.now += 60
    assert running.turn() == []


def test_nothing_is_ended_for_a_tenant_that_has_left_meanwhile(running: Running, watched: Watched) -> None:
    watched.rename(watched.south, NAME, "South")
    running.turn()
    watched.south.unlink()
    running.turn()
    running.now += 60
    assert running.turn() == [("tenant_removed", SOUTH)]
    assert len(running.ended) == 1


def test_a_tenant_is_added_and_leaves(running: Running, watched: Watched) -> None:
    west = watched.files.copy("west-high", ("students.north-high", "students.west-high"))
    assert running.turn() == [("tenant_added", "west-high"), ("tenant_resumed", "west-high")]
    assert running.value("tenant_unusable", tenant="west-high") == 0
    west.unlink()
    assert running.turn() == []
    assert running.turn() == [("tenant_removed", "west-high")]
    assert running.in_force.now.ids == {NORTH, SOUTH}
    assert running.value("tenant_unusable", tenant="west-high") is None
    assert running.value("tenant_changes_total", result="removed") == 1


def test_a_broken_file_is_reported_once_and_again_when_it_is_usable(running: Running, watched: Watched) -> None:
    whole = watched.south.read_text()
    watched.south.write_text(BROKEN)
    (line,) = running.lines()
    assert (line["event"], line["tenant_id"]) == ("tenant_file_invalid", SOUTH)
    assert line["in_force"] == "the last good version"
    assert "south-high.yaml:2" in line["mistakes"][0]
    assert running.value("tenant_file_invalid", tenant=SOUTH) == 1
    assert running.value("tenant_unusable", tenant=SOUTH) is None
    watched.south.write_text(f"{BROKEN}\n")
    assert running.turn() == []
    assert running.value("tenant_changes_total", result="invalid") == 1
    watched.south.write_text(whole)
    assert running.turn() == [("tenant_file_usable", SOUTH)]
    assert running.value("tenant_file_invalid", tenant=SOUTH) == 0
    assert running.ended == []


def test_the_log_and_the_metrics_hold_no_secret(running: Running, watched: Watched) -> None:
    watched.secret.write_text("very-secret")
    running.turn()
    watched.files.replace(watched.south, "region: eu", "ca_file: /nowhere/ca.pem")
    assert "very-secret" not in str(running.lines())


def test_a_tenant_whose_file_was_broken_at_start_is_worked_for_once_it_is_mended(watched: Watched) -> None:
    whole = watched.south.read_text()
    watched.south.write_text(BROKEN)
    watched.folder = watched.opened()
    running = Running(watched)
    assert running.value("tenant_file_invalid", tenant=SOUTH) == 1
    watched.south.write_text(whole)
    assert running.turn() == [("tenant_file_usable", SOUTH), ("tenant_changed", SOUTH), ("tenant_resumed", SOUTH)]
    assert running.name(SOUTH) == NAME
    assert running.value("tenant_unusable", tenant=SOUTH) == 0


def test_a_folder_that_is_gone_is_reported_once_and_changes_nothing(running: Running, watched: Watched) -> None:
    folder, aside = watched.north.parent, watched.files.root / "aside"
    folder.rename(aside)
    assert running.turn() == [("tenants_dir_unreadable", None)]
    assert running.turn() == []
    assert running.value("tenants_dir_unreadable") == 1
    assert running.in_force.now.ids == {NORTH, SOUTH}
    aside.rename(folder)
    assert running.turn() == [("tenants_dir_readable", None)]
    assert running.value("tenants_dir_unreadable") == 0


def test_a_change_of_the_service_s_own_file_is_reported_to_the_operator_who_asks(running: Running) -> None:
    running.service_file_changed = True
    assert running.turn() == []
    assert running.turn(asked=True) == [("service_file_changed", None)]


def test_it_looks_when_it_is_asked_and_ends_when_it_is_stopped(running: Running, watched: Watched) -> None:
    """However seldom it looks by itself."""
    thread = threading.Thread(target=running.reload.run)
    thread.start()
    watched.rename(watched.south, NAME, "South")
    running.reload.ask()
    assert running.has_ended_holds.wait(10)
    assert running.name(SOUTH) == "South"
    running.reload.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_defect_ends_neither_the_loop_nor_what_is_in_force(running: Running, watched: Watched) -> None:
    running.defect = True
    running.reload.ask()
    thread = threading.Thread(target=running.reload.run)
    thread.start()
    assert running.has_failed.wait(10)
    watched.rename(watched.south, NAME, "South")
    running.reload.ask()
    assert running.has_ended_holds.wait(10)
    running.reload.stop()
    thread.join(10)
    assert running.name(SOUTH) == "South"
    assert running.value("loop_faults_total", loop="tenants", fault="ZeroDivisionError") == 1
