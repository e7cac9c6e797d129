"""Whether a new account's marker stands, in a directory that keeps it, drops it, or does not show it."""

import json

import pytest

from consumer.errors import Fault, OutcomeUnknown, Unavailable
from consumer.http.answer import Answer
from consumer.http.deadline import Deadline
from consumer.providers.microsoft.answers import fault_of
from consumer.providers.microsoft.marker_field import MarkerField
from consumer.providers.microsoft.marking import Marking
from proof.simulation.clock import Clock, run
from testbed.fakes.http import ScriptedHttp, json_answer
from tests.providers.scripted import scripted_api

KEPT, DROPPED, SET = json_answer(id="o1", employeeId="S1"), json_answer(id="o1", employeeId=None), Answer(204)
HIDDEN = json_answer(404, error={"code": "Request_ResourceNotFound", "message": "Resource 'o1' does not exist …"})
FORBIDDEN = json_answer(403, error={"code": "Authorization_RequestDenied", "message": "Insufficient privileges …"})


def busy(seconds: int) -> Answer:
    return Answer(429, {"retry-after": str(seconds)}, b"{}")


class Settled:
    """What became of settling the marker `S1` on new accounts, one after the other."""

    def __init__(self, *script: Answer | Fault, accounts: int = 1, timeout: float = 30) -> None:
        self.http = ScriptedHttp(*script)
        self.markers: list[str | None] = []
        self.asked_for: list[float | None] = []
        self.seconds = 0.0
        run(lambda clock: self._settle(clock, accounts, timeout), start=0)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.http.requests]

    async def _settle(self, clock: Clock, accounts: int, timeout: float) -> None:
        marking = Marking(scripted_api(self.http, fault_of), MarkerField("employeeId"))
        for _ in range(accounts):
            standing = await marking.settle("o1", "S1", Deadline(timeout))
            self.markers.append(standing.marker)
            self.asked_for += [standing.throttled.after] if standing.throttled else []
        self.seconds = clock.time()


def test_a_directory_that_has_once_kept_a_marker_is_trusted() -> None:
    settled = Settled(KEPT, accounts=3)
    assert settled.markers == ["S1"] * 3
    assert settled.methods == ["GET"]


def test_a_directory_that_drops_markers_is_given_each_again() -> None:
    settled = Settled(DROPPED, SET, DROPPED, SET, accounts=2)
    assert settled.markers == ["S1"] * 2
    assert settled.methods == ["GET", "PATCH", "GET", "PATCH"]
    assert json.loads(settled.http.calls[1].content or b"") == {"employeeId": "S1"}


def test_a_marker_that_we_have_set_is_no_habit_of_the_directory() -> None:
    settled = Settled(DROPPED, OutcomeUnknown("no answer"), KEPT, DROPPED, SET, accounts=2)
    assert settled.markers == ["S1"] * 2
    assert settled.methods == ["GET", "PATCH", "GET", "GET", "PATCH"]


def test_an_account_that_is_not_visible_yet_is_waited_for_twice_as_long_each_time() -> None:
    settled = Settled(HIDDEN, HIDDEN, HIDDEN, KEPT)
    assert settled.markers == ["S1"]
    assert settled.seconds == 0.5 + 1 + 2


def test_a_read_without_an_answer_is_repeated() -> None:
    assert Settled(Unavailable("away"), KEPT).markers == ["S1"]


def test_a_rate_limit_is_reported_at_once_since_the_whole_tenant_must_wait() -> None:
    settled = Settled(busy(3), KEPT)
    assert (settled.markers, settled.seconds) == ([None], 0)
    assert settled.asked_for == [3]


@pytest.mark.parametrize(("timeout", "at_most"), [(30, 10), (2, 2)])
def test_what_does_not_show_in_time_is_not_known_and_no_fault(timeout: float, at_most: float) -> None:
    settled = Settled(*[HIDDEN] * 10, timeout=timeout)
    assert settled.markers == [None]
    assert settled.seconds <= at_most


@pytest.mark.parametrize("script", [[FORBIDDEN], [DROPPED, FORBIDDEN]], ids=["read", "set"])
def test_what_may_not_be_read_or_set_is_not_known_and_no_fault(script: list[Answer]) -> None:
    assert Settled(*script).markers == [None]
