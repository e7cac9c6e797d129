"""Commands that other installed packages add to `provisioner`: entry points of the group `provisioner.commands`, each a `typer.Typer`."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

GROUP = "provisioner.commands"


@cache
def extensions() -> Mapping[str, EntryPoint]:
    """By the command's name, sorted. Nothing of the packages is imported yet."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


@cache
def load(entry: EntryPoint, *, panel: str) -> TyperCommand | TyperGroup:
    """The command, listed in `panel` of the help. Imports its module."""
    command = get_command(cast("typer.Typer", entry.load()))
    if not isinstance(command, TyperCommand | TyperGroup):
        raise TypeError(f"the entry point {entry.value!r} is not a Typer command")
    command.name = entry.name
    command.rich_help_panel = panel
    return command
