"""A server process that never outlives its owner, not even one that was killed.

The server runs under a small keeper process (this file, run as a script) whose standard input is a pipe from the owner. When the last
holder of the pipe's other end is gone, for whatever reason, the keeper reads the end of the file, stops the server and removes its data.
A server that ends by itself, or is killed, leaves its data where they are: it may be started again.
"""

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self


class KeptProcess:
    """A running server. Its output goes to `log`; the folder `remove` is deleted once it was stopped.

    `tether` is the reading end of a pipe or FIFO: the server ends when all writers are gone. Without one, it ends with this object's
    process.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 10.0,
        user: str | None = None,
        remove: Path | None = None,
        tether: int | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self._log = log
        options = [f"--log={log}", f"--signal={stop_signal.value}", f"--grace={grace}"]
        options += [f"--user={user}"] if user else []
        options += [f"--remove={remove}"] if remove else []
        reading, writing = os.pipe()
        self._keeper = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-I", "-S", __file__, *options, "--", *command],
            stdin=subprocess.PIPE if tether is None else tether,
            stdout=writing,
            env=env,
            start_new_session=True,  # Ctrl-C in the owner's terminal is the owner's to handle
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.pid = int(pipe.readline() or 0)

    @property
    def alive(self) -> bool:
        """Whether the server has not ended yet."""
        return self._keeper.poll() is None

    def log_tail(self, lines: int = 20) -> str:
        """The end of what the server wrote, for error messages."""
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self) -> None:
        """Ask the server to end, wait until it has, by force after its grace. Harmless when it has ended already."""
        if self.alive:
            self._keeper.terminate()
        self._reap()

    def end(self) -> None:
        """Send the server SIGTERM itself and wait until it has ended, in its own time. What it leaves behind stays."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL), and wait until it is gone."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.alive and self.pid:
            os.kill(self.pid, number)
        self._reap()

    def _reap(self) -> None:
        self._keeper.wait()
        if self._keeper.stdin:
            self._keeper.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Keeper:
    """What runs in the keeper process."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._signal: int = arguments.signal
        self._grace: float = arguments.grace
        self._remove: str | None = arguments.remove
        self._asked = False
        user: str | None = arguments.user
        with Path(arguments.log).open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - the owner's command
                arguments.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )

    def run(self) -> int:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_term)
        print(self._server.pid, flush=True)  # noqa: T201 - the protocol with KeptProcess
        threading.Thread(target=self._watch, daemon=True).start()
        status = self._server.wait()
        if self._asked and self._remove:
            shutil.rmtree(self._remove, ignore_errors=True)
        return status

    def _watch(self) -> None:
        while os.read(0, 1):
            pass
        self._stop()

    def _on_term(self, _signal: int, _frame: object) -> None:
        threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        self._asked = True
        self._server.send_signal(self._signal)
        try:
            self._server.wait(self._grace)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)


def _main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--signal", type=int, required=True)
    parser.add_argument("--grace", type=float, required=True)
    parser.add_argument("--user")
    parser.add_argument("--remove")
    parser.add_argument("command", nargs="+")
    return _Keeper(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(_main())
