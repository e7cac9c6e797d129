import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.embedded.process import KeptProcess

_SERVER = [sys.executable, "-c", "import signal; print('ready', flush=True); signal.pause()"]
_STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()",
]
_OWNER = """
import signal, sys
from pathlib import Path
from sandbox.embedded.process import KeptProcess
folder = Path(sys.argv[1])
server = KeptProcess(sys.argv[2:], log=folder.with_name("log"), remove=folder)
print(server.pid, flush=True)
signal.pause()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's data."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_a_server_does_not_outlive_an_owner_that_was_killed(folder: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", _OWNER, str(folder), *_SERVER], stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout
        server = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    _wait_for(lambda: not _exists(server) and not folder.exists())


def test_a_server_ends_with_the_last_writer_of_its_tether(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    server = KeptProcess(_SERVER, log=tmp_path / "log", tether=reading)
    os.close(reading)
    assert server.alive
    os.close(writing)
    _wait_for(lambda: not server.alive)


def test_stop_removes_the_data(folder: Path, tmp_path: Path) -> None:
    server = KeptProcess(_SERVER, log=tmp_path / "log", remove=folder)
    server.stop()
    assert not folder.exists()


def test_a_crash_leaves_the_data(folder: Path, tmp_path: Path) -> None:
    server = KeptProcess(_SERVER, log=tmp_path / "log", remove=folder)
    server.kill()
    assert folder.exists()
    assert not _exists(server.pid)


def test_a_server_that_ignores_the_stop_is_ended_by_force(tmp_path: Path) -> None:
    server = KeptProcess(_STUBBORN, log=tmp_path / "log", grace=0.1)
    _wait_for(lambda: "ready" in server.log_tail())
    server.stop()
    assert not _exists(server.pid)


def test_the_output_of_a_server_can_be_read(tmp_path: Path) -> None:
    with KeptProcess(_SERVER, log=tmp_path / "log") as server:
        _wait_for(lambda: server.log_tail() == "ready")


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
