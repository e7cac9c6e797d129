"""What the privacy canary has searched: of each test that says so, how many texts were planted, and the bytes of each sink."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from proof.chaos.result import Result

PROPERTY = "canary"
"""The name under which a test's report has it."""


def searched(results: Iterable[Result]) -> str:
    """A property's value."""
    return json.dumps([[one.canaries, dict(one.searched)] for one in results if one.searched])


def lines(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> Iterator[str]:
    """Nothing where no test has searched; whether it found something, the test's own result says."""
    planted, bytes_of = 0, Counter[str]()
    for report in (one for one in reports if isinstance(one, pytest.TestReport) and one.when == "call"):
        for value in (value for name, value in report.user_properties if name == PROPERTY):
            for canaries, sinks in json.loads(str(value)):
                planted += canaries
                bytes_of.update(sinks)
    if planted:
        yield f"{planted} names, addresses and passwords were looked for in {sum(bytes_of.values())} bytes of {len(bytes_of)} sinks:"
        yield from (f"{size:>12} {sink}" for sink, size in sorted(bytes_of.items()))
