"""How much of the contract with the vendors a run of tests has proven: what `make contract` prints, and every other run of tests.

A test that is marked `contract(kind)` stands for one item of its kind. Besides, every request that the service sent to a simulator during
the run, in whatever process, is held against the vendor's description.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from consumer.http.client import USER_AGENT
from sandbox.simulators.journal import Sent, read
from tests.contracts.requests import BY_SERVICE

REQUESTS, ROUTES, ERRORS, OPEN_POINTS = "requests", "routes", "errors", "open points"
KINDS = {
    REQUESTS: "requests are valid by the vendor's description",
    ROUTES: "routes of the simulators are driven by the vendor's own client",
    ERRORS: "documented errors have an asserted disposition",
    OPEN_POINTS: "open points are switches of the simulators, tried both ways",
}
PROPERTY = "contract"
"""The name under which a test's report has its kind."""


@dataclass
class Tally:
    """Of each kind, how many items there are, and how many are proven."""

    all: Counter[str] = field(default_factory=Counter[str])
    proven: Counter[str] = field(default_factory=Counter[str])

    def of_tests(self, reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> None:
        """Counts the tests that stand for an item."""
        by_test: dict[str, tuple[str, bool]] = {}
        for report in (one for one in reports if isinstance(one, pytest.TestReport)):
            for name, kind in report.user_properties:
                if name == PROPERTY:
                    _, passed = by_test.get(report.nodeid, (kind, True))
                    by_test[report.nodeid] = str(kind), passed and report.passed
        for kind, passed in by_test.values():
            self.all[kind] += 1
            self.proven[kind] += passed

    def of_requests(self, sent: Sequence[Sent], wrong: Sequence[str]) -> None:
        """Counts the requests that were really sent; `wrong` has a line for each that is not as described."""
        self.all[REQUESTS] += len(sent)
        self.proven[REQUESTS] += len(sent) - len(wrong)

    def lines(self) -> Iterator[str]:
        """One for each kind of which there is anything."""
        for kind, text in KINDS.items():
            if self.all[kind]:
                yield f"{self.proven[kind]} of {self.all[kind]} {text}"


def of_the_service(folder: Path) -> Sequence[Sent]:
    """The requests that the service itself sent to vendors, one of each form. The registry is no vendor."""
    found = {repr(one): one for one in read(folder) if one.client == USER_AGENT and one.service in BY_SERVICE}
    return list(found.values())


def invalid(requests: Iterable[Sent]) -> Iterator[str]:
    """A line for each request that is not as described, without its values."""
    for one in requests:
        try:
            problems = list(BY_SERVICE[one.service](one.method, one.path, one.body))
        except (AssertionError, KeyError, ValueError):
            problems = ["not described"]
        if problems:
            yield f"{one.route}: {'; '.join(problems)}"
