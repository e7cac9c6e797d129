"""The commands as Typer builds them, for tests that look at all of them."""

from collections.abc import Iterator
from typing import Any

import typer

from consumer.cli import app


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it, groups included; the first is `provisioner` itself, without words."""
    yield from _below((), typer.main.get_command(app))


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from _below((*words, name), command.get_command(None, name))
