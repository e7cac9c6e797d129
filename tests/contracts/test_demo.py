"""The demonstration sends the vendors nothing that they do not describe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.simulators import journal
from tests.contracts.tally import REQUESTS, invalid, of_the_service


@pytest.mark.contract(REQUESTS)
@pytest.mark.long(seconds=40)
def test_every_request_of_the_demonstration_is_described(tmp_path: Path) -> None:
    environment = {**os.environ, journal.VARIABLE: str(tmp_path)}
    command = [sys.executable, "-m", "consumer.cli", "demo", "--students", "60"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)  # noqa: S603  our own command
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    requests = of_the_service(tmp_path)
    assert {one.service for one in requests} == {"graph", "google", "mailgun"}
    assert list(invalid(requests)) == []
