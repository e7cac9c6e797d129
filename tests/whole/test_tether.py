"""A process on a tether."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_OWNER = """
import os, signal, subprocess, sys
subprocess.Popen([sys.executable, "-m", "testbed.tether", str(os.getpid()), "sleeper"])
signal.pause()
"""
_SLEEPER = """
import os, signal
print(os.getpid(), flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_process_ends_with_its_owner_even_where_both_can_do_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(_SLEEPER)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, env=environ) as owner:  # noqa: S603  our own command
        assert owner.stdout
        sleeper = os.pidfd_open(int(owner.stdout.readline()))
        owner.send_signal(signal.SIGKILL)
    ended, _, _ = select.select([sleeper], [], [], 10)
    os.close(sleeper)
    assert ended
