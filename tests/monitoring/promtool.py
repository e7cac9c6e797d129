"""Prometheus' own tool for rules: checks them, and runs tests of them."""

import re
import subprocess
from collections.abc import Mapping

from testbed.parts.debian import Program

_FAILED = re.compile(r"^    name: (\S+),\n(.*?)(?=^    name: |\Z)", re.DOTALL | re.MULTILINE)


class Promtool:
    """A command line of it at a time."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def wrong(self, *arguments: str) -> str:
        """What it reports as wrong; nothing where all is right."""
        done = subprocess.run(  # noqa: S603  our own command
            self._program.command(*arguments), capture_output=True, text=True, check=False, timeout=120
        )
        return "" if done.returncode == 0 else f"{done.stdout}\n{done.stderr}".strip()

    def failed(self, path: str) -> Mapping[str, str]:
        """The tests of this file that fail, by their names, with what was expected and what came. Raises AssertionError for a file that
        it cannot use."""
        wrong = self.wrong("test", "rules", path)
        failed = dict(_FAILED.findall(wrong))
        assert failed or not wrong, wrong
        return failed
