"""Commands that other installed packages add to `provisioner`: entry points of the group `provisioner.commands`, each a `typer.Typer`."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

_GROUP = "provisioner.commands"


@cache
def extensions() -> Mapping[str, EntryPoint]:
    """By the command's name. Nothing of the packages is imported yet."""
    return {entry.name: entry for entry in entry_points(group=_GROUP)}


def extension(name: str, *, panel: str) -> TyperCommand | TyperGroup | None:
    """The command of this name, listed in `panel` of the help; None where no package adds it. Imports the package."""
    entry = extensions().get(name)
    if entry is None:
        return None
    command = get_command(cast("typer.Typer", entry.load()))
    if not isinstance(command, TyperCommand | TyperGroup):
        raise TypeError(f"the entry point {entry.value!r} is not a Typer command")
    command.name = name
    command.rich_help_panel = panel
    return command
