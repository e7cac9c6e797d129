"""An installation in which printed commands are run as they stand: a folder, an environment, and real parts."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

BASH = "/bin/bash"
_PATIENCE = 300.0
_OURS = re.compile("PROVISIONER_|MAKE|(ARGS|PART)$")
"""Variables that are settings of ours, or of the `make` that runs the tests."""


class Shell:
    """A terminal in `folder`: each command runs in a bash of its own, exactly as it is printed.

    Neither our settings nor those of the `make` that runs the tests reach it.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None, *, programs: Path | None = None) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
        programs = programs or Path(sys.executable).parent
        self.environ = {**kept, "PATH": f"{programs}:{kept['PATH']}", "COLUMNS": "200", **(environ or {})}

    def run(self, command: str, *, status: int = 0) -> str:
        """What it printed. Fails where its exit status is another one."""
        done = subprocess.run(  # noqa: S603  what our own pages print
            [BASH, "-c", command], cwd=self.folder, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == status, f"$ {command}\n{done.stdout}\n(exit status {done.returncode})"
        return done.stdout

    @contextmanager
    def running(self, command: str, *, log: Path, until: Callable[[], bool]) -> Generator[None]:
        """While it runs, from the time when `until` holds; then Ctrl-C, after which it must end with status 0."""
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  what our own pages print
                [BASH, "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Where the run was started in a shell's background, Ctrl-C is ignored, and children inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no thread holds a lock of ours
            )
        try:
            wait(f"`{command}` is up", lambda: process.poll() is not None or until(), log=log)
            assert process.poll() is None, f"$ {command}\n{log.read_text()}"
            yield
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0, f"$ {command}\n{log.read_text()}"
        finally:
            process.kill()
            process.wait()


def wait(condition: str, holds: Callable[[], bool], *, log: Path | None = None) -> None:
    """Waits until it holds. Fails with the log's end where it does not within five minutes."""
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        said = log.read_text()[-2000:] if log and log.exists() else ""
        assert time.monotonic() < deadline, f"after {_PATIENCE:.0f} s not so: {condition}\n{said}"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own address
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
