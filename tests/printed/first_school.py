"""docs/first-school.md, and an office that follows it in three terminals."""

import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.printed.collected import ROOT, Block, blocks
from tests.printed.installation import Shell, answers, wait

IN_THE_CHECKOUT = ("make demo",)
"""Printed elsewhere, and run here as well: nowhere else is the checkout as it comes."""

_STAYS_UP = ("provisioner simulate vendors", "provisioner run")
_SEEN = {
    "provisioner simulate accounts": "maria.rossi@students.north-high.example",
    "provisioner simulate mails": "Initial password",
    "provisioner simulate outcomes": "account-provisioned",
}
"""What each look shows at last."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page's blocks."""

    blocks: tuple[Block, ...]

    @property
    def commands(self) -> list[str]:
        """All of its blocks, in order."""
        return [command for block in self.blocks for command in block.commands]


PAGE = Page(tuple(blocks((ROOT / "docs/first-school.md").read_text())))


@dataclass
class Terminal:
    """One terminal: what it has exported and where it is stay from one command to the next."""

    shell: Shell
    said: list[str] = field(default_factory=list[str])

    def enter(self, command: str) -> None:
        """Runs a command that ends; `cd` and `export` stay in effect."""
        state = self.shell.folder / ".terminal"
        self.said.append(self.shell.run(f"{command}\n_s=$?; pwd > '{state}'; export -p >> '{state}'; exit $_s"))
        folder, _, exported = state.read_text().partition("\n")
        state.unlink()
        self.shell.folder = Path(folder)
        values = subprocess.run(  # noqa: S603  our own words
            ["/bin/bash", "-c", f"{exported}\nenv -0"], env={}, capture_output=True, text=True, check=True
        )
        self.shell.environ = dict(line.split("=", 1) for line in values.stdout.split("\0") if "=" in line)


class Office:
    """Follows the page, with one terminal for each that it names."""

    def __init__(self, checkout: Path, home: Path, logs: Path) -> None:
        self._checkout = checkout
        self._home = home
        self._logs = logs
        self._terminals: dict[str, Terminal] = {}
        self._up: dict[str, ExitStack] = {}

    @property
    def folder(self) -> Path:
        """Where the page works."""
        return self._home / "first-school"

    def terminal(self, name: str) -> Terminal:
        """Opened in the folder of the checkout, where it is not yet."""
        if name not in self._terminals:
            shell = Shell(self._checkout, {"HOME": str(self._home)}, programs=Path("/usr/local/bin"))
            self._terminals[name] = Terminal(shell)
        return self._terminals[name]

    def follow(self, block: Block) -> None:
        """Enters the commands of a block."""
        name = block.info.partition(" ")[2]
        terminal = self.terminal(name)
        for command in block.commands:
            if command.startswith(_STAYS_UP):
                self._start(name, terminal, command)
            elif command in _SEEN:
                self._look(terminal, command)
            else:
                terminal.enter(command)

    def close(self) -> None:
        """Ctrl-C in every terminal, the last one first."""
        while self._up:
            self._up.popitem()[1].close()

    def kill(self) -> None:
        """The same, whatever they say."""
        with suppress(AssertionError):
            self.close()

    def service(self) -> Mapping[str, Any]:
        """What sim/service.yaml says."""
        found: Mapping[str, Any] = yaml.safe_load((self.folder / "sim/service.yaml").read_text())
        return found

    def _start(self, name: str, terminal: Terminal, command: str) -> None:
        if name in self._up:
            self._up.pop(name).close()
        stack = ExitStack()
        log = self._logs / f"{name or 'first'}.log"
        up = self._serves if "simulate" in command else self._ready
        stack.enter_context(terminal.shell.running(command, log=log, until=up))
        self._up[name] = stack

    def _serves(self) -> bool:
        return (self.folder / "sim/ready").exists()

    def _ready(self) -> bool:
        return answers(f"http://127.0.0.1:{self.service()['http']['port']}/readyz")

    def _look(self, terminal: Terminal, command: str) -> None:
        def shows() -> bool:
            terminal.enter(command)
            return _SEEN[command] in terminal.said[-1]

        wait(f"`{command}` shows {_SEEN[command]}", shows)
